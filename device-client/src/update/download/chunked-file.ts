import { createHash } from 'node:crypto';
import type { FirmwarePayload } from '@fleetwright/contracts';
import { crc32, type OpenFile } from '@fleetwright/durable-queue';
import { type Disk, openIfThere, pieces, writeAll } from '../disk/disk.ts';

/** bytes after which what has come is flushed, so that a power cut costs no more */
const SYNC_BYTES = 1_048_576;

/**
 * A file that comes in chunks.
 *
 * INVARIANT: which chunks are there is read from their bytes, by the manifest's checksums, never from a note about them: so a
 * note cannot be wrong, whatever a crash has done to file and note.
 */
export class ChunkedFile {
  readonly #file: OpenFile;
  readonly #payload: FirmwarePayload;
  readonly #whole: boolean[];
  #unsynced = 0;

  private constructor(file: OpenFile, payload: FirmwarePayload) {
    this.#file = file;
    this.#payload = payload;
    this.#whole = payload.chunks.map(() => false);
  }

  /** Opens or makes the file and looks which chunks of it are whole. */
  static async open(disk: Disk, directory: string, name: string, payload: FirmwarePayload): Promise<ChunkedFile> {
    const path = `${directory}/${name}`;
    let file = await openIfThere(disk, path);
    if (file === undefined) {
      file = await disk.create(path);
      await disk.syncDirectory(directory);
    }
    const chunked = new ChunkedFile(file, payload);
    try {
      await chunked.#scan();
    } catch (error) {
      await file.close();
      throw error;
    }
    return chunked;
  }

  /** Bytes of the chunks that are whole. */
  get bytes(): number {
    return this.#whole.reduce((sum, isWhole, chunk) => sum + (isWhole ? this.end(chunk) - this.start(chunk) : 0), 0);
  }

  /** The first run of chunks that are missing, as first and last; undefined when all are there. */
  missing(): { first: number; last: number } | undefined {
    const first = this.#whole.indexOf(false);
    if (first === -1) return undefined;
    const next = this.#whole.indexOf(true, first);
    return { first, last: (next === -1 ? this.#whole.length : next) - 1 };
  }

  start(chunk: number): number {
    return chunk * this.#payload.chunkSize;
  }

  end(chunk: number): number {
    return Math.min(this.#payload.size, this.start(chunk + 1));
  }

  /** Takes bytes that belong at the beginning of a chunk, or behind those taken before. */
  writer(chunk: number): ChunkWriter {
    let crc = 0;
    let at = this.start(chunk);
    return {
      room: () => this.end(chunk) - at,
      write: async (bytes) => {
        await writeAll(this.#file, bytes, at);
        crc = crc32(bytes, crc);
        at += bytes.length;
        this.#unsynced += bytes.length;
        if (this.#unsynced >= SYNC_BYTES) await this.sync();
      },
      finish: () => {
        this.#whole[chunk] = hex(crc) === this.#payload.chunks[chunk];
        return this.#whole[chunk];
      },
    };
  }

  async sync(): Promise<void> {
    this.#unsynced = 0;
    await this.#file.sync();
  }

  /** Of the bytes as they are on the file. */
  async sha256(): Promise<string> {
    const hash = createHash('sha256');
    for await (const piece of pieces(this.#file, 0, this.#payload.size)) hash.update(piece);
    return hash.digest('hex');
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  async #scan(): Promise<void> {
    const size = await this.#file.size();
    if (size > this.#payload.size) await this.#file.truncate(this.#payload.size);
    for (const [chunk, wanted] of this.#payload.chunks.entries()) {
      if (this.end(chunk) > size) return;
      let crc = 0;
      for await (const piece of pieces(this.#file, this.start(chunk), this.end(chunk))) crc = crc32(piece, crc);
      this.#whole[chunk] = hex(crc) === wanted;
    }
  }
}

export interface ChunkWriter {
  /** Bytes that are wanted still. */
  room(): number;
  write(bytes: Uint8Array): Promise<void>;
  /** Whether the chunk is what the manifest says. */
  finish(): boolean;
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}
