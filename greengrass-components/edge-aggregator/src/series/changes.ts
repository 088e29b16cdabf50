import type { Sample } from '@fleetwright/contracts';
import { LateCount, numberOf, type Quality, type SeriesMode, type SeriesPorts } from './series-mode.ts';

export interface ChangesState {
  readonly late: readonly [number, number];
  readonly sent?: { readonly time: number; readonly value: number | boolean };
  readonly quality: Quality;
}

/**
 * Values that tell something new: that differ from the one sent last, by more than a band in mode `deadBand`, or that come
 * after long silence. A change of quality is news too and goes as `{series}_quality`; a bad value itself is not sent, and an
 * uncertain one neither when such are left out. An anomaly goes with its value as `{series}_anomalies`.
 */
export class Changes implements SeriesMode {
  readonly late = new LateCount();
  readonly #ports: SeriesPorts;
  #sent: { readonly time: number; readonly value: number | boolean } | undefined;
  #quality: Quality = 'good';

  constructor(ports: SeriesPorts, state?: ChangesState) {
    this.#ports = ports;
    if (state === undefined) return;
    [this.late.values, this.late.anomalies] = state.late;
    this.#sent = state.sent;
    this.#quality = state.quality;
  }

  readonly isIdle = true;

  value(time: number, value: number | boolean, quality: Quality, now: number, isRaw: boolean): void {
    const { series, settings } = this.#ports;
    if (now - time > settings.lateness) {
      this.late.values++;
      return;
    }
    const usable = numberOf(value) === undefined ? 'bad' : quality;
    const hasValue = usable === 'good' || (usable === 'uncertain' && settings.uncertain === 'use');
    const isNews = hasValue && this.#isNews(time, value);
    if (!isNews && usable === this.#quality) return;
    const values: Sample['values'] = {};
    if (hasValue) {
      values[series] = value;
      this.#sent = { time, value };
    }
    if (usable !== this.#quality) values[`${series}_quality`] = usable;
    this.#quality = usable;
    if (isRaw) return;
    this.late.tell(series, values);
    this.#ports.emit(time, values);
  }

  anomaly(time: number, value: number, now: number): void {
    const { series, settings } = this.#ports;
    if (now - time > settings.lateness) this.late.anomalies++;
    else this.#ports.emit(time, { [series]: value, [`${series}_anomalies`]: 1 });
  }

  tick(): void {}

  end(): void {}

  state(): ChangesState {
    return {
      late: [this.late.values, this.late.anomalies],
      ...(this.#sent !== undefined && { sent: this.#sent }),
      quality: this.#quality,
    };
  }

  #isNews(time: number, value: number | boolean): boolean {
    if (this.#sent === undefined || typeof value !== typeof this.#sent.value) return true;
    const { deadBand, maxSilence, mode } = this.#ports.settings;
    const silence = time - this.#sent.time;
    // A clock that was set back has told nothing for an unknown time.
    if (silence < 0 || silence >= (mode === 'change' ? maxSilence : deadBand.maxSilence)) return true;
    if (mode === 'change' || typeof value === 'boolean') return value !== this.#sent.value;
    const { absolute = Number.POSITIVE_INFINITY, percent = Number.POSITIVE_INFINITY } = deadBand;
    const before = Number(this.#sent.value);
    return Math.abs(value - before) > Math.min(absolute, (Math.abs(before) * percent) / 100);
  }
}
