import { mkdirSync, readdirSync } from 'node:fs';
import { CloudError } from '../errors.ts';
import { Batch, ENTRY, readBatches } from './batch.ts';
import type { DurableLog } from './durable-log.ts';
import { Segment, segmentNumber } from './segment.ts';

/** A segment that has grown to this is followed by another. */
const SEGMENT_BYTES = 16 * 1024 * 1024;
/** Dead bytes are let be up to this, and up to a multiple of the live ones. */
const SPARE_BYTES = 8 * SEGMENT_BYTES;
const SPARE_SHARE = 4;
/** Locations are numbers: segment × this + offset. */
const OFFSETS = 2 ** 32;
/** Ids left out at a restart: more than a crash can have given out without a trace on disk. */
const ID_GAP = 65_536;

const NOTHING_TO_WRITE = Promise.resolve();

/** Where a write that fails is told; from then on nothing is durable any more. */
export interface FailureReport {
  readonly error: CloudError | undefined;
  /** Answers the failure that counts: the first. */
  report(error: unknown): CloudError;
}

/**
 * All logs of a store in one sequence of segment files, so that whatever one turn of the event loop writes to any of
 * them is on disk after one write and one sync (group commit).
 *
 * INVARIANTS
 * - Batches are written one after another: when one is on disk, all before it are. After one that fails none is written.
 * - A segment is deleted only when it is the oldest, nothing in it is live, and the batch that held the last removal is
 *   on disk. So no removal is forgotten before what it removes.
 * - Each segment begins with the names and next ids of all logs.
 * - Live entries of the oldest segment are written anew, under their ids, when dead bytes prevail.
 */
export class Journal {
  readonly #directory: string;
  readonly #failure: FailureReport;
  readonly #logs = new Map<string, Log>();
  /** By number. */
  readonly #numbered: Log[] = [];
  /** Oldest first; the last one is written to. */
  readonly #segments: Segment[] = [];
  readonly #byOrdinal = new Map<number, Segment>();
  #ordinals = 0;
  #filling: Batch | undefined;
  #writing: Batch | undefined;
  #spare: Buffer | undefined;
  #scheduled = false;
  #flushing = false;

  /** @throws CloudError `DATA_DIRECTORY_UNUSABLE` for a damaged file */
  constructor(directory: string, failure: FailureReport) {
    this.#directory = directory;
    this.#failure = failure;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#recover();
  }

  log(name: string): DurableLog {
    let log = this.#logs.get(name);
    if (log === undefined) {
      log = this.#newLog(name, this.#numbered.length);
      // The segment written to does not have its name yet.
      if (this.#segments.length > 0) this.#nameLog(this.#batch(), log);
    }
    return log;
  }

  durable(): Promise<void> {
    if (this.#failure.error !== undefined) return Promise.reject(this.#failure.error);
    return (this.#filling ?? this.#writing)?.written() ?? NOTHING_TO_WRITE;
  }

  /** Resolves when all is on disk. @throws CloudError when that cannot be */
  async close(): Promise<void> {
    try {
      while (this.#filling !== undefined || this.#writing !== undefined) {
        await this.durable();
        await new Promise((resolve) => setImmediate(resolve));
      }
    } finally {
      for (const segment of this.#segments) segment.close();
    }
  }

  append(log: Log, id: number, value: Uint8Array): void {
    const batch = this.#batch();
    const offset = batch.add(ENTRY.put, log.number, id, value);
    const { segment } = batch;
    log.locations.set(id, segment.ordinal * OFFSETS + offset);
    segment.puts++;
    segment.live++;
  }

  remove(log: Log, id: number): void {
    const location = log.locations.get(id);
    if (location === undefined) return;
    log.locations.delete(id);
    this.#segmentOf(location).live--;
    this.#batch().add(ENTRY.remove, log.number, id);
  }

  read(location: number): Buffer {
    const segment = this.#segmentOf(location);
    const offset = location % OFFSETS;
    for (const batch of [this.#filling, this.#writing]) {
      if (batch !== undefined && batch.segment === segment && offset >= batch.start) return batch.read(offset);
    }
    return segment.read(offset);
  }

  #segmentOf(location: number): Segment {
    return this.#byOrdinal.get(Math.floor(location / OFFSETS)) as Segment;
  }

  #newLog(name: string, number: number): Log {
    const log = new Log(this, name, number);
    this.#logs.set(name, log);
    this.#numbered[number] = log;
    return log;
  }

  #nameLog(batch: Batch, log: Log): void {
    batch.add(ENTRY.name, log.number, log.next, Buffer.from(log.name));
  }

  /** The batch that takes entries now; from now on it will be written. */
  #batch(): Batch {
    if (this.#filling !== undefined) return this.#filling;
    let segment = this.#segments.at(-1);
    const isNew = segment === undefined || segment.size >= SEGMENT_BYTES;
    if (segment === undefined || isNew) segment = this.#addSegment((segment?.number ?? 0) + 1);
    const batch = new Batch(segment, segment.size, this.#spare);
    this.#spare = undefined;
    this.#filling = batch;
    if (isNew) for (const log of this.#numbered) if (log !== undefined) this.#nameLog(batch, log);
    this.#schedule();
    return batch;
  }

  #addSegment(number: number): Segment {
    const segment = new Segment(this.#directory, number, this.#ordinals++);
    this.#segments.push(segment);
    this.#byOrdinal.set(segment.ordinal, segment);
    return segment;
  }

  /** At the end of the turn, so that all its writes share one batch; or when the batch before is on disk. */
  #schedule(): void {
    if (this.#scheduled || this.#flushing) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      void this.#flush();
    });
  }

  async #flush(): Promise<void> {
    this.#flushing = true;
    while (this.#filling !== undefined && this.#failure.error === undefined) {
      const batch: Batch = this.#filling;
      this.#filling = undefined;
      this.#writing = batch;
      batch.segment.size = batch.start + batch.length;
      const dead = this.#deadSegments(batch);
      try {
        await batch.segment.write(batch.sealed(), batch.start);
      } catch (error) {
        const failure = this.#failure.report(error);
        batch.failed(failure);
        this.#unwritten()?.failed(failure);
        break;
      }
      this.#writing = undefined;
      this.#spare ??= batch.reusable;
      batch.succeeded();
      this.#drop(dead);
      this.#clean();
    }
    this.#flushing = false;
  }

  /** What was added while the last batch was written. */
  #unwritten(): Batch | undefined {
    return this.#filling;
  }

  /** How many of the oldest segments hold nothing live once `batch` is on disk. */
  #deadSegments(batch: Batch): number {
    const written = this.#segments.indexOf(batch.segment);
    let count = 0;
    while (count < written && this.#segments[count]?.live === 0) count++;
    return count;
  }

  #drop(count: number): void {
    for (const segment of this.#segments.splice(0, count)) {
      this.#byOrdinal.delete(segment.ordinal);
      segment.delete();
    }
  }

  #clean(): void {
    const [oldest] = this.#segments;
    if (oldest === undefined || this.#segments.length < 2 || oldest.live === 0) return;
    let total = 0;
    let live = 0;
    for (const segment of this.#segments) {
      total += segment.size;
      live += segment.liveBytes;
    }
    if (total <= SPARE_SHARE * live + SPARE_BYTES) return;
    const ordinal = oldest.ordinal * OFFSETS;
    readBatches(oldest.content(), ({ kind, log: number, id, offset, value }) => {
      const log = this.#numbered[number];
      if (kind !== ENTRY.put || log?.locations.get(id) !== ordinal + offset) return;
      oldest.live--;
      this.append(log, id, value);
    });
  }

  #recover(): void {
    const numbers = readdirSync(this.#directory)
      .map(segmentNumber)
      .filter((number) => number !== undefined)
      .sort((left, right) => left - right);
    for (const [index, number] of numbers.entries()) {
      const segment = this.#addSegment(number);
      const content = segment.content();
      const end = readBatches(content, (entry) => this.#replay(segment, entry.kind, entry.log, entry.id, entry));
      segment.size = end;
      if (end === content.length) continue;
      if (index < numbers.length - 1) {
        throw new CloudError('DATA_DIRECTORY_UNUSABLE', `${segment.path} is damaged at byte ${end}`);
      }
      segment.truncate(end);
    }
    for (const log of this.#logs.values()) log.recovered();
  }

  #replay(segment: Segment, kind: number, number: number, id: number, entry: { offset: number; value: Buffer }): void {
    let log = this.#numbered[number];
    if (kind === ENTRY.name) {
      log ??= this.#newLog(entry.value.toString(), number);
      log.next = Math.max(log.next, id);
      return;
    }
    if (log === undefined) {
      throw new CloudError('DATA_DIRECTORY_UNUSABLE', `${segment.path} names no log ${number} at byte ${entry.offset}`);
    }
    const earlier = log.locations.get(id);
    if (earlier !== undefined) this.#segmentOf(earlier).live--;
    log.next = Math.max(log.next, id + 1);
    if (kind === ENTRY.remove) log.locations.delete(id);
    else {
      log.locations.set(id, segment.ordinal * OFFSETS + entry.offset);
      segment.puts++;
      segment.live++;
    }
  }
}

/** One log of a journal. */
class Log implements DurableLog {
  readonly name: string;
  readonly number: number;
  /** Where each live entry is, by id; in order of id. */
  locations = new Map<number, number>();
  next = 1;
  readonly #journal: Journal;

  constructor(journal: Journal, name: string, number: number) {
    this.#journal = journal;
    this.name = name;
    this.number = number;
  }

  append(value: Uint8Array): number {
    const id = this.next++;
    this.#journal.append(this, id, value);
    return id;
  }

  get(id: number): Buffer | undefined {
    const location = this.locations.get(id);
    return location === undefined ? undefined : this.#journal.read(location);
  }

  remove(id: number): void {
    this.#journal.remove(this, id);
  }

  *entries(from = 0): Iterable<[number, Buffer]> {
    for (const [id, location] of this.locations) if (id >= from) yield [id, this.#journal.read(location)];
  }

  /** Entries that were written anew stand behind later ones in the files. */
  recovered(): void {
    this.locations = new Map([...this.locations].sort(([left], [right]) => left - right));
    this.next += ID_GAP;
  }
}
