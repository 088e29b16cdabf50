/**
 * Limits of the message broker. Every number of AWS's is from "AWS IoT Core endpoints and quotas" (General Reference),
 * tables "message broker limits" and "protocol limits", unless another source is named. A limit can be relaxed
 * (`Infinity`) through the options of the plugin.
 */
export interface BrokerLimits {
  /** Seconds. A longer keep-alive, or zero, becomes this one. */
  readonly maximumKeepAliveSeconds: number;
  /** Seconds. A shorter keep-alive becomes this one. */
  readonly minimumKeepAliveSeconds: number;
  readonly filtersPerSubscribe: number;
  readonly subscriptionsPerConnection: number;
  /** Bytes of UTF-8, without the Basic Ingest prefix. */
  readonly topicBytes: number;
  /** Forward slashes in a topic or filter, without those of the Basic Ingest and `$share` prefixes. */
  readonly topicSlashes: number;
  readonly payloadBytes: number;
  /** Largest MQTT packet taken, fixed header included. */
  readonly packetBytes: number;
  readonly clientIdBytes: number;
  /** Per connection and direction. */
  readonly publishesPerSecond: number;
  /** Per connection and direction. Excess is delayed. */
  readonly bytesPerSecond: number;
  readonly inboundUnacknowledged: number;
  readonly outboundUnacknowledged: number;
  /** ms between two deliveries of an unacknowledged QoS 1 message on one MQTT 3.1.1 connection. */
  readonly retryIntervalMs: number;
  /** ms after which an unacknowledged QoS 1 message is dropped. */
  readonly retryForMs: number;
  /** Seconds. Longest session expiry, and the one of MQTT 3.1.1 persistent sessions. */
  readonly persistentSessionSeconds: number;
  /** Stored messages sent after a reconnect. */
  readonly storedMessagesPerSecond: number;
  /** Stored messages of a shared subscription, per active subscriber. */
  readonly sharedStoredMessagesPerSecond: number;
  /** Topic aliases each way on one connection. */
  readonly topicAliases: number;
  /** Stored messages of one session or shared subscription group; newer ones are dropped. */
  readonly storedMessagesPerQueue: number;
  /** ms from the TCP connection to a whole CONNECT. */
  readonly connectTimeoutMs: number;
  /** Bytes waiting in one socket, above which nothing more is written to it and nothing read from it. */
  readonly outboundBufferBytes: number;
  /** Messages waiting in memory for one subscriber. */
  readonly waitingMessages: number;
  /** Bytes waiting in memory for one subscriber. */
  readonly waitingBytes: number;
  /** Bytes of QoS 1 publishes handed over but not yet acknowledged, of all connections, above which reading stops. */
  readonly ingressBytes: number;
  /** ms until a revoked or deleted certificate loses its live connections. */
  readonly identityChangeDelayMs: number;
}

/** "Connection inactivity (keep-alive interval)": 30 to 1200 s; 1200 s is the default. */
export const MAXIMUM_KEEP_ALIVE_SECONDS = 1200;
export const MINIMUM_KEEP_ALIVE_SECONDS = 30;
/** A client is dropped at this multiple of its keep-alive, as [MQTT-3.1.2-24] demands. */
export const KEEP_ALIVE_FACTOR = 1.5;
/** "Maximum subscriptions per subscribe request". */
export const FILTERS_PER_SUBSCRIBE = 8;
export const SUBSCRIPTIONS_PER_CONNECTION = 50;
export const TOPIC_BYTES = 256;
/** "Maximum number of slashes in topic and topic filter". */
export const TOPIC_SLASHES = 7;
/** "Message size": 128 KB. */
export const PAYLOAD_BYTES = 128 * 1024;
/** Maximum Packet Size in the CONNACK of AWS IoT Core: room for a full payload with topic and properties. */
export const PACKET_BYTES = 149_504;
export const CLIENT_ID_BYTES = 128;
/** Developer guide, mqtt.html, "Shared subscriptions". */
export const SHARE_NAME_CHARACTERS = 128;
export const PUBLISHES_PER_SECOND = 100;
export const BYTES_PER_SECOND = 512 * 1024;
export const INBOUND_UNACKNOWLEDGED = 100;
export const OUTBOUND_UNACKNOWLEDGED = 100;
/** "Maximum retry interval for delivering QoS 1 messages". */
export const RETRY_FOR_MS = 3_600_000;
/** "Persistent session expiry period". */
export const PERSISTENT_SESSION_SECONDS = 3600;
/** Developer guide, mqtt.html, "MQTT 5 properties": the longest that an account can be given. */
export const LONGEST_SESSION_SECONDS = 604_800;
/** Developer guide, mqtt.html, "Message traffic after reconnection to a persistent session". */
export const STORED_MESSAGES_PER_SECOND = 10;
/** Developer guide, mqtt.html, "Shared subscriptions message queuing". */
export const SHARED_STORED_MESSAGES_PER_SECOND = 20;
/** Developer guide, mqtt.html, "Topic aliases". */
export const TOPIC_ALIASES = 8;
/** Developer guide, mqtt.html, "Message expiry": values outside are adjusted to these, in seconds. */
export const MINIMUM_MESSAGE_EXPIRY_SECONDS = 1;
export const MAXIMUM_MESSAGE_EXPIRY_SECONDS = 604_800;

export const AWS_LIMITS: BrokerLimits = {
  maximumKeepAliveSeconds: MAXIMUM_KEEP_ALIVE_SECONDS,
  minimumKeepAliveSeconds: MINIMUM_KEEP_ALIVE_SECONDS,
  filtersPerSubscribe: FILTERS_PER_SUBSCRIBE,
  subscriptionsPerConnection: SUBSCRIPTIONS_PER_CONNECTION,
  topicBytes: TOPIC_BYTES,
  topicSlashes: TOPIC_SLASHES,
  payloadBytes: PAYLOAD_BYTES,
  packetBytes: PACKET_BYTES,
  clientIdBytes: CLIENT_ID_BYTES,
  publishesPerSecond: PUBLISHES_PER_SECOND,
  bytesPerSecond: BYTES_PER_SECOND,
  inboundUnacknowledged: INBOUND_UNACKNOWLEDGED,
  outboundUnacknowledged: OUTBOUND_UNACKNOWLEDGED,
  retryForMs: RETRY_FOR_MS,
  persistentSessionSeconds: PERSISTENT_SESSION_SECONDS,
  storedMessagesPerSecond: STORED_MESSAGES_PER_SECOND,
  sharedStoredMessagesPerSecond: SHARED_STORED_MESSAGES_PER_SECOND,
  topicAliases: TOPIC_ALIASES,
  // AWS publishes no number for the following; these are ours.
  retryIntervalMs: 20_000,
  storedMessagesPerQueue: 10_000,
  connectTimeoutMs: 30_000,
  outboundBufferBytes: 256 * 1024,
  waitingMessages: 1_000,
  waitingBytes: 4 * 1024 * 1024,
  ingressBytes: 64 * 1024 * 1024,
  identityChangeDelayMs: 0,
};

/** Seconds of keep-alive that a client gets for those it asked for; zero asks for the default, which is the maximum. */
export function boundKeepAlive(asked: number, limits: BrokerLimits): number {
  const maximum = Math.min(limits.maximumKeepAliveSeconds, 0xffff);
  return asked === 0 ? maximum : Math.min(maximum, Math.max(limits.minimumKeepAliveSeconds, asked));
}

/** Seconds that a session outlives its connection, for those asked for. */
export function boundSessionExpiry(asked: number, limits: BrokerLimits): number {
  return Math.min(asked, limits.persistentSessionSeconds, LONGEST_SESSION_SECONDS);
}
