import { uuid } from '../../core/entropy.ts';
import type { ConnectFeatures, ConnectionCredentials, DeviceConnection, PublisherIdentity } from '../../core/mqtt.ts';
import { type Client, type ConnectionEnd, HOLD } from '../client.ts';
import { boundKeepAlive, boundSessionExpiry } from '../limits.ts';
import { ProtocolViolation, protocolError, REASON, RETURN_CODE } from '../reason-codes.ts';
import type { Session } from '../session.ts';
import { isTopicName, withinTopicLimits } from '../topic.ts';
import { type WillRecord, willRecord } from '../will.ts';
import { type ConnectPacket, readConnect, type WillPacket } from '../wire/connect-packet.ts';
import { type ConnackProperties, connackAccepted, connackRefused } from '../wire/control-packets.ts';
import { PacketReader } from '../wire/packet-reader.ts';

/** Prefix of client ids that AWS makes: "$ is reserved for AWS IoT generated client IDs" (quotas page). */
const GENERATED_PREFIX = '$GEN/';

/** A CONNECT that is answered with a code and then closed [MQTT-3.2.2-5] (MQTT 5: [MQTT-3.2.2-7]). */
class Refusal extends Error {
  override readonly name = 'Refusal';
  /** Undefined where MQTT 3.1.1 has no code: the connection just ends. */
  readonly returnCode: number | undefined;
  readonly reasonCode: number;

  constructor(returnCode: number | undefined, reasonCode: number, message: string) {
    super(message);
    this.returnCode = returnCode;
    this.reasonCode = reasonCode;
  }
}

/** CONNECT (§3.1). Disconnecting the earlier client of the same id is the observer's part. */
export function handleConnect(client: Client, buffer: Buffer, start: number, end: number): void {
  try {
    // [MQTT-3.1.0-2]
    const { identify } = client;
    if (client.state !== undefined || identify === undefined) throw protocolError('a second CONNECT');
    client.identify = undefined;
    // A copy: who connects may take time to find out, and the frame is the reader's.
    const packet = readConnect(new PacketReader(Buffer.from(buffer.subarray(start, end)), 0, end - start));
    client.protocolVersion = packet.protocolVersion;
    const wish = examine(client, packet);
    const { core, sourceIp } = client;
    const credentials = identify(packet);
    core.activity?.attempted(wish.clientId);
    const authenticated = core.devices.authenticate(credentials, wish.clientId, sourceIp);
    if (authenticated instanceof Promise) acceptLater(client, wish, credentials, authenticated);
    else accept(client, wish, credentials, authenticated);
  } catch (error) {
    if (client.state !== undefined) throw error;
    refuse(client, error);
  }
}

/** INVARIANT: no packet is handled between CONNECT and the answer to it. */
function acceptLater(
  client: Client,
  wish: ConnectWish,
  credentials: ConnectionCredentials,
  authenticated: Promise<DeviceConnection | undefined>,
): void {
  client.hold(HOLD.authentication);
  const answer = (act: () => void): void => client.attempt(HOLD.authentication, act);
  authenticated.then(
    (connection) =>
      answer(() => {
        try {
          accept(client, wish, credentials, connection);
        } catch (error) {
          refuse(client, error);
        }
      }),
    (error: unknown) => answer(() => refuse(client, error)),
  );
}

/** A CONNECT that breaks no rule: what is left to know is who sent it. */
interface ConnectWish {
  readonly packet: ConnectPacket;
  readonly clientId: string;
  readonly will: (WillPacket & { readonly qos: 0 | 1 }) | undefined;
  readonly expirySeconds: number;
}

function examine(client: Client, packet: ConnectPacket): ConnectWish {
  const { protocolVersion, properties } = packet;
  if (properties.authenticationMethod !== undefined) {
    throw new Refusal(undefined, REASON.badAuthenticationMethod, 'enhanced authentication is not supported');
  }
  const clientId = clientIdOf(client, packet);
  const will = packet.will === undefined ? undefined : checkedWill(client, packet.will);
  const asked = protocolVersion === 4 ? (packet.cleanStart ? 0 : Infinity) : (properties.sessionExpiryInterval ?? 0);
  return { packet, clientId, will, expirySeconds: boundSessionExpiry(asked, client.core.limits) };
}

function accept(
  client: Client,
  wish: ConnectWish,
  credentials: ConnectionCredentials,
  connection: DeviceConnection | undefined,
): void {
  const { core } = client;
  const { limits, context } = core;
  const { packet, clientId, will, expirySeconds } = wish;
  const { protocolVersion, properties } = packet;
  if (connection === undefined) {
    core.activity?.refused(clientId, client.sourceIp);
    throw notAuthorized('not authorized to connect');
  }
  const publisher: PublisherIdentity = { clientId, principalId: connection.principalId, sourceIp: client.sourceIp };
  const record = will === undefined ? undefined : willRecord(will, publisher);
  authorize(client, connection, { persistent: expirySeconds > 0, willTopic: will?.topic }, record);

  // The earlier connection of the client id ends first, so that its events and its will come before [MQTT-3.1.4-3].
  client.observer.takeOver(clientId);
  const opened = core.sessions.open(
    clientId,
    connection.principalId,
    protocolVersion,
    packet.cleanStart,
    expirySeconds,
    record,
  );
  if (opened.present) core.wills.sessionResumed(opened.session);
  const keepAliveSeconds = boundKeepAlive(packet.keepAliveSeconds, limits);
  client.output.protocolVersion = protocolVersion;
  client.output.aliasMaximum = Math.min(properties.topicAliasMaximum, limits.topicAliases);
  const assigned = packet.clientId === '' ? clientId : undefined;
  client.output.push(
    connackAccepted(
      protocolVersion,
      opened.present,
      protocolVersion === 5 ? connackProperties(client, packet, expirySeconds, keepAliveSeconds, assigned) : {},
    ),
  );
  context.meter.count('mqtt.connections');
  client.establish({
    connection,
    session: opened.session,
    publisher,
    versionNumber: core.versions.connected(clientId),
    keepAliveSeconds,
    window: Math.min(properties.receiveMaximum, limits.outboundUnacknowledged),
    maximumPacketSize: properties.maximumPacketSize,
    will: record,
    activity: core.activity?.connected(connection),
    end: endOf(connection, credentials),
  });
  startDelivery(client, opened.session);
}

/** Reasons: API reference, `GetThingConnectivityData`, `disconnectReason`. */
function endOf(connection: DeviceConnection, credentials: ConnectionCredentials): ConnectionEnd | undefined {
  const signed = credentials.kind === 'aws' ? credentials.expiresAt : undefined;
  const at = Math.min(connection.endsAt ?? Infinity, signed ?? Infinity);
  if (at === Infinity) return undefined;
  return { at, reason: credentials.kind === 'custom' ? 'CUSTOMAUTH_TTL_EXPIRATION' : 'WEBSOCKET_TTL_EXPIRATION' };
}

function startDelivery(client: Client, session: Session): void {
  session.queue.attach(client);
  client.core.subscriptions.resumeGroups(session);
}

function clientIdOf(client: Client, packet: ConnectPacket): string {
  const { core } = client;
  if (packet.clientId === '') {
    // MQTT 3.1.1 [MQTT-3.1.3-8]; MQTT 5 assigns one in any case [MQTT-3.1.3-6]
    if (packet.protocolVersion === 4 && !packet.cleanStart) {
      throw new Refusal(RETURN_CODE.identifierRejected, REASON.clientIdentifierNotValid, 'no client id');
    }
    return GENERATED_PREFIX + uuid(core.context.entropy);
  }
  if (packet.clientId.startsWith('$') || Buffer.byteLength(packet.clientId) > core.limits.clientIdBytes) {
    throw new Refusal(RETURN_CODE.identifierRejected, REASON.clientIdentifierNotValid, 'the client id is not allowed');
  }
  return packet.clientId;
}

function checkedWill(client: Client, will: WillPacket): WillPacket & { readonly qos: 0 | 1 } {
  const { limits } = client.core;
  // [MQTT-3.2.2-12]
  if (will.qos === 2) throw new Refusal(undefined, REASON.qosNotSupported, 'will QoS 2 is not supported');
  if (!isTopicName(will.topic) || !withinTopicLimits(will.topic, limits)) {
    throw new Refusal(undefined, REASON.topicNameInvalid, 'the will topic is not accepted');
  }
  if (will.retain && will.topic.startsWith('$')) {
    throw new Refusal(undefined, REASON.topicNameInvalid, 'a reserved topic cannot be retained');
  }
  if (will.payload.length > limits.payloadBytes) {
    throw new Refusal(undefined, REASON.quotaExceeded, 'the will payload is too large');
  }
  return { ...will, qos: will.qos };
}

/** iot:Connect, and what publishing the will takes (developer guide, life-cycle-events.html, "Connect attempt failure"). */
function authorize(
  client: Client,
  connection: DeviceConnection,
  features: ConnectFeatures,
  will: WillRecord | undefined,
): void {
  const { core } = client;
  const connects = core.devices.isAllowed(connection, 'iot:Connect', connection.clientId, features);
  if (connects && (will === undefined || core.mayPublishWill(connection, will))) return;
  core.lifecycle.connectFailed(
    {
      clientId: connection.clientId,
      principalIdentifier: connection.principalId,
      sessionIdentifier: uuid(core.context.entropy),
    },
    client.sourceIp,
  );
  core.activity?.refused(connection.clientId, client.sourceIp, connection.principalId);
  throw notAuthorized(connects ? 'not authorized to publish the last will' : 'not authorized to connect');
}

function notAuthorized(message: string): Refusal {
  return new Refusal(RETURN_CODE.notAuthorizedOnAws, REASON.notAuthorized, message);
}

function refuse(client: Client, error: unknown): void {
  client.core.context.meter.count('mqtt.connectsRefused');
  const version = client.protocolVersion;
  if (error instanceof Refusal) {
    const code = version === 5 ? error.reasonCode : error.returnCode;
    if (code !== undefined) client.output.push(connackRefused(version, code, error.message));
    client.close(REASON.notAuthorized, 'AUTH_ERROR', error.message);
    return;
  }
  if (error instanceof ProtocolViolation && error.code === REASON.unsupportedProtocolVersion) {
    client.output.push(connackRefused(4, RETURN_CODE.unacceptableProtocolVersion, ''));
  }
  throw error;
}

/** What AWS IoT says of itself (developer guide, mqtt.html, "MQTT 5 properties"). */
function connackProperties(
  client: Client,
  packet: ConnectPacket,
  expirySeconds: number,
  keepAliveSeconds: number,
  assignedClientIdentifier: string | undefined,
): ConnackProperties {
  const { limits } = client.core;
  const asked = packet.properties.sessionExpiryInterval;
  return {
    ...(asked === undefined ? {} : { sessionExpiryInterval: expirySeconds }),
    ...(assignedClientIdentifier === undefined ? {} : { assignedClientIdentifier }),
    receiveMaximum: Math.min(limits.inboundUnacknowledged, 0xffff),
    maximumQoS: 1,
    retainAvailable: true,
    maximumPacketSize: limits.packetBytes,
    topicAliasMaximum: Math.min(limits.topicAliases, 0xffff),
    wildcardSubscriptionAvailable: true,
    subscriptionIdentifiersAvailable: false,
    sharedSubscriptionAvailable: true,
    serverKeepAlive: keepAliveSeconds,
  };
}
