import { AwsError, NotImplementedError } from '../core/errors.ts';
import type { DeviceConnection, MessageBroker, MqttMessage } from '../core/mqtt.ts';
import type { BrokerCore } from './broker-core.ts';
import { Client, type ClientObserver, type Established } from './client.ts';
import { ClientDirectory } from './client-directory.ts';
import type { Identify } from './credentials.ts';
import { handlePacket } from './dispatch.ts';
import { BrokerMessage, toBrokerMessage } from './message.ts';
import { subjectOf } from './packets/subscribe.ts';
import { type DisconnectReason, REASON } from './reason-codes.ts';
import type { RetainedMessages } from './retained-messages.ts';
import type { Transport } from './transport.ts';

/** The live connections, and the broker as other services see it. */
export class Broker implements Omit<MessageBroker, 'onPresence'>, ClientObserver {
  readonly #core: BrokerCore;
  /** Connections before their CONNECT too. */
  readonly #all = new Set<Client>();
  readonly #byClientId = new Map<string, Client>();
  #stopping = false;

  readonly directory: ClientDirectory;

  constructor(core: BrokerCore) {
    this.#core = core;
    this.directory = new ClientDirectory(core, this.#byClientId);
  }

  get retained(): RetainedMessages {
    return this.#core.retained;
  }

  /** Takes a new connection; undefined while the broker stops. */
  connect(transport: Transport, identify: Identify): Client | undefined {
    if (this.#stopping) {
      transport.destroy();
      return undefined;
    }
    const client = new Client(this.#core, transport, identify, handlePacket, this);
    this.#all.add(client);
    return client;
  }

  /**
   * @throws AwsError `InvalidRequestException` for a topic that cannot be published to
   * @throws NotImplementedError for a request that only a device connection can make, such as provisioning
   */
  async publish(message: MqttMessage): Promise<void> {
    const { clock } = this.#core.context;
    const info = this.#core.topics.fromName(message.topic);
    if (!info.wellFormed || !info.acceptable) {
      throw new AwsError('InvalidRequestException', `The topic name '${message.topic}' is not valid`, 400);
    }
    const received = message.receivedAt > 0 ? message : { ...message, receivedAt: clock.now() };
    if (info.kind === 'reserved' && this.#core.reserved.isRequest(message.topic)) {
      const handler = this.#core.reserved.find(message.topic);
      if (handler?.handleService === undefined) {
        throw new NotImplementedError(`publishing to the reserved topic ${message.topic} without a device connection`);
      }
      const routed = handler.alsoRouted === true ? this.#core.publish(toBrokerMessage(received)) : undefined;
      await Promise.all([routed, handler.handleService(received)]);
      return;
    }
    await this.#core.publish(toBrokerMessage(received));
  }

  /** With the QoS of the client's subscription to the topic, if it has one. */
  reply(clientId: string, topic: string, payload: Buffer): void {
    const client = this.#byClientId.get(clientId);
    if (client?.state === undefined) return;
    const { session } = client.state;
    const info = this.#core.topics.fromName(topic);
    const subscribed = this.#core.topics.targets(info).find((target) => target.session === session);
    const message = new BrokerMessage({
      topic,
      topicBytes: info.bytes,
      payload,
      qos: 1,
      retain: false,
      receivedAt: this.#core.context.clock.now(),
    });
    session.queue.offer(message, subscribed?.options.qos ?? 0, false);
  }

  /** `reason` is AWS's lifecycle reason; any other text counts as `SERVER_INITIATED_DISCONNECT`. */
  disconnect(match: { principalId?: string; clientId?: string }, reason: string): void {
    for (const client of [...this.#byClientId.values()]) {
      const connection = client.state?.connection;
      if (connection === undefined) continue;
      if (match.principalId === undefined && match.clientId === undefined) continue;
      if (match.principalId !== undefined && match.principalId !== connection.principalId) continue;
      if (match.clientId !== undefined && match.clientId !== connection.clientId) continue;
      client.close(REASON.administrativeAction, lifecycleReason(reason), reason);
    }
  }

  connectedClients(): readonly DeviceConnection[] {
    const connections: DeviceConnection[] = [];
    for (const { state } of this.#byClientId.values()) if (state !== undefined) connections.push(state.connection);
    return connections;
  }

  /** A certificate was revoked, deleted or lost its policy: its connections end after the configured delay. */
  identityChanged(principalId: string): void {
    const { limits, context } = this.#core;
    const end = (): void => {
      for (const client of [...this.#byClientId.values()]) {
        if (client.state?.connection.principalId !== principalId) continue;
        client.close(REASON.notAuthorized, 'FORBIDDEN_ACCESS', 'the identity of the client has changed');
      }
    };
    if (limits.identityChangeDelayMs === 0) end();
    else context.clock.after(limits.identityChangeDelayMs, end);
  }

  takeOver(clientId: string): void {
    this.#byClientId.get(clientId)?.close(REASON.sessionTakenOver, 'DUPLICATE_CLIENTID', 'session taken over');
  }

  established(client: Client, state: Established): void {
    this.#byClientId.set(state.connection.clientId, client);
    this.directory.established(state);
    this.#core.lifecycle.connected(subjectOf(state), client.sourceIp, state.versionNumber);
  }

  ended(client: Client, reason: DisconnectReason, withWill: boolean): void {
    this.#all.delete(client);
    const { state } = client;
    if (state === undefined) return;
    const { session, will, connection, versionNumber } = state;
    const core = this.#core;
    if (this.#byClientId.get(connection.clientId) === client) this.#byClientId.delete(connection.clientId);
    this.directory.ended(state, reason);
    const due = withWill ? will : undefined;
    const delayed = due !== undefined && due.delaySeconds > 0 && session.persistent;
    core.activity?.disconnected(connection, reason);
    core.versions.disconnected(connection.clientId, versionNumber, session.expirySeconds);
    core.lifecycle.disconnected(subjectOf(state), reason, reason === 'CLIENT_INITIATED_DISCONNECT', versionNumber);
    core.sessions.disconnected(session, delayed ? due : undefined);
    if (due !== undefined) core.wills.connectionLost(session, due, connection);
  }

  /** What an earlier run of the broker left undone: events and wills of the connections it lost. */
  takeUp(): void {
    const core = this.#core;
    const now = core.context.clock.now();
    core.retained.restore();
    for (const { session, wasConnected, disconnectedAt, will } of core.sessions.restore(core.messageLog)) {
      const version = core.versions.current(session.clientId);
      if (wasConnected) {
        core.versions.disconnected(session.clientId, version, session.expirySeconds);
        const subject = {
          clientId: session.clientId,
          principalIdentifier: session.principalId,
          sessionIdentifier: session.identifier,
        };
        core.lifecycle.disconnected(subject, 'SERVER_ERROR', false, version);
      }
      if (will !== undefined) core.wills.connectionLost(session, will, undefined, now - disconnectedAt);
    }
  }

  /** Ends all connections, as a server that shuts down. Resolves when what they left is on disk. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const client of [...this.#all]) {
      client.close(REASON.serverShuttingDown, 'SERVER_INITIATED_DISCONNECT', 'server shutting down');
    }
    this.#core.wills.stop();
    this.#core.sessions.stop();
    this.#core.versions.stop();
    await this.#core.settled();
  }
}

const LIFECYCLE_REASONS: readonly string[] = [
  'AUTH_ERROR',
  'CLIENT_ERROR',
  'FORBIDDEN_ACCESS',
  'SERVER_ERROR',
  'SERVER_INITIATED_DISCONNECT',
  'API_INITIATED_DISCONNECT',
  'THROTTLED',
] satisfies DisconnectReason[];

function lifecycleReason(reason: string): DisconnectReason {
  return LIFECYCLE_REASONS.includes(reason) ? (reason as DisconnectReason) : 'SERVER_INITIATED_DISCONNECT';
}
