import type { FieldValue, Sample } from '@fleetwright/contracts';
import type { SeriesSettings } from '../configuration.ts';
import type { MemoryBudget } from './memory-budget.ts';
import type { Pane } from './pane.ts';

export type Quality = FieldValue['quality'];

/** What a series stands on. */
export interface SeriesPorts {
  readonly series: string;
  readonly settings: SeriesSettings;
  readonly budget: MemoryBudget;
  /** Takes what is to reach the cloud. */
  emit(time: number, values: Sample['values']): void;
  /** Percentiles of a window were given up for lack of memory. */
  gaveUp(): void;
}

/** Values and anomalies that came when their windows were closed; told with the next sample, once. */
export class LateCount {
  values = 0;
  anomalies = 0;

  /** Adds what is to be told to the values of a sample. */
  tell(series: string, values: Sample['values']): void {
    if (this.values > 0) values[`${series}_late`] = this.values;
    if (this.anomalies > 0) values[`${series}_anomalies_late`] = this.anomalies;
    this.values = 0;
    this.anomalies = 0;
  }
}

/** What is made of the values of one series. Deterministic: the same calls in the same order give the same. */
export interface SeriesMode {
  readonly late: LateCount;
  /** Nothing is open, and nothing waits to be told. */
  readonly isIdle: boolean;
  /** @param isRaw the value itself is sent anyway */
  value(time: number, value: number | boolean, quality: Quality, now: number, isRaw: boolean): void;
  anomaly(time: number, value: number, now: number): void;
  tick(now: number): void;
  /** Sends what is open, as short as it is. */
  end(): void;
  state(): object;
}

/** Numbers beyond would overflow when they are squared. */
const LARGEST = 1e150;

/** A boolean is 1 or 0. Undefined when it is no use as a number. */
export function numberOf(value: number | boolean): number | undefined {
  if (typeof value === 'boolean') return value ? 1 : 0;
  return Math.abs(value) <= LARGEST ? value : undefined;
}

/** Puts a value into a pane by its quality. */
export function putInto(pane: Pane, time: number, value: number | boolean, quality: Quality, ports: SeriesPorts): void {
  const number = numberOf(value);
  if (quality === 'bad' || number === undefined) {
    pane.bad++;
    pane.touch(time);
  } else if (quality === 'uncertain' && ports.settings.uncertain === 'leaveOut') {
    pane.uncertain++;
    pane.touch(time);
  } else if (!pane.add(time, number)) {
    ports.gaveUp();
  }
}
