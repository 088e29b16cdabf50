import type { X509Certificate } from 'node:crypto';

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
  /** Certificate id (64 hexadecimal digits). */
  readonly principalId: string;
  readonly sourceIp: string;
}

/** A device on one connection: what IoT policies are evaluated against. Opaque to the broker. */
export interface DeviceConnection {
  readonly clientId: string;
  /** Certificate id: lower-case hexadecimal SHA-256 of the DER certificate. */
  readonly certificateId: string;
  readonly sourceIp: string;
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
   * The certificate is registered and ACTIVE. A certificate PENDING_ACTIVATION, INACTIVE, REVOKED or unknown is not.
   * Possession of the key was proven by the TLS handshake.
   */
  isActive(certificate: X509Certificate): boolean;
  connection(certificate: X509Certificate, clientId: string, sourceIp: string): DeviceConnection;
  /**
   * Evaluated per message against the policies in force.
   * `resource` is the topic (Publish, RetainPublish, Receive), the topic filter (Subscribe) or the client id (Connect);
   * the directory builds the ARN. `features` belong to Connect; without them a plain connection is meant.
   */
  isAllowed(connection: DeviceConnection, action: IotAction, resource: string, features?: ConnectFeatures): boolean;
  /** Called when a certificate or policy change must end live connections (revocation, deletion). */
  onIdentityChange(listener: (certificateId: string) => void): void;
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
  disconnect(match: { certificateId?: string; clientId?: string }, reason: string): void;
  connectedClients(): readonly DeviceConnection[];
}

/**
 * A service that answers publishes to reserved topics (`$aws/certificates/create/json`).
 * Reserved topics without a handler disconnect the publisher, as AWS does.
 */
export interface ReservedTopicHandler {
  /** MQTT filter, such as `$aws/provisioning-templates/+/provision/+`. */
  readonly filter: string;
  handle(message: MqttMessage, connection: DeviceConnection): void | Promise<void>;
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
