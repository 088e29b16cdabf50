import type { AnomalyMessage, FieldMessage } from '@fleetwright/contracts';
import { type DetectorConfiguration, sensitivityOf } from './configuration.ts';
import { alarmSeverity, Detector, LARGEST_VALUE, type MEASURES, WARM_UP } from './detector/detector.ts';
import { explainFinding, explainSilence } from './detector/explain-finding.ts';
import * as at from './detector/series-state.ts';
import { SeriesBank } from './series-bank.ts';
import type { StoredState } from './state-codec.ts';

/** From this score on a value is an anomaly. */
export const ALARM_SCORE = 0.5;

/** Why: the detector's measure, or that nothing comes. */
export type Reason = (typeof MEASURES)[number] | 'silent';

export interface Anomaly {
  readonly message: AnomalyMessage;
  readonly reason: Reason;
}

/** Counted since the start. */
export interface WatchCounts {
  /** Values that were scored. */
  values: number;
  anomalies: number;
  /** Left out: boolean, of uncertain or bad quality, too large to compute with, of a series beyond `maxSeries`, not watched. */
  booleans: number;
  notGood: number;
  tooLarge: number;
  refused: number;
  unwatched: number;
}

/** Intervals that spread wider than this share of their mean are not regular: silence says nothing. */
const REGULAR = 0.5;
/** Silences found at a time; the others are found the next time. */
const MAX_SILENCES = 50;
const NEVER = -1;

/** Scores field values, and tells which are anomalies. Constant memory for each series, and a bounded number of series. */
export class FieldWatch {
  readonly counts: WatchCounts = {
    values: 0,
    anomalies: 0,
    booleans: 0,
    notGood: 0,
    tooLarge: 0,
    refused: 0,
    unwatched: 0,
  };
  readonly #detector = new Detector();
  readonly #bank: SeriesBank;
  /** By place: when the last value came, on the clock that never jumps; NEVER once its silence was told. */
  readonly #arrivals: number[];
  /** By place: severity of an alarm; 0 when the series is not watched. */
  #alarms: number[];
  #configuration: DetectorConfiguration;

  /** @param now of the clock that never jumps */
  constructor(configuration: DetectorConfiguration, now: number, stored?: StoredState) {
    this.#bank = stored === undefined ? new SeriesBank() : new SeriesBank(stored.names, stored.state);
    this.#configuration = configuration;
    this.#arrivals = new Array<number>(this.#bank.size).fill(now);
    this.#alarms = this.#bank.names.map((name) => alarmOf(configuration, name));
  }

  get size(): number {
    return this.#bank.size;
  }

  /** Bytes of what was learnt. */
  get bytes(): number {
    return this.#bank.state.byteLength;
  }

  configure(configuration: DetectorConfiguration): void {
    this.#configuration = configuration;
    this.#alarms = this.#bank.names.map((name) => alarmOf(configuration, name));
  }

  snapshot(): StoredState {
    return { names: this.#bank.names, state: this.#bank.copy() };
  }

  /** @param now of the clock that never jumps */
  take({ values }: FieldMessage, now: number): Anomaly[] {
    const { counts } = this;
    let anomalies: Anomaly[] | undefined;
    for (const { quality, series, time, value } of values) {
      if (typeof value === 'boolean') counts.booleans++;
      else if (quality !== 'good') counts.notGood++;
      else if (!(Math.abs(value) <= LARGEST_VALUE)) counts.tooLarge++;
      else {
        const place = this.#place(series);
        const alarm = place === undefined ? undefined : this.#alarms[place];
        if (place === undefined || alarm === undefined) counts.refused++;
        else if (alarm === 0) counts.unwatched++;
        else {
          counts.values++;
          this.#arrivals[place] = now;
          const row = place * at.STATE_LENGTH;
          const score = this.#detector.observe(this.#bank.state, row, time, value, alarm);
          if (score >= ALARM_SCORE) {
            anomalies ??= [];
            anomalies.push(this.#anomaly(series, time, value, score));
          }
        }
      }
    }
    return anomalies ?? [];
  }

  /** Series that are silent since they were last asked after. @param now of the clock that never jumps @param time ms since the epoch */
  findSilences(now: number, time: number): Anomaly[] {
    const { atLeast, intervals, report } = this.#configuration.silence;
    if (!report) return [];
    const silences: Anomaly[] = [];
    const { state } = this.#bank;
    let place = 0;
    for (const series of this.#bank.names) {
      const row = place * at.STATE_LENGTH;
      const arrival = this.#arrivals[place] ?? NEVER;
      const interval = state[row + at.INTERVAL] as number;
      const elapsed = now - arrival;
      const limit = Math.max(atLeast, intervals * interval);
      const regular = (state[row + at.INTERVAL_SPREAD] as number) <= REGULAR * interval;
      const known = interval > 0 && (state[row + at.COUNT] as number) >= WARM_UP && this.#alarms[place] !== 0;
      if (arrival !== NEVER && elapsed > limit && regular && known) {
        this.#arrivals[place] = NEVER;
        this.counts.anomalies++;
        const message: AnomalyMessage = {
          version: 1,
          series,
          time,
          value: state[row + at.LAST_VALUE] as number,
          score: elapsed / (elapsed + limit),
          expected: { low: state[row + at.LOW] as number, high: state[row + at.HIGH] as number },
          explanation: explainSilence(elapsed, interval),
        };
        silences.push({ message, reason: 'silent' });
        if (silences.length === MAX_SILENCES) break;
      }
      place++;
    }
    return silences;
  }

  #place(series: string): number | undefined {
    const known = this.#bank.placeOf(series);
    if (known !== undefined) return known;
    if (this.#bank.size >= this.#configuration.maxSeries) return undefined;
    const place = this.#bank.add(series);
    this.#alarms[place] = alarmOf(this.#configuration, series);
    this.#arrivals[place] = NEVER;
    return place;
  }

  #anomaly(series: string, time: number, value: number, score: number): Anomaly {
    this.counts.anomalies++;
    const finding = this.#detector.finding;
    const message: AnomalyMessage = {
      version: 1,
      series,
      time,
      value,
      score,
      expected: { low: finding.low, high: finding.high },
      explanation: explainFinding(finding, time),
    };
    return { message, reason: finding.measure };
  }
}

function alarmOf(configuration: DetectorConfiguration, series: string): number {
  const sensitivity = sensitivityOf(configuration, series);
  return sensitivity === 0 ? 0 : alarmSeverity(sensitivity);
}
