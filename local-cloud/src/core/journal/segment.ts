import {
  closeSync,
  fdatasync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  write,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { ENTRY_HEADER_BYTES } from './entry-format.ts';

const writeAsync = promisify(write);
const syncAsync = promisify(fdatasync);

/** Read at once, in the hope that the entry is no longer. */
const FIRST_READ_BYTES = 4096;

/** One file of a journal. */
export class Segment {
  /** Stands for the segment in locations of this run. */
  readonly ordinal: number;
  /** Stands for the segment in file names; grows across runs. */
  readonly number: number;
  /** Entries that were put into it and are not removed. */
  live = 0;
  /** Entries that were put into it. */
  puts = 0;
  /** Bytes given out to batches. */
  size = 0;
  readonly #path: string;
  #handle: number | undefined;

  constructor(directory: string, number: number, ordinal: number) {
    this.#path = join(directory, fileName(number));
    this.number = number;
    this.ordinal = ordinal;
  }

  /** Bytes of the live entries, about. */
  get liveBytes(): number {
    return this.puts === 0 ? 0 : this.size * (this.live / this.puts);
  }

  get path(): string {
    return this.#path;
  }

  /** Everything that is in the file. */
  content(): Buffer {
    return readFileSync(this.#path);
  }

  /** Writes at an offset; resolves when it is on disk. */
  async write(bytes: Buffer, offset: number): Promise<void> {
    this.#handle ??= this.#create();
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await writeAsync(this.#handle, bytes, done, bytes.length - done, offset + done);
      done += bytesWritten;
    }
    await syncAsync(this.#handle);
  }

  /** The bytes of the entry at an offset. */
  read(offset: number): Buffer {
    this.#handle ??= openSync(this.#path, 'r+');
    const first = Buffer.allocUnsafe(FIRST_READ_BYTES);
    const got = readSync(this.#handle, first, 0, FIRST_READ_BYTES, offset);
    const length = first.readUInt32LE(ENTRY_HEADER_BYTES - 4);
    if (ENTRY_HEADER_BYTES + length <= got) return first.subarray(ENTRY_HEADER_BYTES, ENTRY_HEADER_BYTES + length);
    const value = Buffer.allocUnsafe(length);
    const read = readSync(this.#handle, value, 0, length, offset + ENTRY_HEADER_BYTES);
    if (read < length) throw new Error(`${this.#path} ends within an entry`);
    return value;
  }

  /** Cuts off what a crash left behind the last whole batch. */
  truncate(length: number): void {
    this.#handle ??= openSync(this.#path, 'r+');
    ftruncateSync(this.#handle, length);
    fsyncSync(this.#handle);
  }

  close(): void {
    if (this.#handle !== undefined) closeSync(this.#handle);
    this.#handle = undefined;
  }

  delete(): void {
    this.close();
    rmSync(this.#path, { force: true });
  }

  /** The file's name must be on disk too before anything in it counts as durable. */
  #create(): number {
    const handle = openSync(this.#path, 'w+', 0o600);
    try {
      const directory = openSync(dirname(this.#path), 'r');
      try {
        fsyncSync(directory);
      } finally {
        closeSync(directory);
      }
    } catch (error) {
      closeSync(handle);
      throw error;
    }
    return handle;
  }
}

function fileName(number: number): string {
  return `${String(number).padStart(12, '0')}.journal`;
}

/** The number in the name of a segment's file. */
export function segmentNumber(name: string): number | undefined {
  const match = /^(\d{12})\.journal$/.exec(name);
  return match === null ? undefined : Number(match[1]);
}
