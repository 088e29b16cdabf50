import type { ComponentClock, ComponentLog, ShadowPort } from '../../shared/src/component.ts';
import type { SourceStatus } from './points/field-source.ts';

export const STATUS_SHADOW = 'gateway';

/** A shadow document has at most 8 KB (AWS IoT Core endpoints and quotas, "Maximum size of a JSON state document"). */
const MAX_BYTES = 7_000;
const LOOK_EVERY_MS = 1_000;
const LOG_EVERY_MS = 300_000;

type Statuses = Readonly<Record<string, SourceStatus>>;
type Reported = Record<string, { state: string; problem?: string } | null>;

/**
 * Reports the state of the sources in a named shadow of the core: when one has changed, and never sooner than the interval
 * after the report before. What cannot be reported (the core is offline) is tried again at the next interval, with what is
 * true then.
 */
export class StatusReport {
  readonly #clock: ComponentClock;
  readonly #log: ComponentLog;
  readonly #shadows: ShadowPort;
  readonly #statuses: () => Statuses;
  readonly #interval: () => number;
  #timer: { cancel(): void } | undefined;
  #known: Reported | undefined;
  #notBefore = 0;
  #logAt: number;
  #busy = false;
  #failure: string | undefined;
  #stopped = false;

  constructor(
    { clock, log, shadows }: { clock: ComponentClock; log: ComponentLog; shadows: ShadowPort },
    statuses: () => Statuses,
    interval: () => number,
  ) {
    this.#clock = clock;
    this.#log = log;
    this.#shadows = shadows;
    this.#statuses = statuses;
    this.#interval = interval;
    this.#logAt = clock.monotonic() + LOG_EVERY_MS;
  }

  start(): void {
    if (this.#stopped) return;
    this.#timer = this.#clock.after(LOOK_EVERY_MS, () => {
      this.#look();
      this.start();
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #look(): void {
    const now = this.#clock.monotonic();
    const statuses = this.#statuses();
    if (now >= this.#logAt) {
      this.#logAt = now + LOG_EVERY_MS;
      this.#log.info('sources', { sources: statuses });
    }
    if (this.#busy || now < this.#notBefore) return;
    const next = briefly(statuses);
    if (this.#known !== undefined && JSON.stringify(next) === JSON.stringify(this.#known)) return;
    this.#busy = true;
    this.#notBefore = now + this.#interval();
    this.#send(next)
      .then(
        () => {
          this.#failure = undefined;
        },
        (error: unknown) => {
          // Offline for hours, or on a nucleus without shadows: said once.
          const reason = error instanceof Error ? error.message : String(error);
          if (reason !== this.#failure) this.#log.warn('the state of the sources could not be reported', { reason });
          this.#failure = reason;
        },
      )
      .finally(() => {
        this.#busy = false;
      });
  }

  async #send(next: Reported): Promise<void> {
    const before = this.#known ?? (await this.#inShadow());
    const gone = Object.keys(before).filter((name) => next[name] === undefined);
    const sources = { ...next, ...Object.fromEntries(gone.map((name) => [name, null])) };
    // An earlier problem does not stay in the shadow.
    for (const [name, source] of Object.entries(sources)) {
      if (source !== null && source.problem === undefined && before[name]?.problem !== undefined) {
        sources[name] = { ...source, problem: null } as unknown as { state: string };
      }
    }
    await this.#shadows.update(STATUS_SHADOW, { reported: { sources } });
    this.#known = next;
  }

  /** What an earlier run reported. */
  async #inShadow(): Promise<Reported> {
    const shadow = await this.#shadows.get(STATUS_SHADOW);
    const sources = (shadow?.state.reported as { sources?: unknown } | undefined)?.sources;
    return typeof sources === 'object' && sources !== null ? (sources as Reported) : {};
  }
}

/** As much as a shadow holds: problems are cut first, and then sources that are well are left out. */
function briefly(statuses: Statuses): Reported {
  const entries = Object.entries(statuses);
  const withProblems = (length: number, all = entries): Reported =>
    Object.fromEntries(
      all.map(([name, { problem, state }]) => [
        name,
        length === 0 || problem === undefined ? { state } : { state, problem: problem.slice(0, length) },
      ]),
    );
  const fits = (reported: Reported): boolean => Buffer.byteLength(JSON.stringify(reported)) <= MAX_BYTES;
  const whole = withProblems(120);
  if (fits(whole)) return whole;
  const short = withProblems(0);
  if (fits(short)) return short;
  return withProblems(0, entries.filter(([, { state }]) => state !== 'good').slice(0, 100));
}
