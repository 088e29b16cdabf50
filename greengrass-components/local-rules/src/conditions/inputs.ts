import type { FieldValue, InferenceMessage } from '@fleetwright/contracts';
import type { Value } from '../rules-schema.ts';

export type Quality = FieldValue['quality'];

export interface Input {
  value: Value;
  quality: Quality;
  /** When it was measured, by the core's clock … */
  time: number;
  /** … and by the monotonic one. */
  at: number;
}

/** Values of one series that are older than its newest are left out, unless the clock was set back by more than this. ms */
const MAX_DISORDER = 60_000;
/** Anomalies of a series that are remembered, besides the strongest. */
const MAX_ANOMALIES = 16;

/**
 * What is known of the field: the newest value of each series that a rule looks at, anomalies and verdicts.
 *
 * INVARIANT: ages are of the monotonic clock: they do not jump when the core learns the time.
 */
export class Inputs {
  readonly #values = new Map<string, Input | undefined>();
  readonly #anomalies = new Map<string, { readonly score: number; readonly at: number }[]>();
  readonly #verdicts = new Map<string, { readonly verdict: InferenceMessage['verdict']; readonly at: number }>();

  /** Series that are looked at from now on; what is known of them stays. */
  follow(series: ReadonlySet<string>): void {
    for (const name of [...this.#values.keys()]) if (!series.has(name)) this.#values.delete(name);
    for (const name of series) if (!this.#values.has(name)) this.#values.set(name, undefined);
  }

  follows(series: string): boolean {
    return this.#values.has(series);
  }

  of(series: string): Input | undefined {
    return this.#values.get(series);
  }

  /** @param wall now, by the core's clock @param now by the monotonic one @returns whether it is news */
  take({ quality, series, time, value }: FieldValue, wall: number, now: number): boolean {
    const known = this.#values.get(series);
    const at = now - Math.max(0, wall - time);
    if (known === undefined) {
      this.#values.set(series, { value, quality, time, at });
      return true;
    }
    if (time < known.time && known.time - time < MAX_DISORDER) return false;
    known.value = value;
    known.quality = quality;
    known.time = time;
    known.at = at;
    return true;
  }

  anomaly(series: string, score: number, now: number): void {
    // One that is weaker and older than another can make no condition true that the other does not.
    const kept = (this.#anomalies.get(series) ?? []).filter((known) => known.score > score);
    kept.push({ score, at: now });
    this.#anomalies.set(series, kept.slice(-MAX_ANOMALIES));
  }

  /** When an anomaly of at least this score was last found. */
  lastAnomaly(series: string, score: number): number | undefined {
    return this.#anomalies.get(series)?.findLast((known) => known.score >= score)?.at;
  }

  verdict({ model, subject, verdict }: Pick<InferenceMessage, 'model' | 'subject' | 'verdict'>, now: number): void {
    const entry = { verdict, at: now };
    this.#verdicts.set(subject, entry);
    this.#verdicts.set(`${subject} ${model}`, entry);
  }

  lastVerdict(
    subject: string,
    model: string | undefined,
  ): { verdict: InferenceMessage['verdict']; at: number } | undefined {
    return this.#verdicts.get(model === undefined ? subject : `${subject} ${model}`);
  }
}
