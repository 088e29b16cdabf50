import type { Clock } from '../core/clock.ts';
import type { RetainedMessage, RetainedMessageDirectory } from '../core/retained-messages.ts';
import type { DurableLog, Store } from '../core/store.ts';
import { BrokerMessage } from './message.ts';
import { decodeRecord, encodeRecord } from './message-log.ts';

interface Retained {
  readonly message: BrokerMessage;
  readonly logId: number;
}

/**
 * The last retained message of each topic (developer guide, mqtt.html, "MQTT retained messages").
 *
 * INVARIANT: a newer record of a topic is written before the older one is removed, so that one of them is always there.
 */
export class RetainedMessages {
  readonly #log: DurableLog;
  readonly #clock: Clock;
  readonly #byTopic = new Map<string, Retained>();

  constructor(store: Store, clock: Clock) {
    this.#log = store.log('broker/retained');
    this.#clock = clock;
  }

  restore(): void {
    for (const [logId, record] of this.#log.entries()) {
      const { message } = decodeRecord(record).delivery;
      if (message === undefined) continue;
      const earlier = this.#byTopic.get(message.topic);
      if (earlier !== undefined) this.#log.remove(earlier.logId);
      this.#byTopic.set(message.topic, { message, logId });
    }
  }

  /** Keeps the message, or removes its topic's when the payload is empty. */
  put(message: BrokerMessage): void {
    const earlier = this.#byTopic.get(message.topic);
    if (message.payload.length === 0) this.#byTopic.delete(message.topic);
    else {
      const own = detached(message);
      const logId = this.#log.append(encodeRecord('', own, own));
      this.#byTopic.set(own.topic, { message: own, logId });
    }
    if (earlier !== undefined) this.#log.remove(earlier.logId);
  }

  get(topic: string): BrokerMessage | undefined {
    const retained = this.#byTopic.get(topic);
    if (retained === undefined) return undefined;
    if (retained.message.expiresAt > this.#clock.now()) return retained.message;
    this.#byTopic.delete(topic);
    this.#log.remove(retained.logId);
    return undefined;
  }

  *all(): Iterable<BrokerMessage> {
    for (const topic of [...this.#byTopic.keys()]) {
      const message = this.get(topic);
      if (message !== undefined) yield message;
    }
  }
}

/** Retained messages as other services read them. `messages` is asked for at each call: the broker may not be up yet. */
export function retainedMessageDirectory(messages: () => RetainedMessages): RetainedMessageDirectory {
  return {
    get(topic) {
      const message = messages().get(topic);
      return message === undefined ? undefined : described(message);
    },
    *all() {
      for (const message of messages().all()) yield described(message);
    },
  };
}

function described(message: BrokerMessage): RetainedMessage {
  const { topic, payload, qos, receivedAt, properties } = message;
  return { topic, payload, qos, storedAt: receivedAt, userProperties: properties?.userProperties };
}

/** The same message with bytes of its own: a received one is a view into a larger buffer. */
function detached(message: BrokerMessage): BrokerMessage {
  const { expiresAt, receivedAt, forwarded } = message;
  return new BrokerMessage({
    topic: message.topic,
    topicBytes: Buffer.from(message.topicBytes),
    payload: Buffer.from(message.payload),
    qos: message.qos,
    retain: message.retain,
    receivedAt,
    expirySeconds: expiresAt === Infinity ? undefined : (expiresAt - receivedAt) / 1000,
    forwarded: forwarded === undefined ? undefined : Buffer.from(forwarded),
    publisher: message.publisher,
  });
}
