import type { WindowSettings } from '../configuration.ts';
import { Pane, type PaneState } from './pane.ts';
import { LateCount, putInto, type Quality, type SeriesMode, type SeriesPorts } from './series-mode.ts';
import { summarize } from './summarize.ts';

export interface CountWindowsState {
  readonly late: readonly [number, number];
  readonly panes: readonly PaneState[];
  readonly ended: number;
  readonly sent: number;
  readonly openedAt: number;
  readonly due: readonly number[];
}

/** How long after the clock has been set back a step still waits. ms */
const CLOCK_TOLERANCE = 60_000;

/**
 * Windows of a number of values, in the order in which they come; all values count, whatever their quality. A window is sent
 * `lateness` after its last value, so that anomalies of its values find it, with the time of its first value, and
 * `{series}_span`, the ms from first to last. A value older than `lateness` when it comes is left out and counts as late.
 *
 * INVARIANT: `panes` holds first those that windows to come, or to be sent, still need, and last the open one if any.
 */
export class CountWindows implements SeriesMode {
  readonly late = new LateCount();
  readonly #ports: SeriesPorts;
  readonly #window: Extract<WindowSettings, { by: 'count' }>;
  readonly #every: number;
  readonly #steps: number;
  #panes: Pane[] = [];
  /** How many of the panes have ended. */
  #ended = 0;
  /** Of these, how many have been the last of a window that was sent. */
  #sent = 0;
  /** When the open pane got its first value. */
  #openedAt = 0;
  /** When the windows of panes that have ended, and were not sent, are due. */
  #due: number[] = [];

  constructor(ports: SeriesPorts, window: Extract<WindowSettings, { by: 'count' }>, state?: CountWindowsState) {
    this.#ports = ports;
    this.#window = window;
    this.#every = window.every ?? window.length;
    this.#steps = window.length / this.#every;
    if (state === undefined) return;
    [this.late.values, this.late.anomalies] = state.late;
    this.#panes = state.panes.map((pane) => Pane.from(pane, ports.budget));
    this.#ended = state.ended;
    this.#sent = state.sent;
    this.#openedAt = state.openedAt;
    this.#due = [...state.due];
  }

  get isIdle(): boolean {
    return this.#panes.length === this.#sent && this.late.values + this.late.anomalies === 0;
  }

  value(time: number, value: number | boolean, quality: Quality, now: number): void {
    this.tick(now);
    if (now - time > this.#ports.settings.lateness) {
      this.late.values++;
      return;
    }
    let open = this.#panes[this.#ended];
    if (open === undefined) {
      open = new Pane(this.#ports.settings.percentiles.length > 0, this.#ports.budget);
      this.#panes.push(open);
      this.#openedAt = now;
    }
    putInto(open, time, value, quality, this.#ports);
    if (open.moments.count + open.bad + open.uncertain >= this.#every) this.#endStep(now);
  }

  anomaly(time: number, _value: number, now: number): void {
    this.tick(now);
    const pane = this.#panes.findLast(({ first, last }) => first <= time && time <= last);
    // A pane whose first window was sent tells the anomaly in the windows that follow, where there are any.
    if (pane === undefined || this.#panes.indexOf(pane) < this.#sent) this.late.anomalies++;
    if (pane !== undefined) pane.anomalies++;
  }

  tick(now: number): void {
    const hasOpen = this.#panes.length > this.#ended;
    const waited = now - this.#openedAt;
    if (hasOpen && (waited >= this.#window.maxWait || waited < -CLOCK_TOLERANCE)) this.#endStep(now);
    const { lateness } = this.#ports.settings;
    for (let due = this.#due[0]; due !== undefined && (now >= due || due > now + lateness + CLOCK_TOLERANCE); ) {
      this.#send();
      due = this.#due[0];
    }
  }

  end(): void {
    if (this.#panes.length > this.#ended) this.#endStep(0);
    while (this.#due.length > 0) this.#send();
    for (const pane of this.#panes) pane.release();
    this.#panes = [];
    this.#ended = 0;
    this.#sent = 0;
  }

  state(): CountWindowsState {
    return {
      late: [this.late.values, this.late.anomalies],
      panes: this.#panes.map((pane) => pane.state()),
      ended: this.#ended,
      sent: this.#sent,
      openedAt: this.#openedAt,
      due: this.#due,
    };
  }

  #endStep(now: number): void {
    this.#ended++;
    this.#due.push(now + this.#ports.settings.lateness);
  }

  /** The window that the first pane ends which was not sent. At the beginning it has fewer steps. */
  #send(): void {
    const { series, settings } = this.#ports;
    this.#due.shift();
    this.#sent++;
    const whole = new Pane(settings.percentiles.length > 0);
    for (const pane of this.#panes.slice(Math.max(0, this.#sent - this.#steps), this.#sent)) whole.merge(pane);
    const values = summarize(series, whole, settings);
    values[`${series}_span`] = whole.last - whole.first;
    this.late.tell(series, values);
    this.#ports.emit(whole.first, values);
    const needless = this.#sent - this.#steps + 1;
    if (needless <= 0) return;
    for (const pane of this.#panes.splice(0, needless)) pane.release();
    this.#sent -= needless;
    this.#ended -= needless;
  }
}
