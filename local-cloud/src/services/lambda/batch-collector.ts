import type { Message } from '@aws-sdk/client-sqs';
import { type Clock, sleep } from '../../core/clock.ts';
import { EventBatch } from './event-batch.ts';
import { queueRecord } from './queue-record.ts';

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

/**
 * Gathers batches from a queue (developer guide, "Batching behavior"): a batch is done when its window ends, when it
 * is full, or when the next message would take the event beyond 6 MB; that message opens the next batch.
 */
export class BatchCollector {
  readonly #clock: Clock;
  readonly #receive: Receive;
  readonly #queueArn: string;
  readonly #region: string;
  #carried: readonly Message[] = [];

  constructor(clock: Clock, receive: Receive, queueArn: string, region: string) {
    this.#clock = clock;
    this.#receive = receive;
    this.#queueArn = queueArn;
    this.#region = region;
  }

  /** Undefined when nothing came within one long poll. */
  async next(rules: BatchRules, signal: AbortSignal): Promise<EventBatch | undefined> {
    const batch = new EventBatch(rules.batchSize, (message) => queueRecord(message, this.#queueArn, this.#region));
    this.#carried = batch.takeFrom(this.#carried);
    if (!batch.full && batch.messages.length === 0) await this.#fill(batch, LONG_POLL);
    if (batch.messages.length === 0) return undefined;
    const end = this.#clock.now() + rules.window * 1000;
    while (!batch.full && !signal.aborted) {
      const received = rules.window === 0 ? 0 : await this.#fill(batch, 0);
      const remaining = end - this.#clock.now();
      if (remaining <= 0) break;
      if (received < MAX_RECEIVE && !batch.full) await sleep(this.#clock, Math.min(WINDOW_STEP, remaining), signal);
    }
    return batch;
  }

  /** One receive into the batch; answers how many messages came. */
  async #fill(batch: EventBatch, waitSeconds: number): Promise<number> {
    const messages = await this.#receive(Math.min(MAX_RECEIVE, batch.room), waitSeconds);
    this.#carried = batch.takeFrom(messages);
    return messages.length;
  }
}
