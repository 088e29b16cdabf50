import { join } from 'node:path';
import { type Channel, newChannel } from './channel.ts';
import { reasonOf } from './errors.ts';
import { parseStateName, type StateName, stateFileName } from './file-names.ts';
import { type OpenFile, readWhole, writeFully } from './file-system.ts';
import type { Settings } from './options.ts';
import {
  KIND,
  kindAt,
  layRecord,
  nameAt,
  RECORD_HEADER_BYTES,
  scanRecords,
  sealRecord,
  sequenceAt,
  timeAt,
} from './record.ts';

/** A file is made this long at once, so that what is noted in it later needs no more space and no new length. */
const FILE_BYTES = 16 * 1024;
/** Of a file, what the snapshot at its beginning may take. */
const SNAPSHOT_SHARE = 4;

const NOTHING = Buffer.alloc(0);

export interface RecoveredState {
  readonly channels: Map<string, Channel>;
  /** Above every sequence that was ever noted. */
  readonly nextSequence: number;
  /** Names of all state files. */
  readonly files: readonly string[];
  readonly lastNumber: number;
  /**
   * Acknowledgements and deliveries that were noted may be missing: the files are gone or were damaged before their end.
   * Then everything that is found may have been delivered before.
   */
  readonly incomplete: boolean;
  readonly damaged: readonly { readonly file: string; readonly bytes: number }[];
}

/**
 * Notes how far each channel is acknowledged, and up to where it may have been delivered. A file begins with a snapshot
 * of all channels; then come changes, of which the last counts.
 *
 * INVARIANT: an older file is removed only when the snapshot of the next one is on disk.
 */
export class StateLog {
  readonly #settings: Settings;
  #id: StateName;
  #file: OpenFile | undefined;
  #old: string[];
  #size = 0;
  #capacity = 0;

  constructor(settings: Settings, recovered: RecoveredState) {
    this.#settings = settings;
    this.#id = { number: recovered.lastNumber, salt: 0 };
    this.#old = [...recovered.files];
  }

  get bytes(): number {
    return this.#capacity;
  }

  /** Notes changed channels; `all` gives what a snapshot needs. Rejects with the disk's error. */
  async note(changed: readonly Channel[], all: () => Iterable<Channel>, next: number, sync: boolean): Promise<void> {
    const bytes = layChannels(changed);
    if (this.#file === undefined || this.#size + bytes.length > this.#capacity) return this.#begin(all, next);
    this.#seal(bytes, this.#size);
    try {
      await writeFully(this.#file, bytes, this.#size);
      if (sync) await this.#file.sync();
    } catch (error) {
      // What stands at the end now is not known: the next note begins a new file.
      await this.#abandon();
      throw error;
    }
    this.#size += bytes.length;
  }

  async sync(): Promise<void> {
    await this.#file?.sync();
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  async #begin(all: () => Iterable<Channel>, next: number): Promise<void> {
    const { directory, fileSystem, random, sync } = this.#settings;
    await this.#abandon();
    this.#id = { number: this.#id.number + 1, salt: random() };
    const name = stateFileName(this.#id);
    const end = Buffer.alloc(RECORD_HEADER_BYTES);
    layRecord(end, 0, { kind: KIND.snapshotEnd, name: NOTHING, sequence: next, time: 0, content: NOTHING });
    const snapshot = Buffer.concat([layChannels([...all()]), end]);
    this.#seal(snapshot, 0);
    const capacity = Math.max(FILE_BYTES, SNAPSHOT_SHARE * snapshot.length);
    // The snapshot may leave channels out of which no file holds an item any more: that must be so on disk too.
    if (sync !== 'never') await fileSystem.syncDirectory(directory);
    const older = this.#old;
    this.#old = [...older, name];
    const file = await fileSystem.create(join(directory, name));
    try {
      await writeFully(file, Buffer.concat([snapshot, Buffer.alloc(capacity - snapshot.length)]), 0);
      if (sync !== 'never') {
        await file.sync();
        await fileSystem.syncDirectory(directory);
      }
    } catch (error) {
      await file.close().catch(() => {});
      if (await this.#removed(name)) this.#old = older;
      throw error;
    }
    this.#file = file;
    this.#size = snapshot.length;
    this.#capacity = capacity;
    const kept: string[] = [];
    for (const old of older) if (!(await this.#removed(old))) kept.push(old);
    this.#old = [...kept, name];
  }

  async #removed(name: string): Promise<boolean> {
    try {
      await this.#settings.fileSystem.remove(join(this.#settings.directory, name));
      return true;
    } catch (error) {
      this.#settings.onReport({ kind: 'not-removed', file: name, reason: reasonOf(error) });
      return false;
    }
  }

  async #abandon(): Promise<void> {
    await this.close().catch(() => {});
    this.#size = 0;
    this.#capacity = 0;
  }

  #seal(bytes: Buffer, place: number): void {
    for (let at = 0; at < bytes.length; ) {
      const length = RECORD_HEADER_BYTES + (bytes[at + 7] as number);
      sealRecord(bytes, at, length, this.#id.salt, place + at);
      at += length;
    }
  }
}

function layChannels(channels: readonly Channel[]): Buffer {
  const bytes = Buffer.alloc(channels.reduce((sum, { nameBytes }) => sum + RECORD_HEADER_BYTES + nameBytes.length, 0));
  let at = 0;
  for (const { cursor, horizon, nameBytes } of channels) {
    at += layRecord(bytes, at, {
      kind: KIND.channel,
      name: nameBytes,
      sequence: cursor,
      time: horizon,
      content: NOTHING,
    });
  }
  return bytes;
}

/** Reads the newest file whose snapshot is whole; the queue knows nothing that an older one knows better. */
export async function recoverState(settings: Settings, names: readonly string[]): Promise<RecoveredState> {
  const { directory, fileSystem, onReport } = settings;
  const ids = names.flatMap((name) => {
    const id = parseStateName(name);
    return id === undefined ? [] : [{ ...id, name }];
  });
  ids.sort((left, right) => right.number - left.number);
  const files = ids.map(({ name }) => name).reverse();
  const lastNumber = ids[0]?.number ?? 0;
  for (const { name, salt } of ids) {
    let bytes: Buffer;
    try {
      bytes = await readWhole(fileSystem, join(directory, name));
    } catch (error) {
      onReport({ kind: 'unreadable', file: name, reason: reasonOf(error) });
      continue;
    }
    const read = readState(bytes, salt);
    if (read === undefined) continue;
    // A newer file without a whole snapshot was being made at a crash: nothing has been based on it.
    return {
      ...read,
      files,
      lastNumber,
      incomplete: read.lost > 0,
      damaged: read.lost > 0 ? [{ file: name, bytes: read.lost }] : [],
    };
  }
  return { channels: new Map(), nextSequence: 1, files, lastNumber, incomplete: true, damaged: [] };
}

interface ReadState {
  readonly channels: Map<string, Channel>;
  readonly nextSequence: number;
  /** Bytes between whole records. */
  readonly lost: number;
}

function readState(bytes: Buffer, salt: number): ReadState | undefined {
  const found = new Map<string, { cursor: number; horizon: number }>();
  let next: number | undefined;
  const { holes } = scanRecords(bytes, salt, (at) => {
    const sequence = sequenceAt(bytes, at);
    if (kindAt(bytes, at) === KIND.snapshotEnd) next = sequence;
    else if (kindAt(bytes, at) === KIND.channel) {
      const name = nameAt(bytes, at).toString();
      found.set(name, { cursor: Math.max(sequence, found.get(name)?.cursor ?? 0), horizon: timeAt(bytes, at) });
    }
  });
  if (next === undefined) return undefined;
  const channels = new Map<string, Channel>();
  for (const [name, { cursor, horizon }] of found) {
    channels.set(name, newChannel(name, cursor, horizon));
    next = Math.max(next, cursor + 1, horizon + 1);
  }
  return { channels, nextSequence: next, lost: holes.reduce((sum, { from, to }) => sum + to - from, 0) };
}
