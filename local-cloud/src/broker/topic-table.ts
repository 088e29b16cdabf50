import { isUtf8 } from 'node:buffer';
import type { ReservedTopicHandler } from '../core/mqtt.ts';
import type { BrokerLimits } from './limits.ts';
import { malformed } from './reason-codes.ts';
import type { ReservedTopicRegistry } from './reserved-topics.ts';
import type { RouteTarget } from './session.ts';
import type { Subscriptions } from './subscriptions.ts';
import { basicIngestRule, isTopicName, type TopicKind, topicKind, withinTopicLimits } from './topic.ts';

/** What the broker has found out about one topic name. */
export interface TopicInfo {
  readonly topic: string;
  readonly bytes: Buffer;
  readonly kind: TopicKind;
  /** Free of wildcards and not empty. */
  readonly wellFormed: boolean;
  /** Within AWS's limits and, for Basic Ingest, with the name of a rule. */
  readonly acceptable: boolean;
  targets: readonly RouteTarget[];
  targetsGeneration: number;
  handler: ReservedTopicHandler | undefined;
  handlerGeneration: number;
}

/** Topics kept; beyond it the table starts anew, so that a client cannot fill memory with names. */
const MAXIMUM_TOPICS = 20_000;

/**
 * Remembers validated topic names, who they are for and who handles them, so that a device that publishes to the same
 * topic again costs one look-up.
 */
export class TopicTable {
  readonly #limits: BrokerLimits;
  readonly #subscriptions: Subscriptions;
  readonly #reserved: ReservedTopicRegistry;
  readonly #byName = new Map<string, TopicInfo>();

  constructor(limits: BrokerLimits, subscriptions: Subscriptions, reserved: ReservedTopicRegistry) {
    this.#limits = limits;
    this.#subscriptions = subscriptions;
    this.#reserved = reserved;
  }

  /** Topic name in `buffer[start, end)`. @throws ProtocolViolation for ill-formed UTF-8 [MQTT-1.5.4-1], [MQTT-1.5.4-2] */
  fromBytes(buffer: Buffer, start: number, end: number): TopicInfo {
    const topic = buffer.toString('utf8', start, end);
    const known = this.#byName.get(topic);
    // Ill-formed bytes decode to U+FFFD, which a well-formed name may also hold.
    if (known !== undefined && !topic.includes('\ufffd')) return known;
    const bytes = Buffer.from(buffer.subarray(start, end));
    if (!isUtf8(bytes) || bytes.includes(0)) throw malformed('the topic name is not well-formed UTF-8');
    return this.#remember(topic, bytes);
  }

  fromName(topic: string): TopicInfo {
    return this.#byName.get(topic) ?? this.#remember(topic, Buffer.from(topic, 'utf8'));
  }

  /** For a topic that is seldom published to, as that of a client's presence: it is not remembered. */
  once(topic: string, bytes: Buffer): TopicInfo {
    return this.#byName.get(topic) ?? this.#describe(topic, bytes);
  }

  targets(info: TopicInfo): readonly RouteTarget[] {
    const { generation } = this.#subscriptions;
    if (info.targetsGeneration !== generation) {
      info.targets = this.#subscriptions.targets(info.topic);
      info.targetsGeneration = generation;
    }
    return info.targets;
  }

  handler(info: TopicInfo): ReservedTopicHandler | undefined {
    const { generation } = this.#reserved;
    if (info.handlerGeneration !== generation) {
      info.handler = this.#reserved.find(info.topic);
      info.handlerGeneration = generation;
    }
    return info.handler;
  }

  #remember(topic: string, bytes: Buffer): TopicInfo {
    if (this.#byName.size >= MAXIMUM_TOPICS) this.#byName.clear();
    const info = this.#describe(topic, bytes);
    this.#byName.set(topic, info);
    return info;
  }

  #describe(topic: string, bytes: Buffer): TopicInfo {
    const kind = topicKind(topic);
    const complete = kind !== 'basic-ingest' || basicIngestRule(topic) !== undefined;
    return {
      topic,
      bytes,
      kind,
      wellFormed: isTopicName(topic),
      acceptable: complete && withinTopicLimits(topic, this.#limits),
      targets: [],
      targetsGeneration: -1,
      handler: undefined,
      handlerGeneration: -1,
    };
  }
}
