import type { FieldValue } from '../../../../contracts/src/index.ts';
import { seriesOf } from '../configuration/gateway-configuration.ts';
import type { PointOptions } from '../configuration/point-options.ts';

/** Takes values of a source on their way. */
export type ValueSink = (values: readonly FieldValue[]) => void;

/** What a source says of a point, before scale. */
export interface RawReading {
  readonly point: string;
  readonly raw: number | boolean;
  /** ms since the epoch */
  readonly time: number;
}

interface PointState {
  last?: number | boolean;
  changedAt: number;
  /** Why the point is not good at present. */
  trouble?: string;
}

/**
 * What is known of the points of a source.
 *
 * INVARIANTS
 * - `good` is only what the source has just said, within the valid range.
 * - Of a point that is silent, or refused by its source, the last value goes out once more, `uncertain` or `bad`, and then none
 *   until the source speaks of it again. A point that was never read has no value.
 */
export class PointTable {
  readonly #source: string;
  readonly #options: ReadonlyMap<string, PointOptions>;
  readonly #sink: ValueSink;
  readonly #states = new Map<string, PointState>();

  constructor(source: string, options: Readonly<Record<string, PointOptions>>, sink: ValueSink) {
    this.#source = source;
    this.#options = new Map(Object.entries(options));
    this.#sink = sink;
  }

  /** Points that are not good, with the reason. */
  get troubles(): Map<string, string> {
    const troubles = new Map<string, string>();
    for (const [point, { trouble }] of this.#states) if (trouble !== undefined) troubles.set(point, trouble);
    return troubles;
  }

  get names(): string[] {
    return [...this.#options.keys()];
  }

  read(readings: readonly RawReading[]): void {
    const values: FieldValue[] = [];
    for (const { point, raw, time } of readings) {
      const options = this.#options.get(point);
      if (options === undefined) continue;
      const value = typeof raw === 'number' ? scaled(raw, options) : raw;
      if (typeof value === 'number' && !Number.isFinite(value)) {
        this.#once(point, 'bad', 'is no finite number', time, values);
        continue;
      }
      const state = this.#states.get(point) ?? { changedAt: time };
      this.#states.set(point, state);
      if (state.last !== value) state.changedAt = time;
      state.last = value;
      const trouble = troubleOf(value, time - state.changedAt, options);
      state.trouble = trouble && `${trouble.quality}: ${trouble.reason}`;
      values.push({ series: seriesOf(this.#source, point), time, value, quality: trouble?.quality ?? 'good' });
    }
    if (values.length > 0) this.#sink(values);
  }

  /** The source does not answer for these points. */
  silent(points: readonly string[], reason: string, time: number): void {
    this.#all(points, 'uncertain', reason, time);
  }

  /** The source refuses these points, or what it says of them makes no sense. */
  refused(points: readonly string[], reason: string, time: number): void {
    this.#all(points, 'bad', reason, time);
  }

  #all(points: readonly string[], quality: 'uncertain' | 'bad', reason: string, time: number): void {
    const values: FieldValue[] = [];
    for (const point of points) this.#once(point, quality, reason, time, values);
    if (values.length > 0) this.#sink(values);
  }

  #once(point: string, quality: 'uncertain' | 'bad', reason: string, time: number, values: FieldValue[]): void {
    const state = this.#states.get(point) ?? { changedAt: time };
    this.#states.set(point, state);
    const trouble = `${quality}: ${reason}`;
    if (state.trouble === trouble) return;
    const said = state.trouble?.startsWith(`${quality}: `) === true;
    state.trouble = trouble;
    if (said || state.last === undefined) return;
    values.push({ series: seriesOf(this.#source, point), time, value: state.last, quality });
  }
}

/** value = raw × scale + offset, without the tail of binary fractions. */
export function scaled(raw: number, { offset, scale }: Pick<PointOptions, 'offset' | 'scale'>): number {
  return scale === 1 && offset === 0 ? raw : Number((raw * scale + offset).toPrecision(12));
}

/** What to write for a value. */
export function unscaled(value: number, { offset, scale }: Pick<PointOptions, 'offset' | 'scale'>): number {
  return Number(((value - offset) / scale).toPrecision(12));
}

function troubleOf(
  value: number | boolean,
  unchanged: number,
  { frozenAfterMs, valid }: PointOptions,
): { quality: 'uncertain' | 'bad'; reason: string } | undefined {
  if (valid !== undefined && typeof value === 'number') {
    const { max = Number.POSITIVE_INFINITY, min = Number.NEGATIVE_INFINITY } = valid;
    if (value < min || value > max) return { quality: 'bad', reason: `${value} is outside its valid range` };
  }
  if (frozenAfterMs === undefined || unchanged < frozenAfterMs) return undefined;
  return { quality: 'uncertain', reason: `frozen: unchanged for ${frozenAfterMs} ms` };
}
