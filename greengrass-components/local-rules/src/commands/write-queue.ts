import { randomBytes } from 'node:crypto';
import { type WriteAnswer, type WriteRequest, writeTopic } from '@fleetwright/contracts';
import type { ComponentClock, ComponentLog, LocalBus } from '../../../shared/src/component.ts';
import type { Outcome } from '../log/decision-log.ts';
import type { LoggedWrite } from '../log/logged-decision.ts';
import { pointOf } from '../rules-schema.ts';

interface Outstanding {
  readonly write: LoggedWrite;
  readonly done: (outcome: Outcome, detail?: string) => void;
  requestId: string;
  detail: string | undefined;
  timer: { cancel(): void } | undefined;
}

/**
 * Asks the gateway to write, again and again, until it says that it has, or the time is over.
 *
 * INVARIANTS
 * - Of each point at most one write is outstanding: the latest that may.
 * - A request without an answer is repeated as the same, which the gateway carries out once; one that failed is a new request.
 */
export class WriteQueue {
  readonly #clock: ComponentClock;
  readonly #local: LocalBus;
  readonly #log: ComponentLog;
  readonly #outstanding = new Map<string, Outstanding>();

  constructor({ clock, local, log }: { clock: ComponentClock; local: LocalBus; log: ComponentLog }) {
    this.#clock = clock;
    this.#local = local;
    this.#log = log;
  }

  get size(): number {
    return this.#outstanding.size;
  }

  /** @returns settles when the nucleus has the first request, or does not take it */
  put(write: LoggedWrite, done: Outstanding['done']): Promise<void> {
    const point = pointOf(write);
    this.#finish(point, 'superseded');
    const outstanding: Outstanding = { write, done, requestId: newId(), detail: undefined, timer: undefined };
    this.#outstanding.set(point, outstanding);
    return this.#ask(point, outstanding);
  }

  /** Writes of less priority to a point are given up. */
  claim(point: string, priority: number): void {
    const outstanding = this.#outstanding.get(point);
    if (outstanding !== undefined && outstanding.write.priority < priority) this.#finish(point, 'forbidden');
  }

  answered({ detail, ok, requestId }: WriteAnswer): void {
    for (const [point, outstanding] of this.#outstanding) {
      if (outstanding.requestId !== requestId) continue;
      if (ok) this.#finish(point, 'written');
      else {
        outstanding.detail = detail ?? 'refused';
        outstanding.requestId = newId();
      }
      return;
    }
  }

  /** What is outstanding stays so in the log, and is gone on with at the next start. */
  stop(): void {
    for (const { timer } of this.#outstanding.values()) timer?.cancel();
    this.#outstanding.clear();
  }

  #ask(point: string, outstanding: Outstanding): Promise<void> {
    const { requestId, write } = outstanding;
    const left = write.expiresAt - this.#clock.now();
    if (left < 0) {
      this.#finish(point, 'expired', outstanding.detail ?? 'no answer');
      return Promise.resolve();
    }
    const request: WriteRequest = {
      version: 1,
      requestId,
      point: write.point,
      value: write.value,
      expiresAt: write.expiresAt,
    };
    const published = this.#local.publish(writeTopic(write.source), request).catch((error) => {
      outstanding.detail = String(error);
      this.#log.warn('a request to write could not be given, it will be again', { point, reason: String(error) });
    });
    outstanding.timer = this.#clock.after(
      Math.min(write.retryEvery, left + 1),
      () => void this.#ask(point, outstanding),
    );
    return published;
  }

  #finish(point: string, outcome: Outcome, detail?: string): void {
    const outstanding = this.#outstanding.get(point);
    if (outstanding === undefined) return;
    this.#outstanding.delete(point);
    outstanding.timer?.cancel();
    outstanding.done(outcome, detail);
  }
}

function newId(): string {
  return randomBytes(16).toString('hex');
}
