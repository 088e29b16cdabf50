import { type Channel, extendSpans } from './channel.ts';
import { writeFully } from './file-system.ts';
import type { LaneBuffer } from './lane-buffer.ts';
import { LoadedSegment } from './loaded-segment.ts';
import type { Settings } from './options.ts';
import type { Rank } from './priority.ts';
import { sealRecord } from './record.ts';
import type { Counters } from './report.ts';
import { Segment } from './segment.ts';

/** Loaded segments that a lane keeps: channels that are read in turn stand at about the same place. */
const KEPT_LOADED = 2;

interface Touched {
  readonly segment: Segment;
  readonly sizeBefore: number;
  readonly isNew: boolean;
  /** Of the buffer's records. */
  readonly from: number;
  readonly to: number;
}

/**
 * The segments of one rank.
 *
 * INVARIANTS
 * - Only the active segment is written to, at its end. None of an earlier run is.
 * - Nothing is written behind bytes that a failed write may have left: they are cut off, or the segment is left for a new one.
 * - Records of a write count only when all of it is on disk as the policy wants it.
 */
export class Lane {
  readonly rank: Rank;
  /** Oldest first. */
  readonly segments: Segment[] = [];
  active: Segment | undefined;
  /** Written and not synced (policy `interval`). */
  readonly unsynced = new Set<Segment>();
  readonly #settings: Settings;
  readonly #counters: Counters;
  #loaded: LoadedSegment[] = [];
  #lastNumber = 0;
  #directoryUnsynced = false;

  constructor(rank: Rank, settings: Settings, counters: Counters) {
    this.rank = rank;
    this.#settings = settings;
    this.#counters = counters;
  }

  get bytes(): number {
    return this.segments.reduce((sum, { size }) => sum + size, 0);
  }

  /** A segment that was found at `open`; in order of their numbers. */
  adopt(segment: Segment): void {
    this.segments.push(segment);
    this.#lastNumber = Math.max(this.#lastNumber, segment.id.number);
  }

  /** Numbers of files that were not adopted are not given again either. */
  reserve(number: number): void {
    this.#lastNumber = Math.max(this.#lastNumber, number);
  }

  /** Brings the buffer to disk as the policy says. Rejects with the disk's error; then nothing of it counts. */
  async write(buffer: LaneBuffer): Promise<void> {
    const touched: Touched[] = [];
    try {
      for (let from = 0; from < buffer.records.length; ) {
        const isNew = !this.#hasRoom((buffer.records[from] as LaneBuffer['records'][number]).length);
        const segment = isNew ? await this.#next() : (this.active as Segment);
        const run = this.#runOf(buffer, from, segment, isNew);
        touched.push(run);
        await this.#writeRun(buffer, run);
        from = run.to;
      }
      if (this.#settings.sync === 'interval') for (const { segment } of touched) this.unsynced.add(segment);
      if (this.#settings.sync === 'always') await this.#syncWritten(touched);
    } catch (error) {
      for (const run of touched.reverse()) await this.#undo(run);
      throw error;
    }
    for (const { from, segment, sizeBefore, to } of touched) {
      this.#keepLoaded(buffer, segment, sizeBefore, from);
      for (let index = from; index < to; index++) {
        const record = buffer.records[index] as LaneBuffer['records'][number];
        segment.add(record.channel, record.sequence, record.time, record.length);
        extendSpans(record.channel, this.rank, record.sequence);
        record.channel.pending++;
      }
    }
  }

  /** What is read from a segment as it is written need not be fetched from the disk again. */
  #keepLoaded(buffer: LaneBuffer, segment: Segment, sizeBefore: number, from: number): void {
    const loaded = this.#loaded.find((known) => known.segment === segment);
    if (loaded === undefined || loaded.end !== sizeBefore || sizeBefore === 0) return;
    const start = (buffer.records[from] as LaneBuffer['records'][number]).at;
    loaded.extend(buffer.bytes.subarray(start, start + segment.size - sizeBefore), this.#settings.segmentBytes);
  }

  /** fsync of what policy `interval` has left. */
  async sync(): Promise<void> {
    for (const segment of [...this.unsynced]) {
      if (!segment.gone) await this.#syncFile(segment);
      this.unsynced.delete(segment);
    }
    await this.#syncDirectory();
  }

  /** Nothing is written to the active segment any more. */
  async seal(): Promise<void> {
    const segment = this.active;
    if (segment === undefined) return;
    if (this.unsynced.has(segment)) await this.#syncFile(segment);
    this.unsynced.delete(segment);
    this.active = undefined;
  }

  /** The content of a segment, up to what counts, when all of it is in memory. */
  loaded(segment: Segment): LoadedSegment | undefined {
    return this.#loaded.find((known) => known.segment === segment && known.end >= segment.size);
  }

  /** As {@link loaded}, read from the disk where it is not. */
  async load(segment: Segment): Promise<LoadedSegment> {
    let loaded = this.#loaded.find((known) => known.segment === segment);
    if (loaded === undefined) {
      loaded = new LoadedSegment(segment);
      for (const old of this.#loaded.splice(0, this.#loaded.length - KEPT_LOADED + 1)) {
        if (old.segment !== this.active) await old.segment.closeFile().catch(() => {});
      }
      this.#loaded.push(loaded);
    }
    if (loaded.end < segment.size) {
      const before = loaded.damagedBytes;
      loaded.extend(await segment.read(this.#settings.fileSystem, loaded.end), this.#settings.segmentBytes);
      const bytes = loaded.damagedBytes - before;
      if (bytes > 0) {
        this.#counters.damagedBytes += bytes;
        this.#settings.onReport({ kind: 'damaged', file: segment.name, bytes });
      }
    }
    return loaded;
  }

  /** Sequence up to which items of a channel are done with, or stand in earlier segments. */
  lastBefore(segment: Segment, channel: Channel): number {
    let last = channel.cursor;
    for (const earlier of this.segments) {
      if (earlier === segment) break;
      last = Math.max(last, earlier.entries.get(channel)?.last ?? 0);
    }
    return last;
  }

  /** A compacted segment takes the place of one that it was made of, which is to be forgotten next. */
  replace(segment: Segment, compacted: Segment): void {
    this.segments[this.segments.indexOf(segment)] = compacted;
  }

  /** Forgets the segment; its file is the caller's. */
  async forget(segment: Segment): Promise<void> {
    segment.gone = true;
    if (this.active === segment) this.active = undefined;
    this.unsynced.delete(segment);
    this.#loaded = this.#loaded.filter((loaded) => loaded.segment !== segment);
    const at = this.segments.indexOf(segment);
    if (at >= 0) this.segments.splice(at, 1);
    await segment.closeFile().catch(() => {});
  }

  async close(): Promise<void> {
    this.#loaded = [];
    for (const segment of this.segments) await segment.closeFile();
  }

  #hasRoom(bytes: number): boolean {
    if (this.active === undefined) return false;
    return this.active.size === 0 || this.active.size + bytes <= this.#settings.segmentBytes;
  }

  async #next(): Promise<Segment> {
    await this.seal();
    return this.#begin();
  }

  /** As many records as find room in the segment. */
  #runOf(buffer: LaneBuffer, from: number, segment: Segment, isNew: boolean): Touched {
    const sizeBefore = segment.size;
    let size = sizeBefore;
    let to = from;
    for (; to < buffer.records.length; to++) {
      const { length } = buffer.records[to] as LaneBuffer['records'][number];
      if (size > 0 && size + length > this.#settings.segmentBytes) break;
      size += length;
    }
    return { segment, sizeBefore, isNew, from, to };
  }

  async #begin(): Promise<Segment> {
    const { directory, fileSystem, random } = this.#settings;
    const segment = new Segment(directory, {
      rank: this.rank,
      number: ++this.#lastNumber,
      generation: 0,
      salt: random(),
    });
    await segment.create(fileSystem);
    this.segments.push(segment);
    this.active = segment;
    this.#directoryUnsynced = true;
    return segment;
  }

  async #writeRun(buffer: LaneBuffer, { from, segment, sizeBefore, to }: Touched): Promise<void> {
    const start = (buffer.records[from] as LaneBuffer['records'][number]).at;
    let end = start;
    for (let index = from; index < to; index++) {
      const { at, length } = buffer.records[index] as LaneBuffer['records'][number];
      sealRecord(buffer.bytes, at, length, segment.id.salt, sizeBefore + at - start);
      end = at + length;
    }
    segment.size = sizeBefore + end - start;
    const file = segment.openFile ?? (await segment.file(this.#settings.fileSystem));
    await writeFully(file, buffer.bytes.subarray(start, end), sizeBefore);
  }

  async #syncWritten(touched: readonly Touched[]): Promise<void> {
    for (const { segment } of touched) await this.#syncFile(segment);
    await this.#syncDirectory();
  }

  async #syncFile(segment: Segment): Promise<void> {
    this.#counters.syncs++;
    await (await segment.file(this.#settings.fileSystem)).sync();
  }

  async #syncDirectory(): Promise<void> {
    if (!this.#directoryUnsynced || this.#settings.sync === 'never') return;
    await this.#settings.fileSystem.syncDirectory(this.#settings.directory);
    this.#directoryUnsynced = false;
  }

  /** After a failed fsync nobody knows what is on disk, so the segment is not written to again (fsync(2), ERRORS). */
  async #undo({ isNew, segment, sizeBefore }: Touched): Promise<void> {
    const { fileSystem } = this.#settings;
    segment.size = sizeBefore;
    this.#loaded = this.#loaded.filter((loaded) => loaded.segment !== segment || loaded.end <= sizeBefore);
    await segment
      .file(fileSystem)
      .then((file) => file.truncate(sizeBefore))
      .catch(() => {});
    if (this.active === segment) this.active = undefined;
    if (!isNew) return;
    await this.forget(segment);
    await fileSystem.remove(segment.path).catch(() => {});
  }
}
