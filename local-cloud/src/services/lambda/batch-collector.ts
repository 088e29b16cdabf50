import type { Message } from '@aws-sdk/client-sqs';
import { type Clock, sleep } from '../../core/clock.ts';
import { MAX_SYNC_PAYLOAD_BYTES } from './limits.ts';
import { queueRecord } from './queue-record.ts';

/** A message with its record in the event. */
export interface BatchedMessage {
  readonly messageId: string;
  readonly receiptHandle: string;
  readonly record: string;
  readonly bytes: number;
}

export interface BatchRules {
  readonly batchSize: number;
  /** seconds */
  readonly window: number;
}

/** One receive: at most `most` messages, after waiting at most `waitSeconds` for the first. */
export type Receive = (most: number, waitSeconds: number) => Promise<Message[]>;

const MAX_RECEIVE = 10;
/** seconds; SQS's longest long poll. */
const LONG_POLL = 20;
/** ms between looks at the queue while a batching window is open. */
const WINDOW_STEP = 50;
const ENVELOPE_BYTES = Buffer.byteLength('{"Records":[]}');

/**
 * Gathers batches from a queue (developer guide, "Batching behavior"): a batch is done when its window ends, when it
 * is full, or when the next message would take the event beyond 6 MB; that message opens the next batch.
 */
export class BatchCollector {
  readonly #clock: Clock;
  readonly #receive: Receive;
  readonly #queueArn: string;
  readonly #region: string;
  #carried: BatchedMessage[] = [];

  constructor(clock: Clock, receive: Receive, queueArn: string, region: string) {
    this.#clock = clock;
    this.#receive = receive;
    this.#queueArn = queueArn;
    this.#region = region;
  }

  /** Empty when nothing came within one long poll. */
  async next(rules: BatchRules, signal: AbortSignal): Promise<BatchedMessage[]> {
    const batch = new Batch(rules.batchSize);
    this.#carried = batch.takeFrom(this.#carried);
    if (!batch.full && batch.messages.length === 0) await this.#fill(batch, LONG_POLL);
    if (batch.messages.length === 0) return [];
    const end = this.#clock.now() + rules.window * 1000;
    while (!batch.full && !signal.aborted) {
      const received = rules.window === 0 ? 0 : await this.#fill(batch, 0);
      const remaining = end - this.#clock.now();
      if (remaining <= 0) break;
      if (received < MAX_RECEIVE && !batch.full) await sleep(this.#clock, Math.min(WINDOW_STEP, remaining), signal);
    }
    return batch.messages;
  }

  /** One receive into the batch; answers how many messages came. */
  async #fill(batch: Batch, waitSeconds: number): Promise<number> {
    const messages = await this.#receive(Math.min(MAX_RECEIVE, batch.room), waitSeconds);
    this.#carried = batch.takeFrom(messages.map((message) => this.#batched(message)));
    return messages.length;
  }

  #batched(message: Message): BatchedMessage {
    const record = queueRecord(message, this.#queueArn, this.#region);
    return {
      messageId: message.MessageId as string,
      receiptHandle: message.ReceiptHandle as string,
      record,
      bytes: Buffer.byteLength(record) + 1,
    };
  }
}

class Batch {
  readonly messages: BatchedMessage[] = [];
  readonly #size: number;
  #bytes = ENVELOPE_BYTES;
  #overflow = false;

  constructor(size: number) {
    this.#size = size;
  }

  get room(): number {
    return this.#size - this.messages.length;
  }

  get full(): boolean {
    return this.#overflow || this.room === 0;
  }

  /** Answers what does not fit. A message that fits no event at all goes alone. */
  takeFrom(messages: BatchedMessage[]): BatchedMessage[] {
    for (const [index, message] of messages.entries()) {
      const fits = this.#bytes + message.bytes <= MAX_SYNC_PAYLOAD_BYTES || this.messages.length === 0;
      if (this.room === 0 || !fits) {
        this.#overflow = true;
        return messages.slice(index);
      }
      this.messages.push(message);
      this.#bytes += message.bytes;
    }
    return [];
  }
}
