import type { BrokerMessage } from './message.ts';
import { OutboundQueue, type QueueSetting, type Stored } from './outbound-queue.ts';
import type { ProtocolVersion } from './wire/connect-packet.ts';

export interface SubscriptionOptions {
  readonly qos: 0 | 1;
  readonly noLocal: boolean;
  readonly retainAsPublished: boolean;
}

/** What subscription routing leads to: a session's subscription or a shared group. */
export interface RouteTarget {
  /** Sessions with overlapping filters get one copy of a message, with the highest QoS [MQTT-3.3.5-1]. */
  readonly session: Session | undefined;
  readonly options: SubscriptionOptions;
  /** `publisher` is the client id of who published, undefined for services. */
  offer(message: BrokerMessage, publisher: string | undefined): Stored;
}

export class Subscription implements RouteTarget {
  readonly session: Session;
  readonly options: SubscriptionOptions;

  constructor(session: Session, options: SubscriptionOptions) {
    this.session = session;
    this.options = options;
  }

  offer(message: BrokerMessage, publisher: string | undefined): Stored {
    const { options, session } = this;
    // [MQTT-3.8.3-3]
    if (options.noLocal && publisher === session.clientId) return false;
    // Messages for an existing subscription come without RETAIN (developer guide, mqtt.html, "Subscribing to a
    // retained message topic"), unless an MQTT 5 client asks for the publisher's flag [MQTT-3.3.1-12], [MQTT-3.3.1-13].
    const retain = message.retain && options.retainAsPublished;
    return session.queue.offer(message, message.qos === 0 ? 0 : options.qos, retain);
  }
}

/** State of one client that may outlive its connection (MQTT 5 §4.1). */
export class Session {
  readonly clientId: string;
  /** Tells this session's records from those of an earlier session of the same client. */
  readonly incarnation: string;
  /** Identifier that presence events carry. */
  readonly identifier: string;
  readonly protocolVersion: ProtocolVersion;
  /** Full filters, `$share` prefix included. */
  readonly subscriptions = new Map<string, SubscriptionOptions>();
  readonly queue: OutboundQueue;
  /** Certificate id of its connection. */
  principalId = '';
  #expirySeconds: number;

  constructor(fields: {
    clientId: string;
    incarnation: string;
    identifier: string;
    protocolVersion: ProtocolVersion;
    expirySeconds: number;
    setting: QueueSetting;
  }) {
    this.clientId = fields.clientId;
    this.incarnation = fields.incarnation;
    this.identifier = fields.identifier;
    this.protocolVersion = fields.protocolVersion;
    this.#expirySeconds = fields.expirySeconds;
    this.queue = new OutboundQueue(sessionOwner(fields.incarnation), fields.expirySeconds > 0, fields.setting);
  }

  /** Seconds that the session outlives its connection. */
  get expirySeconds(): number {
    return this.#expirySeconds;
  }

  set expirySeconds(seconds: number) {
    this.#expirySeconds = seconds;
    this.queue.persistent = seconds > 0;
  }

  get persistent(): boolean {
    return this.#expirySeconds > 0;
  }
}

/** Owner of a session's records in the message log. */
export function sessionOwner(incarnation: string): string {
  return `session:${incarnation}`;
}
