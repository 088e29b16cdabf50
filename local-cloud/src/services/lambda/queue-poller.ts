import type { Message, ReceiveMessageResult } from '@aws-sdk/client-sqs';
import { sleep } from '../../core/clock.ts';
import { uuid } from '../../core/entropy.ts';
import { AwsError, messageOf } from '../../core/errors.ts';
import type { AssumedRole } from '../../core/iam/principal.ts';
import { BatchCollector } from './batch-collector.ts';
import { failedMessages } from './batch-response.ts';
import type { BatchedMessage, EventBatch } from './event-batch.ts';
import type { EventSourceRecord } from './event-source-record.ts';
import type { FunctionDirectory } from './function-directory.ts';
import type { FunctionRunner, InvocationResult } from './function-runner.ts';
import { FIRST_THROTTLE_DELAY, MAX_BATCHES_PER_QUEUE, QUEUE_CONCURRENCY } from './limits.ts';
import { queueUrlOf } from './queue-url.ts';

const DELETE_BATCH = 10;
/** ms between attempts while the queue cannot be read. */
const FIRST_BACKOFF = 1000;
const MAX_BACKOFF = 60_000;
/** ms for which the role and the queue's visibility timeout are taken as known. */
const REFRESH = 60_000;
/** seconds that Lambda adds when a batch would outlive the queue's visibility timeout. */
const VISIBILITY_MARGIN = 30;

interface Access {
  readonly principal: AssumedRole;
  /** seconds, of the queue */
  readonly visibilityTimeout: number;
  readonly until: number;
}

/**
 * Polls one queue for one function, as the function's role.
 *
 * INVARIANTS
 * - A message is deleted only after the function has succeeded with it; whatever else happens leaves it in the queue,
 *   where it is visible again after its visibility timeout.
 * - No message is received before there is room for one more invocation.
 */
export class QueuePoller {
  readonly #functions: FunctionDirectory;
  readonly #mapping: EventSourceRecord;
  readonly #queueUrl: string;
  readonly #collector: BatchCollector;
  readonly #abort = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #access: Access | undefined;
  #loop: Promise<void> | undefined;
  #lastProblem = '';
  #stopped = false;

  constructor(functions: FunctionDirectory, mapping: EventSourceRecord) {
    this.#functions = functions;
    this.#mapping = mapping;
    const { account, clock } = functions.context;
    this.#queueUrl = queueUrlOf(account, mapping.queueArn);
    const receive = (most: number, wait: number): Promise<Message[]> => this.#receive(most, wait);
    this.#collector = new BatchCollector(clock, receive, mapping.queueArn, account.region);
  }

  start(): void {
    this.#loop ??= this.#poll();
  }

  /** Ends after what is received by now, and by a receive that still waits, has been handled. */
  async retire(): Promise<void> {
    this.#abort.abort();
    await this.#loop;
    await Promise.all(this.#running);
  }

  /** Hands nothing more to the function; resolves when the batches that run are accounted for. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#abort.abort();
    await Promise.all(this.#running);
  }

  async #poll(): Promise<void> {
    const { clock } = this.#functions.context;
    const { batchSize, window } = this.#mapping;
    let backoff = FIRST_BACKOFF;
    while (!this.#abort.signal.aborted) {
      try {
        while (this.#running.size >= this.#concurrency()) await Promise.race(this.#running);
        const batch = await this.#collector.next({ batchSize, window }, this.#abort.signal);
        backoff = FIRST_BACKOFF;
        this.#lastProblem = '';
        // What was received when a stop came in is left to its visibility timeout.
        if (batch === undefined || this.#stopped) continue;
        const work: Promise<void> = this.#process(batch)
          .catch((error) => this.#problem('a batch could not be handled', error))
          .finally(() => this.#running.delete(work));
        this.#running.add(work);
      } catch (error) {
        this.#access = undefined;
        this.#problem('the queue of an event source mapping cannot be read', error);
        await sleep(clock, backoff, this.#abort.signal);
        backoff = Math.min(MAX_BACKOFF, backoff * 2);
      }
    }
  }

  #concurrency(): number {
    const { maximumConcurrency = QUEUE_CONCURRENCY } = this.#mapping;
    return Math.min(maximumConcurrency, MAX_BATCHES_PER_QUEUE);
  }

  #runner(): FunctionRunner {
    return this.#functions.require(this.#mapping.functionName);
  }

  async #receive(most: number, waitSeconds: number): Promise<Message[]> {
    const { principal, visibilityTimeout } = await this.#accessNow();
    const needed = this.#mapping.window + this.#runner().record.timeout;
    const { Messages = [] } = await this.#call<ReceiveMessageResult>(principal, 'ReceiveMessage', {
      QueueUrl: this.#queueUrl,
      MaxNumberOfMessages: most,
      WaitTimeSeconds: waitSeconds,
      AttributeNames: ['All'],
      MessageAttributeNames: ['All'],
      // Developer guide, "Configuring a queue as an event source", note on the batch window.
      VisibilityTimeout:
        this.#mapping.window > 0 && needed > visibilityTimeout ? needed + VISIBILITY_MARGIN : visibilityTimeout,
    });
    return Messages;
  }

  /** The role taken on and the queue's visibility timeout, both renewed now and then. */
  async #accessNow(): Promise<Access> {
    const { clock } = this.#functions.context;
    if (this.#access !== undefined && clock.now() < this.#access.until) return this.#access;
    const principal = this.#functions.factory.assumeRole(this.#runner().record);
    const { Attributes } = await this.#call<{ Attributes: Record<string, string> }>(principal, 'GetQueueAttributes', {
      QueueUrl: this.#queueUrl,
      AttributeNames: ['VisibilityTimeout'],
    });
    const visibilityTimeout = Number(Attributes.VisibilityTimeout);
    this.#access = { principal, visibilityTimeout, until: clock.now() + REFRESH };
    return this.#access;
  }

  async #process({ event, messages }: EventBatch): Promise<void> {
    const result = await this.#invoke(event);
    if (result === undefined || result.functionError !== undefined) return;
    let done: readonly BatchedMessage[] = messages;
    if (this.#mapping.reportBatchItemFailures) {
      const failed = failedMessages(result.payload, new Set(messages.map((message) => message.messageId)));
      if (failed === 'all') return this.#problem('a function reported batch item failures that fail the whole batch');
      if (failed.size > 0) done = messages.filter((message) => !failed.has(message.messageId));
    }
    await this.#delete(done);
  }

  /** Throttled invocations are tried again until the messages are visible to others. */
  async #invoke(event: Buffer): Promise<InvocationResult | undefined> {
    const { clock, entropy } = this.#functions.context;
    const end = clock.now() + (this.#access?.visibilityTimeout ?? 0) * 1000;
    for (let wait = FIRST_THROTTLE_DELAY; ; wait *= 2) {
      try {
        return await this.#runner().invoke({ event, requestId: uuid(entropy) });
      } catch (error) {
        if (!(error instanceof AwsError) || error.code !== 'TooManyRequestsException') throw error;
        if (clock.now() + wait >= end || this.#abort.signal.aborted) return undefined;
        await sleep(clock, wait, this.#abort.signal);
      }
    }
  }

  async #delete(messages: readonly BatchedMessage[]): Promise<void> {
    const { principal } = await this.#accessNow();
    const calls: Promise<{ Failed?: { Message?: string }[] }>[] = [];
    for (let at = 0; at < messages.length; at += DELETE_BATCH) {
      const Entries = messages
        .slice(at, at + DELETE_BATCH)
        .map(({ receiptHandle }, index) => ({ Id: String(index), ReceiptHandle: receiptHandle }));
      calls.push(this.#call(principal, 'DeleteMessageBatch', { QueueUrl: this.#queueUrl, Entries }));
    }
    for (const { Failed = [] } of await Promise.all(calls)) {
      for (const failure of Failed) this.#problem(`a message could not be deleted: ${failure.Message}`);
    }
  }

  #call<O>(principal: AssumedRole, operation: string, input: object): Promise<O> {
    return this.#functions.context.api.call<O>(principal, 'sqs', operation, input);
  }

  /** Says a problem once, until another one or a success comes in between. */
  #problem(message: string, error?: unknown): void {
    const text = error === undefined ? message : `${message}: ${messageOf(error)}`;
    if (text === this.#lastProblem || (error !== undefined && this.#abort.signal.aborted)) return;
    this.#lastProblem = text;
    const { functionName, queueArn } = this.#mapping;
    this.#functions.context.log('error', text, { function: functionName, queue: queueArn });
  }
}
