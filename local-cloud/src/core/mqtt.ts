import type { X509Certificate } from 'node:crypto';
import type { Principal } from './iam/principal.ts';

/** Ports between the broker, the IoT registry and the rules engine. */

export interface MqttUserProperties {
  readonly [name: string]: string | readonly string[];
}

/** MQTT 5 properties that travel with a message (MQTT 5 §3.3.2.3). */
export interface MessageProperties {
  readonly payloadFormatIndicator?: boolean;
  /** seconds */
  readonly messageExpiryInterval?: number;
  readonly contentType?: string;
  readonly responseTopic?: string;
  readonly correlationData?: Buffer;
  readonly userProperties?: MqttUserProperties;
}

export interface MqttMessage {
  readonly topic: string;
  readonly payload: Buffer;
  readonly qos: 0 | 1;
  readonly retain: boolean;
  readonly properties?: MessageProperties;
  /** ms since the epoch at which the broker received it */
  readonly receivedAt: number;
  /** Undefined for messages that a service publishes. */
  readonly publisher?: PublisherIdentity;
}

export interface PublisherIdentity {
  readonly clientId: string;
  /** As `principalId` of its connection. */
  readonly principalId: string;
  readonly sourceIp: string;
}

/** A device on one connection: what IoT policies are evaluated against. Opaque to the broker. */
export interface DeviceConnection {
  readonly clientId: string;
  /**
   * What events and rules call the connection's identity: the certificate id, the user id of an AWS principal, or the
   * `principalId` that a custom authorizer's function gave.
   */
  readonly principalId: string;
  /** Certificate id: lower-case hexadecimal SHA-256 of the DER certificate. Undefined for other identities. */
  readonly certificateId?: string;
  readonly sourceIp: string;
  /** Server name that the client asked for (SNI), `iot:DomainName` of policies. */
  readonly serverName?: string;
  /** ms since the epoch at which the connection ends by itself, as custom authorizers and session tokens demand. */
  readonly endsAt?: number;
}

/** What a client shows to prove who it is (developer guide, `protocols`, "Client authentication"). */
export type ConnectionCredentials =
  /** Possession of its key was proven by the TLS handshake. */
  | { readonly kind: 'certificate'; readonly certificate: X509Certificate; readonly serverName?: string }
  /** A signature that was verified, of a WebSocket upgrade or an HTTPS request. */
  | { readonly kind: 'aws'; readonly principal: Principal; readonly expiresAt?: number }
  | { readonly kind: 'custom'; readonly request: CustomAuthenticationRequest };

/** What a custom authorizer gets to see (developer guide, `config-custom-auth`, `custom-auth-lambda`). */
export interface CustomAuthenticationRequest {
  /** Undefined: the account's default authorizer. */
  readonly authorizerName?: string;
  readonly token?: string;
  /** Base64 */
  readonly signature?: string;
  readonly protocols: readonly ('tls' | 'http' | 'mqtt')[];
  readonly serverName?: string;
  readonly http?: { readonly headers: Readonly<Record<string, string>>; readonly queryString: string };
  readonly mqtt?: { readonly username?: string; readonly password?: Buffer; readonly clientId: string };
  /**
   * The persistent HTTP connection of the request: the same object for all of its requests. Results of authorizers with
   * `enableCachingForHttp` are kept for it.
   */
  readonly httpConnection?: object;
}

/**
 * What a CONNECT asks for beyond a plain clean connection, seen by policies as `iot:ConnectAttributes` and
 * `iot:LastWillTopic` (developer guide, `mqtt`, "Using connectAttributes", and `connect-policy`).
 */
export interface ConnectFeatures {
  /** Clean session off (MQTT 3.1.1), or a session that outlives the connection (MQTT 5). */
  readonly persistent: boolean;
  readonly willTopic?: string | undefined;
}

export type IotAction = 'iot:Connect' | 'iot:Publish' | 'iot:RetainPublish' | 'iot:Subscribe' | 'iot:Receive';

/** Provided by services/iot, asked by the broker. */
export interface DeviceDirectory {
  /**
   * At the TLS handshake: whether a client with this certificate may go on. One that is registered and ACTIVE may; one
   * PENDING_ACTIVATION, INACTIVE, REVOKED or unknown may not, though an unknown one of a registered CA is registered by it.
   * `chain` is what the client sent, its own certificate first.
   */
  admit(
    chain: readonly [X509Certificate, ...X509Certificate[]],
    serverName: string | undefined,
  ): boolean | Promise<boolean>;
  /** At CONNECT or at an HTTPS request: undefined when the credentials are not, or no longer, good. */
  authenticate(
    credentials: ConnectionCredentials,
    clientId: string,
    sourceIp: string,
  ): DeviceConnection | undefined | Promise<DeviceConnection | undefined>;
  /**
   * Evaluated per message against the policies in force.
   * `resource` is the topic (Publish, RetainPublish, Receive), the topic filter (Subscribe) or the client id (Connect);
   * the directory builds the ARN. `features` belong to Connect; without them a plain connection is meant.
   */
  isAllowed(connection: DeviceConnection, action: IotAction, resource: string, features?: ConnectFeatures): boolean;
  /**
   * Evaluates the connection's policies for an operation of a data plane over HTTPS
   * (`iot:GetThingShadow`, `iotjobsdata:DescribeJobExecution`).
   */
  mayCall(connection: DeviceConnection, action: string, resourceArn: string): boolean;
  /** Name of the thing that the connection stands for, if any (developer guide, `thing-policy-variables`). */
  thingOf?(connection: DeviceConnection): string | undefined;
  /** Called when a certificate or policy change must end live connections (revocation, deletion). */
  onIdentityChange(listener: (principalId: string) => void): void;
}

/** Provided by the broker. */
export interface MessageBroker {
  /** Delivers to subscribers, retains if asked, and hands it to the rules engine. Used by rule republish and services. */
  publish(message: MqttMessage): Promise<void>;
  /**
   * Delivers to one client only, whether or not it subscribed, as AWS does for provisioning and jobs replies.
   * The reply is dropped when the client is gone.
   */
  reply(clientId: string, topic: string, payload: Buffer): void;
  /** Ends live connections of a certificate. */
  disconnect(match: { principalId?: string; clientId?: string }, reason: string): void;
  connectedClients(): readonly DeviceConnection[];
  /** Called for each client that comes or goes, in order, when its event is published. */
  onPresence(listener: (change: PresenceChange) => void): void;
}

export interface PresenceChange {
  readonly clientId: string;
  readonly connected: boolean;
  /** ms since the epoch */
  readonly at: number;
  /** Of a disconnect, AWS's lifecycle reason. */
  readonly reason?: string;
  /** `versionNumber` of the lifecycle event. */
  readonly version?: number;
}

/** What one device does on its connection, told as it happens: on the way of every message, so it must cost nothing. */
export interface ConnectionActivity {
  /** The device published; refused publishes are told as {@link denied}. */
  sent(topic: string, bytes: number, retain?: boolean): void;
  received(topic: string): void;
  subscribed?(filter: string): void;
  /** A publish or subscription was not authorized. */
  denied(topic: string, action?: 'publish' | 'subscribe'): void;
}

/** Provided by whoever watches devices, called by the broker; absent where nobody does. */
export interface DeviceActivity {
  /** A CONNECT that is well-formed, whether or not it will be accepted. */
  attempted(clientId: string): void;
  /** A CONNECT was not authorized. */
  refused(clientId: string, sourceIp?: string, principalId?: string): void;
  connected(connection: DeviceConnection): ConnectionActivity;
  /** `reason` is AWS's lifecycle reason. */
  disconnected(connection: DeviceConnection, reason: string): void;
}

/**
 * A service that answers publishes to reserved topics (`$aws/certificates/create/json`).
 * Reserved topics without a handler disconnect the publisher, as AWS does.
 */
export interface ReservedTopicHandler {
  /** MQTT filter, such as `$aws/provisioning-templates/+/provision/+`. */
  readonly filter: string;
  /**
   * Subscribers and rules get the request too, before it is handled: topics whose client operations are "Publish/Subscribe"
   * (developer guide, `reserved-topics`).
   */
  readonly alsoRouted?: boolean;
  handle(message: MqttMessage, connection: DeviceConnection): void | Promise<void>;
  /**
   * A request that no device connection made: a rule's republish, or `Publish` of the HTTP API. Absent where the answer
   * can only go to a connection; the publish is then refused.
   */
  handleService?(message: MqttMessage): void | Promise<void>;
}

export interface ReservedTopics {
  register(handler: ReservedTopicHandler): void;
  find(topic: string): ReservedTopicHandler | undefined;
}

/** Provided by the rules engine, called by the broker for each accepted publish that is not on a handled reserved topic. */
export interface RuleIngress {
  /**
   * Hands over a message, Basic Ingest or ordinary. Resolves when every matching rule's work is on disk
   * (at once for QoS 0 or when nothing matches); a PUBACK waits for it. Never rejects because an action failed.
   */
  accept(message: MqttMessage): Promise<void>;
}
