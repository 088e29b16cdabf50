import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync } from 'node:fs';
import { type FileHandle, link, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import type { Entropy } from '../../core/entropy.ts';
import { AwsError } from '../../core/errors.ts';
import { createChecksum } from '../../core/http/checksums.ts';
import type { ByteRange } from './byte-range.ts';
import type { ChecksumAlgorithm } from './checksums.ts';
import type { DataPart } from './object-record.ts';

export type Body = Uint8Array | string | Readable | undefined;

export interface WrittenPart extends DataPart {
  readonly md5: Buffer;
  /** Base64. */
  readonly checksums: ReadonlyMap<ChecksumAlgorithm, string>;
}

/**
 * The bytes of objects, in files with random names below a directory for each bucket. Keys never become paths.
 *
 * INVARIANTS
 * - `write` resolves when the whole content and its name are on disk; a file is never changed after that.
 * - A file that somebody reads is removed only when the last reader has let go of it.
 */
export class ObjectFiles {
  readonly #root: string;
  readonly #entropy: Entropy;
  readonly #readers = new Map<string, number>();
  readonly #doomed = new Set<string>();

  constructor(root: string, entropy: Entropy) {
    this.#root = root;
    this.#entropy = entropy;
    mkdirSync(root, { recursive: true, mode: 0o700 });
  }

  /** @throws AwsError `EntityTooLarge` */
  async write(
    bucket: string,
    body: Body,
    algorithms: readonly ChecksumAlgorithm[],
    maxBytes: number,
  ): Promise<WrittenPart> {
    const file = this.#newName();
    const path = this.#path(bucket, file);
    await this.#makeFolder(dirname(path));
    const temporary = `${path}.part`;
    const handle = await open(temporary, 'wx', 0o600);
    try {
      const written = await pour(handle, body, algorithms, maxBytes);
      await handle.sync();
      await handle.close();
      // Unlike a rename, a link never replaces a file.
      await link(temporary, path);
      await rm(temporary);
      await syncDirectory(dirname(path));
      return { file, ...written };
    } catch (error) {
      await handle.close().catch(() => undefined);
      await rm(temporary, { force: true });
      throw error;
    }
  }

  /** The same bytes under new names, for a copy of an object. */
  async duplicate(fromBucket: string, toBucket: string, parts: readonly DataPart[]): Promise<DataPart[]> {
    const copies: DataPart[] = [];
    for (const { file, size } of parts) {
      const copy = this.#newName();
      const path = this.#path(toBucket, copy);
      await this.#makeFolder(dirname(path));
      await link(this.#path(fromBucket, file), path);
      await syncDirectory(dirname(path));
      copies.push({ file: copy, size });
    }
    return copies;
  }

  /** Keeps the files of `parts` until the returned function is called. */
  hold(bucket: string, parts: readonly DataPart[]): () => void {
    const names = parts.map(({ file }) => `${bucket}/${file}`);
    for (const name of names) this.#readers.set(name, (this.#readers.get(name) ?? 0) + 1);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      for (const name of names) {
        const left = (this.#readers.get(name) ?? 1) - 1;
        if (left > 0) this.#readers.set(name, left);
        else {
          this.#readers.delete(name);
          if (this.#doomed.delete(name)) void rm(this.#pathOf(name), { force: true });
        }
      }
    };
  }

  async remove(bucket: string, parts: readonly DataPart[]): Promise<void> {
    for (const { file } of parts) {
      const name = `${bucket}/${file}`;
      if (this.#readers.has(name)) this.#doomed.add(name);
      else await rm(this.#pathOf(name), { force: true });
    }
  }

  async removeBucket(bucket: string): Promise<void> {
    await rm(join(this.#root, bucket), { recursive: true, force: true });
  }

  /** A part of an object's bytes in memory. */
  async read(bucket: string, parts: readonly DataPart[], range: ByteRange): Promise<Buffer> {
    const pieces: Buffer[] = [];
    for await (const piece of this.#pieces(bucket, parts, range)) pieces.push(piece);
    return pieces.length === 1 ? (pieces[0] as Buffer) : Buffer.concat(pieces);
  }

  /** The same as a stream. */
  stream(bucket: string, parts: readonly DataPart[], range: ByteRange): Readable {
    const release = this.hold(bucket, parts);
    return Readable.from(this.#pieces(bucket, parts, range), { objectMode: false }).once('close', release);
  }

  /** Removes what a crash left of deleted buckets. */
  async sweepBuckets(isKnown: (bucket: string) => boolean): Promise<void> {
    for (const bucket of await readdir(this.#root)) if (!isKnown(bucket)) await this.removeBucket(bucket);
  }

  /** Removes files that no record names: what a crash left behind. */
  async sweep(bucket: string, isKnown: (file: string) => boolean): Promise<void> {
    const folders = await readdir(join(this.#root, bucket)).catch(() => []);
    for (const folder of folders) {
      for (const file of await readdir(join(this.#root, bucket, folder))) {
        if (!isKnown(file)) await rm(join(this.#root, bucket, folder, file), { force: true });
      }
    }
  }

  async *#pieces(bucket: string, parts: readonly DataPart[], range: ByteRange): AsyncGenerator<Buffer> {
    let offset = 0;
    for (const { file, size } of parts) {
      const start = Math.max(range.start - offset, 0);
      const end = Math.min(range.end - offset, size - 1);
      if (start <= end) yield* createReadStream(this.#path(bucket, file), { start, end, highWaterMark: 256 * 1024 });
      offset += size;
    }
  }

  async #makeFolder(path: string): Promise<void> {
    if ((await mkdir(path, { recursive: true })) === undefined) return;
    await syncDirectory(dirname(path));
    await syncDirectory(this.#root);
  }

  #newName(): string {
    return this.#entropy.bytes(16).toString('hex');
  }

  #path(bucket: string, file: string): string {
    return join(this.#root, bucket, file.slice(0, 2), file);
  }

  #pathOf(name: string): string {
    const [bucket, file] = name.split('/') as [string, string];
    return this.#path(bucket, file);
  }
}

async function pour(
  handle: FileHandle,
  body: Body,
  algorithms: readonly ChecksumAlgorithm[],
  maxBytes: number,
): Promise<Omit<WrittenPart, 'file'>> {
  const md5 = createHash('md5');
  const checksums = new Map(algorithms.map((algorithm) => [algorithm, createChecksum(algorithm.toLowerCase())]));
  let size = 0;
  for await (const chunk of chunksOf(body)) {
    size += chunk.length;
    if (size > maxBytes) {
      throw new AwsError('EntityTooLarge', 'Your proposed upload exceeds the maximum allowed size', 400, {
        fields: { ProposedSize: size, MaxSizeAllowed: maxBytes },
      });
    }
    md5.update(chunk);
    for (const checksum of checksums.values()) checksum.update(chunk);
    await writeAll(handle, chunk);
  }
  return {
    size,
    md5: md5.digest(),
    checksums: new Map([...checksums].map(([algorithm, checksum]) => [algorithm, checksum.value()])),
  };
}

async function* chunksOf(body: Body): AsyncGenerator<Uint8Array> {
  if (body === undefined) return;
  if (typeof body === 'string') yield Buffer.from(body);
  else if (body instanceof Uint8Array) yield body;
  else for await (const chunk of body) yield typeof chunk === 'string' ? Buffer.from(chunk) : (chunk as Uint8Array);
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  let done = 0;
  while (done < chunk.length) done += (await handle.write(chunk, done, chunk.length - done)).bytesWritten;
}

/** Makes new names in a directory survive power loss. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
