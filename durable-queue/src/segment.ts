import { join } from 'node:path';
import type { Channel } from './channel.ts';
import { type SegmentName, segmentFileName } from './file-names.ts';
import { type FileSystem, type OpenFile, readFully } from './file-system.ts';

/** Items of one channel in one segment that are neither acknowledged nor dropped. */
export interface SegmentEntry {
  items: number;
  bytes: number;
  /** Highest sequence. */
  last: number;
}

/** Times below are of a device that did not know the time yet: 2020-01-01. */
export const LEAST_KNOWN_TIME = 1_577_836_800_000;

/** One file of a lane, with all that memory holds of it: a count for each channel, nothing for an item. */
export class Segment {
  readonly id: SegmentName;
  readonly name: string;
  readonly path: string;
  readonly entries = new Map<Channel, SegmentEntry>();
  /** Bytes that count. */
  size = 0;
  /** Lowest sequence in the file, of whatever channel and state. */
  firstSequence = Number.POSITIVE_INFINITY;
  /** Latest time of an item; infinite when one came from a device that did not know the time. */
  newestTime = 0;
  /** Its file is removed, or about to be. */
  gone = false;
  /** It could not be compacted. */
  isStuck = false;
  #file: OpenFile | undefined;

  constructor(directory: string, id: SegmentName) {
    this.id = id;
    this.name = segmentFileName(id);
    this.path = join(directory, this.name);
  }

  get liveBytes(): number {
    let bytes = 0;
    for (const entry of this.entries.values()) bytes += entry.bytes;
    return bytes;
  }

  add(channel: Channel, sequence: number, time: number, bytes: number): void {
    this.firstSequence = Math.min(this.firstSequence, sequence);
    const entry = this.entries.get(channel);
    if (entry === undefined) this.entries.set(channel, { items: 1, bytes, last: sequence });
    else {
      entry.items++;
      entry.bytes += bytes;
      entry.last = sequence;
    }
    this.newestTime = Math.max(this.newestTime, time < LEAST_KNOWN_TIME ? Number.POSITIVE_INFINITY : time);
  }

  async create(fileSystem: FileSystem): Promise<void> {
    this.#file = await fileSystem.create(this.path);
  }

  get openFile(): OpenFile | undefined {
    return this.#file;
  }

  async file(fileSystem: FileSystem): Promise<OpenFile> {
    this.#file ??= await fileSystem.open(this.path);
    return this.#file;
  }

  /** Bytes from `from` to the end of what counts. */
  async read(fileSystem: FileSystem, from: number): Promise<Buffer> {
    const file = await this.file(fileSystem);
    const bytes = Buffer.allocUnsafeSlow(this.size - from);
    return bytes.subarray(0, await readFully(file, bytes, from));
  }

  async closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }
}
