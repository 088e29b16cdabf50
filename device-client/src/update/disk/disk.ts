import { createHash } from 'node:crypto';
import type { FileSystem, OpenFile } from '@fleetwright/durable-queue';

/** Every call that an update makes to a disk: the port through which faults are injected. Errors carry Node's codes. */
export interface Disk extends FileSystem {
  /** Makes a symbolic link at `path`, which must not be there. */
  symlink(target: string, path: string): Promise<void>;
  /** What a symbolic link points to. */
  readLink(path: string): Promise<string>;
  setMode(path: string, mode: number): Promise<void>;
  /** Bytes that a process without privileges may still write. */
  freeBytes(path: string): Promise<number>;
}

/** bytes read or written at once */
export const PIECE_BYTES = 65_536;

export function isMissing(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT';
}

export function isFull(error: unknown): boolean {
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  return code === 'ENOSPC' || code === 'EDQUOT';
}

export async function removeIfThere(disk: Disk, path: string): Promise<boolean> {
  try {
    await disk.remove(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

export async function openIfThere(disk: Disk, path: string): Promise<OpenFile | undefined> {
  try {
    return await disk.open(path);
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

export async function writeAll(file: OpenFile, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const written = await file.write(done === 0 ? bytes : bytes.subarray(done), position + done);
    if (written === 0) throw Object.assign(new Error('the disk took no bytes'), { code: 'ENOSPC' });
    done += written;
  }
}

/** The bytes from `from` to `to` piece by piece, each valid until the next; fewer where the file ends. */
export async function* pieces(file: OpenFile, from: number, to: number): AsyncGenerator<Buffer> {
  const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, Math.max(1, to - from)));
  for (let at = from; at < to; ) {
    const got = await file.read(buffer.subarray(0, Math.min(buffer.length, to - at)), at);
    if (got === 0) return;
    yield buffer.subarray(0, got);
    at += got;
  }
}

export async function readFileIfThere(disk: Disk, path: string, most: number): Promise<Buffer | undefined> {
  const file = await openIfThere(disk, path);
  if (file === undefined) return undefined;
  try {
    const size = await file.size();
    if (size > most) throw new Error(`${path} has ${size} bytes, more than ${most}`);
    const read: Buffer[] = [];
    for await (const piece of pieces(file, 0, size)) read.push(Buffer.from(piece));
    return Buffer.concat(read);
  } finally {
    await file.close();
  }
}

/** SHA-256 of a file as it lies there, and its size; undefined when there is none. */
export async function measureFile(disk: Disk, path: string): Promise<{ sha256: string; size: number } | undefined> {
  const file = await openIfThere(disk, path);
  if (file === undefined) return undefined;
  try {
    const hash = createHash('sha256');
    const size = await file.size();
    for await (const piece of pieces(file, 0, size)) hash.update(piece);
    return { sha256: hash.digest('hex'), size };
  } finally {
    await file.close();
  }
}

/**
 * Puts a whole file in the place of what is there: written aside, flushed, renamed, and the directory flushed. Whoever reads
 * finds the old one or the new one.
 */
export async function replaceFile(disk: Disk, directory: string, name: string, bytes: Uint8Array): Promise<void> {
  const aside = `${directory}/${name}.new`;
  await removeIfThere(disk, aside);
  const file = await disk.create(aside);
  try {
    await writeAll(file, bytes, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await disk.rename(aside, `${directory}/${name}`);
  await disk.syncDirectory(directory);
}
