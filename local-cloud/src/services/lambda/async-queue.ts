import type { Timer } from '../../core/clock.ts';
import { AwsError, messageOf } from '../../core/errors.ts';
import type { DurableLog } from '../../core/store.ts';
import { type EventVerdict, sendToDeadLetterQueue, sendToDestination } from './async-destinations.ts';
import type { AsyncEvent } from './async-event.ts';
import type { FunctionDirectory } from './function-directory.ts';
import type { InvocationResult } from './function-runner.ts';
import {
  ASYNC_CONCURRENCY,
  FIRST_THROTTLE_DELAY,
  MAX_EVENT_AGE,
  MAX_RETRY_ATTEMPTS,
  MAX_THROTTLE_DELAY,
  RETRY_DELAYS,
} from './limits.ts';

/**
 * Asynchronous invocation (developer guide, "How Lambda handles asynchronous invocations").
 *
 * INVARIANTS
 * - An accepted event is on disk until the function has taken it or its last attempt is accounted for, so that a
 *   restart tries it again: at least once, as on AWS.
 * - In memory stand only ids; payloads are read when their turn comes.
 */
export class AsyncQueue {
  readonly #functions: FunctionDirectory;
  readonly #log: DurableLog;
  readonly #ready = new Map<string, number[]>();
  readonly #running = new Map<string, number>();
  readonly #timers = new Set<Timer>();
  readonly #active = new Set<Promise<void>>();
  #stopped = true;

  constructor(functions: FunctionDirectory) {
    this.#functions = functions;
    this.#log = functions.context.store.log('lambda/events');
  }

  /** Resumes what was accepted before. */
  start(): void {
    this.#stopped = false;
    for (const [id, value] of this.#log.entries()) this.#schedule(id, decode(value));
  }

  /** Resolves when the event is on disk. */
  async accept(functionName: string, requestId: string, payload: string): Promise<void> {
    const now = this.#functions.context.clock.now();
    const event = { functionName, requestId, payload, acceptedAt: now, attempts: 0, throttles: 0, notBefore: 0 };
    const id = this.#log.append(encode(event));
    await this.#functions.context.store.durable();
    this.#schedule(id, event);
  }

  /** Takes no further event; those that run are waited for by the caller of their functions' end. */
  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) timer.cancel();
  }

  async settled(): Promise<void> {
    await Promise.all(this.#active);
  }

  #schedule(id: number, event: AsyncEvent): void {
    if (this.#stopped) return;
    const wait = event.notBefore - this.#functions.context.clock.now();
    if (wait <= 0) {
      this.#enqueue(id, event.functionName);
      return;
    }
    const timer = this.#functions.context.clock.after(wait, () => {
      this.#timers.delete(timer);
      this.#enqueue(id, event.functionName);
    });
    this.#timers.add(timer);
  }

  #enqueue(id: number, functionName: string): void {
    const ready = this.#ready.get(functionName);
    if (ready === undefined) this.#ready.set(functionName, [id]);
    else ready.push(id);
    this.#pump(functionName);
  }

  #pump(functionName: string): void {
    const ready = this.#ready.get(functionName) ?? [];
    while (!this.#stopped && ready.length > 0 && (this.#running.get(functionName) ?? 0) < ASYNC_CONCURRENCY) {
      const id = ready.shift() as number;
      this.#running.set(functionName, (this.#running.get(functionName) ?? 0) + 1);
      const work = this.#attempt(id)
        .catch((error) => this.#report('an event could not be handled', functionName, error))
        .finally(() => {
          this.#active.delete(work);
          this.#running.set(functionName, (this.#running.get(functionName) ?? 1) - 1);
          this.#pump(functionName);
        });
      this.#active.add(work);
    }
  }

  async #attempt(id: number): Promise<void> {
    const value = this.#log.get(id);
    if (value === undefined) return;
    const event = decode(value);
    const runner = this.#functions.find(event.functionName);
    if (runner === undefined) return this.#log.remove(id);
    const settings = runner.record.eventInvoke;
    const age = this.#functions.context.clock.now() - event.acceptedAt;
    const maximumAge = (settings?.maximumEventAge ?? MAX_EVENT_AGE) * 1000;
    if (age > maximumAge) return this.#conclude(id, event, { condition: 'EventAgeExceeded' });
    let result: InvocationResult;
    try {
      result = await runner.invoke({ event: event.payload, requestId: event.requestId });
    } catch (error) {
      if (this.#stopped) return;
      if (runner.record.reservedConcurrency === 0)
        return this.#conclude(id, event, { condition: 'ZeroReservedConcurrency' });
      if (!(error instanceof AwsError) || error.code !== 'TooManyRequestsException') {
        this.#report('an event could not be given to its function', event.functionName, error);
      }
      const wait = Math.min(MAX_THROTTLE_DELAY, FIRST_THROTTLE_DELAY * 2 ** event.throttles);
      return this.#again(id, { ...event, throttles: event.throttles + 1 }, wait);
    }
    // An invocation that a stop has cut off is tried again after the restart.
    if (this.#stopped && result.functionError !== undefined) return;
    const attempts = event.attempts + 1;
    if (result.functionError === undefined) {
      return this.#conclude(id, { ...event, attempts }, { condition: 'Success', result });
    }
    const retries = settings?.maximumRetryAttempts ?? MAX_RETRY_ATTEMPTS;
    if (attempts > retries)
      return this.#conclude(id, { ...event, attempts }, { condition: 'RetriesExhausted', result });
    const wait = RETRY_DELAYS[attempts - 1] ?? 0;
    if (age + wait > maximumAge) {
      return this.#conclude(id, { ...event, attempts }, { condition: 'EventAgeExceeded', result });
    }
    await this.#again(id, { ...event, attempts }, wait);
  }

  /** The event's new state is written before the old one goes. */
  async #again(id: number, event: AsyncEvent, wait: number): Promise<void> {
    const next = { ...event, notBefore: this.#functions.context.clock.now() + wait };
    const nextId = this.#log.append(encode(next));
    this.#log.remove(id);
    await this.#functions.context.store.durable();
    this.#schedule(nextId, next);
  }

  async #conclude(id: number, event: AsyncEvent, verdict: EventVerdict): Promise<void> {
    const record = this.#functions.find(event.functionName)?.record;
    if (record !== undefined) {
      const failed = verdict.condition !== 'Success';
      const destination = failed ? record.eventInvoke?.onFailure : record.eventInvoke?.onSuccess;
      try {
        if (destination !== undefined) await sendToDestination(this.#functions, record, event, verdict, destination);
        if (failed && record.deadLetterArn !== undefined) {
          await sendToDeadLetterQueue(this.#functions, record, event, verdict);
        }
        if (failed && destination === undefined && record.deadLetterArn === undefined) {
          this.#report('an event is discarded: its function has no destination for failures', record.name);
        }
      } catch (error) {
        this.#report('an event is lost: its destination did not take it', event.functionName, error);
      }
    }
    this.#log.remove(id);
  }

  #report(message: string, functionName: string, error?: unknown): void {
    const fields = error === undefined ? {} : { error: messageOf(error) };
    this.#functions.context.log('error', message, { function: functionName, ...fields });
  }
}

function encode(event: AsyncEvent): Buffer {
  return Buffer.from(JSON.stringify(event));
}

function decode(value: Buffer): AsyncEvent {
  return JSON.parse(value.toString()) as AsyncEvent;
}
