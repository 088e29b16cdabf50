import { appendFile, mkdir, readdir, readFile, rm, stat, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { compareEvents, type EventRange, inRange, type StoredEvent } from './event-order.ts';
import { SEGMENT_BYTES } from './limits.ts';

/** What is known of one file of a stream without reading it. */
export interface Segment {
  /** Sequence of its first event, and its file's name. */
  readonly first: number;
  count: number;
  bytes: number;
  messageBytes: number;
  minTime: number;
  maxTime: number;
}

/** State of a stream besides its files; lives in the stream's record in the store. */
export interface StreamState {
  nextSequence: number;
  readonly segments: Segment[];
}

export interface NewEvent {
  readonly timestamp: number;
  readonly message: string;
}

/**
 * Events of one log stream: JSON lines in files of about {@link SEGMENT_BYTES}, in the order of arrival.
 *
 * INVARIANTS
 * - `append` resolves when the operating system has the lines: they survive `kill -9` of this process.
 * - A line torn by a crash is cut off before anything is appended after it.
 * - Segments hold consecutive sequences; a file is only ever appended to or removed whole.
 */
export class StreamEvents {
  readonly #directory: string;
  readonly #state: StreamState;
  readonly #changed: () => void;
  /** Writes, recovery and removal happen one after the other. */
  #tail: Promise<unknown> = Promise.resolve();
  #recovered: Promise<void> | undefined;
  /** The last append failed: its file may end in half a line. */
  #torn = false;

  /** `state` is kept up to date in place; `changed` is called after each change, to save it. */
  constructor(directory: string, state: StreamState, changed: () => void) {
    this.#directory = directory;
    this.#state = state;
    this.#changed = changed;
  }

  get firstTimestamp(): number | undefined {
    return this.#state.segments.length === 0
      ? undefined
      : Math.min(...this.#state.segments.map((segment) => segment.minTime));
  }

  get lastTimestamp(): number | undefined {
    return this.#state.segments.length === 0
      ? undefined
      : Math.max(...this.#state.segments.map((segment) => segment.maxTime));
  }

  get messageBytes(): number {
    return this.#state.segments.reduce((sum, segment) => sum + segment.messageBytes, 0);
  }

  /** Finds lines that reached a file but not the state store before a crash. */
  recover(): Promise<void> {
    this.#recovered ??= this.#inTurn(() => this.#recover());
    return this.#recovered;
  }

  async append(events: readonly NewEvent[], ingestionTime: number): Promise<void> {
    await this.recover();
    await this.#inTurn(() => this.#write(events, ingestionTime));
  }

  /** Events of the range in order of time, then of arrival (or the reverse). */
  async *read(range: EventRange): AsyncGenerator<StoredEvent> {
    await this.recover();
    const ascending = range.direction === 'ascending';
    const candidates = this.#state.segments
      .filter((segment) => mayHold(segment, range))
      .sort((a, b) => (ascending ? a.minTime - b.minTime : b.maxTime - a.maxTime));
    let pending: StoredEvent[] = [];
    for (let index = 0; index < candidates.length; index++) {
      const found = (await this.#load(candidates[index] as Segment)).filter((event) => inRange(event, range));
      pending = [...pending, ...found].sort(ascending ? compareEvents : (a, b) => compareEvents(b, a));
      const next = candidates[index + 1];
      const settled = (event: StoredEvent) =>
        next === undefined || (ascending ? event.timestamp < next.minTime : event.timestamp > next.maxTime);
      let taken = 0;
      for (const event of pending) {
        if (!settled(event)) break;
        taken++;
        yield event;
      }
      pending = pending.slice(taken);
    }
  }

  /** Removes files all of whose events are older than `cutoff`. */
  async removeBefore(cutoff: number): Promise<void> {
    await this.recover();
    await this.#inTurn(async () => {
      const { segments } = this.#state;
      const expired = segments.filter((segment) => segment.maxTime < cutoff);
      for (const segment of expired) {
        segments.splice(segments.indexOf(segment), 1);
        await rm(this.#file(segment.first), { force: true });
      }
      if (expired.length > 0) this.#changed();
    });
  }

  /** Resolves when everything asked for so far is written. */
  async settle(): Promise<void> {
    await this.#tail;
  }

  async destroy(): Promise<void> {
    await this.#inTurn(() => rm(this.#directory, { recursive: true, force: true }));
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(task);
    this.#tail = result.catch(() => undefined);
    return result;
  }

  async #write(events: readonly NewEvent[], ingestionTime: number): Promise<void> {
    if (events.length === 0) return;
    if (this.#torn) await this.#recover();
    const state = this.#state;
    let segment = state.segments.at(-1);
    const roll = segment === undefined || segment.bytes >= SEGMENT_BYTES;
    if (segment === undefined || roll) {
      segment = emptySegment(state.nextSequence);
      await mkdir(this.#directory, { recursive: true });
    }
    const lines = events.map((event) => line(event, ingestionTime)).join('');
    this.#torn = true;
    await appendFile(this.#file(segment.first), lines);
    this.#torn = false;
    if (roll) state.segments.push(segment);
    for (const event of events) include(segment, event);
    segment.bytes += Buffer.byteLength(lines);
    state.nextSequence += events.length;
    this.#changed();
  }

  async #recover(): Promise<void> {
    const { segments } = this.#state;
    const from = segments.at(-1)?.first ?? 0;
    const onDisk = (await readdir(this.#directory).catch(() => []))
      .map((name) => Number.parseInt(name, 10))
      .filter((first) => first >= from)
      .sort((a, b) => a - b);
    let changed = false;
    for (const first of onDisk) {
      const known = segments.find((segment) => segment.first === first);
      const { size } = await stat(this.#file(first));
      if (known?.bytes === size) continue;
      const found = await this.#rescan(first);
      if (known !== undefined) Object.assign(known, found);
      else segments.push(found);
      this.#state.nextSequence = Math.max(this.#state.nextSequence, found.first + found.count);
      changed = true;
    }
    this.#torn = false;
    if (changed) this.#changed();
  }

  async #rescan(first: number): Promise<Segment> {
    const path = this.#file(first);
    const bytes = await readFile(path);
    const whole = bytes.lastIndexOf(0x0a) + 1;
    if (whole < bytes.length) await truncate(path, whole);
    const segment = emptySegment(first);
    segment.bytes = whole;
    for (const event of parse(bytes.subarray(0, whole), first)) include(segment, event);
    return segment;
  }

  async #load(segment: Segment): Promise<StoredEvent[]> {
    const { first, bytes } = segment;
    // Lines behind `bytes` belong to an append that has not been answered yet.
    const content = await readFile(this.#file(first)).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return Buffer.alloc(0);
      throw error;
    });
    return parse(content.subarray(0, bytes), first);
  }

  #file(first: number): string {
    return join(this.#directory, `${String(first).padStart(12, '0')}.jsonl`);
  }
}

function line(event: NewEvent, ingestionTime: number): string {
  return `{"timestamp":${event.timestamp},"ingestionTime":${ingestionTime},"message":${JSON.stringify(event.message)}}\n`;
}

function parse(bytes: Buffer, first: number): StoredEvent[] {
  const text = bytes.toString();
  if (text === '') return [];
  return text
    .slice(0, -1)
    .split('\n')
    .map((json, index) => ({ ...(JSON.parse(json) as Omit<StoredEvent, 'sequence'>), sequence: first + index }));
}

function emptySegment(first: number): Segment {
  return { first, count: 0, bytes: 0, messageBytes: 0, minTime: Number.MAX_SAFE_INTEGER, maxTime: 0 };
}

function include(segment: Segment, event: NewEvent): void {
  segment.count++;
  segment.messageBytes += Buffer.byteLength(event.message);
  segment.minTime = Math.min(segment.minTime, event.timestamp);
  segment.maxTime = Math.max(segment.maxTime, event.timestamp);
}

function mayHold(segment: Segment, range: EventRange): boolean {
  if (range.from !== undefined && segment.maxTime < range.from) return false;
  if (range.until !== undefined && segment.minTime >= range.until) return false;
  if (range.boundary === undefined) return true;
  const { timestamp } = range.boundary;
  return range.direction === 'ascending' ? segment.maxTime >= timestamp : segment.minTime <= timestamp;
}
