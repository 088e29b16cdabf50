import type { Sample } from '@fleetwright/contracts';
import type { WindowSettings } from '../configuration.ts';
import { Pane, type PaneState } from './pane.ts';
import { LateCount, putInto, type Quality, type SeriesMode, type SeriesPorts } from './series-mode.ts';
import { summarize } from './summarize.ts';

/** How far beyond the core's clock values may be; the clock was set back when closed windows are further ahead than that. ms */
export const MAX_AHEAD = 60_000;

export interface TimeWindowsState {
  readonly closed: number;
  readonly late: readonly [number, number];
  readonly panes: readonly (readonly [number, PaneState])[];
}

/**
 * Windows of event time, [end - length, end) for each whole multiple `end` of `every`. One closes when the core's clock is
 * `lateness` past its end, and is then sent once, with the time of its beginning; an empty one is not sent. A value that
 * comes later goes into those of its windows that are open, and counts as late.
 *
 * INVARIANT: a window holds exactly the values and anomalies of its time that came before it closed.
 */
export class TimeWindows implements SeriesMode {
  readonly late = new LateCount();
  readonly #ports: SeriesPorts;
  readonly #length: number;
  readonly #every: number;
  readonly #lateness: number;
  readonly #panes = new Map<number, Pane>();
  /** End of the last window that is closed. */
  #closed: number;

  constructor(ports: SeriesPorts, window: WindowSettings, now: number, state?: TimeWindowsState) {
    this.#ports = ports;
    this.#length = window.length;
    this.#every = window.every ?? window.length;
    this.#lateness = ports.settings.lateness;
    this.#closed = state?.closed ?? this.#dueAt(now);
    if (state === undefined) return;
    [this.late.values, this.late.anomalies] = state.late;
    for (const [start, pane] of state.panes) this.#panes.set(start, Pane.from(pane, ports.budget));
  }

  get isIdle(): boolean {
    return this.#panes.size === 0 && this.late.values + this.late.anomalies === 0;
  }

  value(time: number, value: number | boolean, quality: Quality, now: number): void {
    const pane = this.#paneOf(time, now);
    if (pane === undefined) this.late.values++;
    else {
      if (pane.isPartlyClosed) this.late.values++;
      putInto(pane.pane, time, value, quality, this.#ports);
    }
  }

  anomaly(time: number, _value: number, now: number): void {
    const pane = this.#paneOf(time, now);
    if (pane === undefined) this.late.anomalies++;
    else {
      if (pane.isPartlyClosed) this.late.anomalies++;
      pane.pane.anomalies++;
    }
  }

  tick(now: number): void {
    const due = this.#dueAt(now);
    if (due > this.#closed) this.#close(due);
    else if (due < this.#closed - this.#every - MAX_AHEAD) {
      this.end();
      this.#closed = due;
    }
  }

  end(): void {
    const last = Math.max(...this.#panes.keys());
    if (this.#panes.size > 0) this.#close(last + this.#length);
  }

  state(): TimeWindowsState {
    return {
      closed: this.#closed,
      late: [this.late.values, this.late.anomalies],
      panes: [...this.#panes].map(([start, pane]) => [start, pane.state()]),
    };
  }

  /** End of the last window that is to be closed. */
  #dueAt(now: number): number {
    return Math.floor((now - this.#lateness) / this.#every) * this.#every;
  }

  /** Undefined when all windows of the time are closed. */
  #paneOf(time: number, now: number): { readonly pane: Pane; readonly isPartlyClosed: boolean } | undefined {
    this.tick(now);
    const start = Math.floor(time / this.#every) * this.#every;
    if (start + this.#length <= this.#closed) return undefined;
    let pane = this.#panes.get(start);
    if (pane === undefined) {
      pane = new Pane(this.#ports.settings.percentiles.length > 0, this.#ports.budget);
      this.#panes.set(start, pane);
    }
    return { pane, isPartlyClosed: start + this.#every <= this.#closed };
  }

  #close(due: number): void {
    if (this.#panes.size > 0) {
      const starts = [...this.#panes.keys()];
      const first = Math.max(this.#closed + this.#every, Math.min(...starts) + this.#every);
      const last = Math.min(due, Math.max(...starts) + this.#length);
      for (let end = first; end <= last; end += this.#every) this.#send(end);
      for (const [start, pane] of this.#panes) {
        if (start + this.#length > due) continue;
        pane.release();
        this.#panes.delete(start);
      }
    }
    if (this.late.values + this.late.anomalies > 0) this.#tellLate(due);
    this.#closed = due;
  }

  /** No window was sent that would have told it. */
  #tellLate(due: number): void {
    const values: Sample['values'] = {};
    this.late.tell(this.#ports.series, values);
    this.#ports.emit(Math.max(0, due - this.#length), values);
  }

  #send(end: number): void {
    const { series, settings } = this.#ports;
    const start = end - this.#length;
    const whole = new Pane(settings.percentiles.length > 0);
    for (let at = start; at < end; at += this.#every) {
      const pane = this.#panes.get(at);
      if (pane !== undefined) whole.merge(pane);
    }
    if (whole.isEmpty) return;
    const values = summarize(series, whole, settings);
    this.late.tell(series, values);
    this.#ports.emit(Math.max(0, start), values);
  }
}
