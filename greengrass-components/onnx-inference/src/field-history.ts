import type { FieldMessage, ModelManifest } from '@fleetwright/contracts';
import { SeriesHistory } from './series-history.ts';
import { isInput, seriesOf, subjectsOf } from './subject-series.ts';
import type { WindowSamples } from './window-features.ts';

/** Bounds of what is remembered. */
const MAX_SERIES = 4_096;
const MAX_SAMPLES = 20_000;
/** ms beyond the longest window, for windows that wait for their run */
const RESERVE = 300_000;
/** ms that a value's time may be ahead of the clock */
const MOST_AHEAD = 60_000;

/**
 * The samples that models need, and no others. Only good ones: what a source repeats because it is silent (`uncertain`), or calls
 * wrong itself (`bad`), is no sample.
 */
export class FieldHistory {
  readonly #series = new Map<string, SeriesHistory>();
  /** Series that were seen, and whether a model looks at them. */
  readonly #wanted = new Map<string, boolean>();
  #manifests: readonly ModelManifest[] = [];
  #length = 0;
  /** Grows when a series comes that was not there. */
  #generation = 0;

  /** What is to be remembered from now on. */
  use(manifests: readonly ModelManifest[]): void {
    this.#manifests = manifests;
    this.#length = manifests.reduce((most, { window }) => Math.max(most, window.length), 0);
    this.#wanted.clear();
    for (const series of this.#series.keys()) {
      if (!manifests.some(({ inputs }) => isInput(inputs, series))) this.#series.delete(series);
    }
    this.#generation++;
  }

  get generation(): number {
    return this.#generation;
  }

  add({ values }: FieldMessage, now: number): void {
    for (const { quality, series, time, value } of values) {
      if (!this.#isWanted(series)) continue;
      if (quality !== 'good' || time > now + MOST_AHEAD || time < now - this.#length - RESERVE) continue;
      let history = this.#series.get(series);
      if (history === undefined) {
        if (this.#series.size >= MAX_SERIES) continue;
        history = new SeriesHistory(MAX_SAMPLES);
        this.#series.set(series, history);
        this.#generation++;
      }
      history.add(time, Number(value));
    }
  }

  forget(now: number): void {
    for (const history of this.#series.values()) history.forget(now - this.#length - RESERVE);
  }

  subjects(inputs: ModelManifest['inputs']): string[] {
    return subjectsOf(inputs, new Set(this.#series.keys()));
  }

  /** @param end of the window, not included */
  window({ inputs, window }: Pick<ModelManifest, 'inputs' | 'window'>, subject: string, end: number): WindowSamples {
    return Object.fromEntries(
      Object.entries(inputs).flatMap(([role, { series }]) => {
        const history = this.#series.get(seriesOf(series, subject));
        return history === undefined ? [] : [[role, history.between(end - window.length, end)]];
      }),
    );
  }

  #isWanted(series: string): boolean {
    const known = this.#wanted.get(series);
    if (known !== undefined) return known;
    const wanted = this.#manifests.some(({ inputs }) => isInput(inputs, series));
    if (this.#wanted.size >= 4 * MAX_SERIES) this.#wanted.clear();
    this.#wanted.set(series, wanted);
    return wanted;
  }
}
