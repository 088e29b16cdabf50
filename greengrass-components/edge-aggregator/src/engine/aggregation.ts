import { type AnomalyMessage, type FieldValue, measureNameSchema, type Sample } from '@fleetwright/contracts';
import { type AggregationSettings, type SeriesSettings, SettingsBook } from '../configuration.ts';
import { Changes, type ChangesState } from '../series/changes.ts';
import { CountWindows, type CountWindowsState } from '../series/count-windows.ts';
import { MemoryBudget } from '../series/memory-budget.ts';
import type { SeriesMode } from '../series/series-mode.ts';
import { MAX_AHEAD, TimeWindows, type TimeWindowsState } from '../series/time-windows.ts';
import { type AggregationState, type Counts, noCounts } from './aggregation-state.ts';
import { type Batch, type BatchPriority, type Entry, packSamples, uploadIdOf } from './batch.ts';
import { type RawRequest, RawTap } from './raw-tap.ts';

/** Estimated bytes of a series besides its panes. */
const SERIES_BYTES = 700;
/** Samples that wait to be packed; with more of them they are packed at once. */
const MAX_ENTRIES = 20_000;
/** Batches that wait to be handed over; of more, the oldest are dropped and counted. */
const MAX_BATCHES = 2_000;
/** Refused series that are remembered by name, so that each is counted once. */
const MAX_REFUSED = 10_000;
interface Series {
  readonly name: string;
  readonly settings: SeriesSettings;
  /** Undefined for mode `off`. */
  readonly mode: SeriesMode | undefined;
  lastAt: number;
}

/**
 * Makes summaries of values.
 *
 * INVARIANT: it is deterministic. The same calls, with the same times, after the same state give the same batches under the
 * same numbers and ids. It knows no clock, no chance and no disk.
 */
export class Aggregation {
  #settings: AggregationSettings;
  #book: SettingsBook;
  #budget: MemoryBudget;
  #run: string;
  #nextNumber = 1;
  #counts: Counts = noCounts();
  #batches: Batch[] = [];
  #raw: RawTap | undefined;
  readonly #series = new Map<string, Series>();
  readonly #refused = new Set<string>();
  readonly #entries: Record<BatchPriority, Entry[]> = { normal: [], bulk: [] };

  /** @param run a random name for what is made from now on */
  constructor(settings: AggregationSettings, run: string) {
    this.#settings = settings;
    this.#book = new SettingsBook(settings);
    this.#budget = new MemoryBudget(settings.maxMemory);
    this.#run = run;
  }

  static from(state: AggregationState): Aggregation {
    const aggregation = new Aggregation(state.settings, state.run);
    aggregation.#nextNumber = state.nextNumber;
    aggregation.#counts = { ...state.counts };
    aggregation.#batches = [...state.batches];
    aggregation.#entries.normal.push(...state.entries.normal);
    aggregation.#entries.bulk.push(...state.entries.bulk);
    for (const name of state.refused) aggregation.#refused.add(name);
    if (state.raw !== undefined) aggregation.#raw = new RawTap(state.raw.request, state.raw);
    for (const { lastAt, mode, series } of state.series) aggregation.#add(series, lastAt, mode);
    return aggregation;
  }

  get settings(): AggregationSettings {
    return this.#settings;
  }

  get counts(): Readonly<Counts> {
    return this.#counts;
  }

  /** What is to be handed over, in order. */
  get batches(): readonly Batch[] {
    return this.#batches;
  }

  get raw(): RawTap | undefined {
    return this.#raw;
  }

  get seriesCount(): number {
    return this.#series.size;
  }

  get memory(): number {
    return this.#budget.used;
  }

  /** Series that were refused, by name, as far as they are remembered. */
  get refused(): ReadonlySet<string> {
    return this.#refused;
  }

  value({ quality, series: name, time, value }: FieldValue, now: number): void {
    const series = this.#series.get(name) ?? this.#admit(name, now);
    if (series === undefined) {
      this.#counts.valuesRefused++;
      return;
    }
    if (time > now + MAX_AHEAD) {
      this.#counts.ahead++;
      return;
    }
    this.#counts.values++;
    series.lastAt = now;
    const isRaw = this.#raw?.takes(name, now) ?? false;
    if (isRaw) {
      const values: Sample['values'] = { [name]: value };
      if (quality !== 'good') values[`${name}_quality`] = quality;
      this.#emit('bulk', { time, values });
    }
    series.mode?.value(time, value, quality, now, isRaw);
  }

  anomaly({ series: name, time, value }: Pick<AnomalyMessage, 'series' | 'time' | 'value'>, now: number): void {
    this.#counts.anomalies++;
    const series = this.#series.get(name);
    if (series === undefined) this.#counts.anomaliesUnknown++;
    else if (time > now + MAX_AHEAD) this.#counts.ahead++;
    else series.mode?.anomaly(time, value, now);
  }

  /** Closes what is due, and packs what is to be sent. */
  tick(now: number): void {
    for (const series of this.#series.values()) {
      series.mode?.tick(now);
      const silence = now - series.lastAt;
      if (silence < 0) series.lastAt = now;
      else if (silence >= this.#settings.forgetAfter && series.mode?.isIdle !== false) this.#remove(series);
    }
    this.#pack();
  }

  /** A series whose own settings change sends what is open and begins anew; the others go on. */
  configure(settings: AggregationSettings, now: number): void {
    const before = [...this.#series.values()];
    this.#settings = settings;
    this.#book = new SettingsBook(settings);
    const changed = before.filter(
      ({ name, settings: own }) => JSON.stringify(own) !== JSON.stringify(this.#book.of(name)),
    );
    for (const { mode } of changed) mode?.end();
    const held = new Map(before.map((series) => [series.name, { lastAt: series.lastAt, mode: series.mode?.state() }]));
    for (const { name } of changed) held.set(name, { lastAt: held.get(name)?.lastAt ?? now, mode: undefined });
    this.#series.clear();
    this.#refused.clear();
    this.#budget = new MemoryBudget(settings.maxMemory);
    for (const [name, { lastAt, mode }] of held) this.#add(name, lastAt, mode, now);
    this.#pack();
  }

  /** Raw values from now on; undefined: none. */
  tap(request: RawRequest | undefined): void {
    this.#raw = request && new RawTap(request);
  }

  /** Batches up to this number are somebody else's to keep. */
  handed(number: number): void {
    this.#batches = this.#batches.filter((batch) => batch.number > number);
  }

  /** A new process goes on: what it makes has a name of its own. */
  beginRun(run: string): void {
    this.#pack();
    this.#run = run;
  }

  state(): AggregationState {
    return {
      settings: this.#settings,
      run: this.#run,
      nextNumber: this.#nextNumber,
      counts: { ...this.#counts },
      batches: this.#batches,
      entries: { normal: [...this.#entries.normal], bulk: [...this.#entries.bulk] },
      refused: [...this.#refused],
      ...(this.#raw !== undefined && { raw: this.#raw.state() }),
      series: [...this.#series.values()].map(({ lastAt, mode, name }) => ({
        series: name,
        lastAt,
        mode: mode?.state() ?? {},
      })),
    };
  }

  #admit(name: string, now: number): Series | undefined {
    if (this.#refused.has(name)) return undefined;
    const hasRoom = this.#series.size < this.#settings.maxSeries && this.#budget.used < this.#settings.maxMemory;
    if (hasRoom && isNameFree(name)) return this.#add(name, now, undefined, now);
    if (this.#refused.size < MAX_REFUSED) {
      this.#refused.add(name);
      this.#counts.seriesRefused++;
    }
    return undefined;
  }

  /** @param kept of its mode; without it, it begins at `now` */
  #add(name: string, lastAt: number, kept: object | undefined, now = 0): Series {
    const settings = this.#book.of(name);
    this.#budget.demand(SERIES_BYTES);
    const ports = {
      series: name,
      settings,
      budget: this.#budget,
      emit: (time: number, values: Sample['values']) => this.#emit('normal', { time, values }),
      gaveUp: () => void this.#counts.percentilesGivenUp++,
    };
    const { mode, window } = settings;
    const make = (): SeriesMode | undefined => {
      if (mode === 'off') return undefined;
      if (mode !== 'window') return new Changes(ports, kept as ChangesState | undefined);
      if (window.by === 'count') return new CountWindows(ports, window, kept as CountWindowsState | undefined);
      return new TimeWindows(ports, window, now, kept as TimeWindowsState | undefined);
    };
    const series: Series = { name, settings, mode: make(), lastAt };
    this.#series.set(name, series);
    return series;
  }

  #remove({ name }: Series): void {
    this.#series.delete(name);
    this.#budget.give(SERIES_BYTES);
    this.#refused.clear();
  }

  #emit(priority: BatchPriority, entry: Entry): void {
    this.#entries[priority].push(entry);
    if (this.#entries[priority].length >= MAX_ENTRIES) this.#pack();
  }

  #pack(): void {
    for (const priority of ['normal', 'bulk'] as const) {
      for (const samples of packSamples(this.#entries[priority].splice(0))) {
        const number = this.#nextNumber++;
        this.#batches.push({ number, uploadId: uploadIdOf(this.#run, number), priority, samples });
      }
    }
    const tooMany = this.#batches.length - MAX_BATCHES;
    if (tooMany <= 0) return;
    this.#batches.splice(0, tooMany);
    this.#counts.batchesDropped += tooMany;
  }
}

/** Whether the cloud takes the measures of a series; the name itself is one in some modes. */
function isNameFree(series: string): boolean {
  return measureNameSchema.safeParse(series).success;
}
