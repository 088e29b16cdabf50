import { type FieldMessage, type FieldValue, fieldTopic } from '../../../../contracts/src/index.ts';
import type { ComponentClock, ComponentLog, LocalBus } from '../../../shared/src/component.ts';

const MAX_VALUES_PER_MESSAGE = 500;
/** Values that wait for the nucleus to take the message before. */
const MAX_WAITING = 2_000;

export interface PublisherCounts {
  /** Values that went out. */
  published: number;
  /** Values that a newer one of the same series took the place of, because too many waited. */
  coalesced: number;
  /** Messages that the nucleus did not take. */
  failed: number;
}

/**
 * Publishes the values of one source: one message on its way at a time, and a least interval between two.
 *
 * INVARIANT: at most {@link MAX_WAITING} values wait, or one of each series where there are more series; when more
 * come, the newest of each series stay.
 */
export class ValuePublisher {
  readonly counts: PublisherCounts = { published: 0, coalesced: 0, failed: 0 };
  readonly #source: string;
  readonly #bus: LocalBus;
  readonly #clock: ComponentClock;
  readonly #log: ComponentLog;
  readonly #interval: number;
  #waiting: FieldValue[] = [];
  #sending = false;
  #notBefore = Number.NEGATIVE_INFINITY;
  #timer: { cancel(): void } | undefined;
  #ended = false;

  constructor(
    source: string,
    interval: number,
    { bus, clock, log }: { bus: LocalBus; clock: ComponentClock; log: ComponentLog },
  ) {
    this.#source = source;
    this.#interval = interval;
    this.#bus = bus;
    this.#clock = clock;
    this.#log = log;
  }

  add(values: readonly FieldValue[]): void {
    if (this.#ended) return;
    this.#waiting.push(...values);
    if (this.#waiting.length > MAX_WAITING) this.#coalesce();
    this.#flush();
  }

  end(): void {
    this.#ended = true;
    this.#timer?.cancel();
    this.#waiting = [];
  }

  #flush(): void {
    if (this.#sending || this.#ended || this.#waiting.length === 0 || this.#timer !== undefined) return;
    const wait = this.#notBefore - this.#clock.monotonic();
    if (wait > 0) {
      this.#timer = this.#clock.after(wait, () => {
        this.#timer = undefined;
        this.#flush();
      });
      return;
    }
    this.#notBefore = this.#clock.monotonic() + this.#interval;
    const values = this.#waiting.splice(0, MAX_VALUES_PER_MESSAGE);
    const message: FieldMessage = { version: 1, source: this.#source, values };
    this.#sending = true;
    this.#bus
      .publish(fieldTopic(this.#source), message)
      .then(
        () => {
          this.counts.published += values.length;
        },
        (error: unknown) => {
          this.counts.failed++;
          this.#log.warn('a message could not be published', { source: this.#source, reason: String(error) });
        },
      )
      .finally(() => {
        this.#sending = false;
        this.#flush();
      });
  }

  #coalesce(): void {
    const newest = new Map<string, FieldValue>();
    for (const value of this.#waiting) {
      // Deleted first, so that the order is that of the values that stay.
      newest.delete(value.series);
      newest.set(value.series, value);
    }
    this.counts.coalesced += this.#waiting.length - newest.size;
    this.#waiting = [...newest.values()];
  }
}
