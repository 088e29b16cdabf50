import type { ComponentClock, ComponentLog } from '../../shared/src/component.ts';

/** ms between two warnings of the same kind */
const INTERVAL = 10_000;

/** Warnings of what may come in floods: the first at once, then how many there were, at most every {@link INTERVAL}. */
export class LimitedWarnings {
  readonly #clock: ComponentClock;
  readonly #log: ComponentLog;
  readonly #kinds = new Map<string, { last: number; unsaid: number }>();

  constructor(clock: ComponentClock, log: ComponentLog) {
    this.#clock = clock;
    this.#log = log;
  }

  warn(message: string, fields: Readonly<Record<string, unknown>>): void {
    const now = this.#clock.monotonic();
    const kind = this.#kinds.get(message);
    if (kind !== undefined && now - kind.last < INTERVAL) {
      kind.unsaid++;
      return;
    }
    this.#log.warn(message, { ...fields, ...(kind !== undefined && kind.unsaid > 0 && { unsaid: kind.unsaid }) });
    this.#kinds.set(message, { last: now, unsaid: 0 });
  }
}
