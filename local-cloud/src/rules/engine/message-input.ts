import type { Account } from '../../core/account.ts';
import type { Entropy } from '../../core/entropy.ts';
import type { MessageProperties } from '../../core/mqtt.ts';
import { splitBasicIngest } from '../basic-ingest.ts';
import type { RuleInput } from '../evaluation.ts';
import type { PendingMessage } from './pending-log.ts';
import type { TraceIds } from './trace-ids.ts';

/** A message as rules see it, with the trace id that logs and error documents name it by. */
export class MessageInput implements RuleInput {
  readonly topic: string;
  /** With the Basic Ingest prefix, if it had one. */
  readonly publishedTopic: string;
  readonly payload: Buffer;
  readonly clientId: string | undefined;
  readonly principal: string | undefined;
  readonly sourceIp: string | undefined;
  readonly properties: MessageProperties | undefined;
  readonly accountId: string;
  readonly timestamp: number;
  readonly entropy: Entropy;
  readonly #overMqtt: boolean;
  readonly #ids: TraceIds;
  #traceId: string | undefined;

  constructor(message: PendingMessage, account: Account, entropy: Entropy, ids: TraceIds) {
    const { publisher } = message;
    this.topic = splitBasicIngest(message.topic)?.topic ?? message.topic;
    this.publishedTopic = message.topic;
    this.payload = message.payload;
    this.clientId = publisher?.clientId;
    this.principal = publisher?.principalId;
    this.sourceIp = publisher?.sourceIp;
    this.properties = message.properties;
    this.accountId = account.accountId;
    this.timestamp = message.timestamp;
    this.entropy = entropy;
    this.#overMqtt = publisher !== undefined;
    this.#ids = ids;
    this.#traceId = message.traceId;
  }

  /** `traceid()`: Undefined "if the message wasn't sent over MQTT". */
  traceId(): string | undefined {
    return this.#overMqtt ? this.trace() : undefined;
  }

  trace(): string {
    this.#traceId ??= this.#ids.next();
    return this.#traceId;
  }

  /** The trace id if anything has asked for it. */
  get knownTrace(): string | undefined {
    return this.#traceId;
  }
}
