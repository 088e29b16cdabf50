import { inflateRawSync } from 'node:zlib';

export interface ZipEntry {
  /** Relative path with forward slashes. */
  readonly path: string;
  readonly content: Buffer;
}

const END_OF_CENTRAL_DIRECTORY = 0x06054b50;
const CENTRAL_FILE_HEADER = 0x02014b50;
const LOCAL_FILE_HEADER = 0x04034b50;
const STORED = 0;
const DEFLATED = 8;

/**
 * The files of a ZIP archive (PKWARE APPNOTE 6.3): stored or deflated, without encryption and without ZIP64, which a
 * deployment package of at most 250 MB does not need.
 * @throws Error for an archive that is damaged or uses what is not read, and for paths that leave the archive
 */
export function readZip(archive: Buffer, maxBytes: number): ZipEntry[] {
  const end = findEnd(archive);
  const count = archive.readUInt16LE(end + 10);
  let at = archive.readUInt32LE(end + 16);
  const entries: ZipEntry[] = [];
  let total = 0;
  for (let index = 0; index < count; index++) {
    if (archive.readUInt32LE(at) !== CENTRAL_FILE_HEADER) throw new Error('damaged central directory');
    const nameLength = archive.readUInt16LE(at + 28);
    const path = archive.toString('utf8', at + 46, at + 46 + nameLength);
    const size = archive.readUInt32LE(at + 24);
    total += size;
    if (total > maxBytes) throw new Error(`Unzipped size must be smaller than ${maxBytes} bytes`);
    if (!path.endsWith('/')) entries.push({ path: safePath(path), content: contentOf(archive, at, size) });
    at += 46 + nameLength + archive.readUInt16LE(at + 30) + archive.readUInt16LE(at + 32);
  }
  return entries;
}

function findEnd(archive: Buffer): number {
  const least = Math.max(0, archive.length - 22 - 0xffff);
  for (let at = archive.length - 22; at >= least; at--) {
    if (archive.readUInt32LE(at) === END_OF_CENTRAL_DIRECTORY) return at;
  }
  throw new Error('not a ZIP archive');
}

function contentOf(archive: Buffer, header: number, size: number): Buffer {
  const flags = archive.readUInt16LE(header + 8);
  const method = archive.readUInt16LE(header + 10);
  const compressed = archive.readUInt32LE(header + 20);
  const local = archive.readUInt32LE(header + 42);
  if ((flags & 1) !== 0) throw new Error('encrypted entries are not supported');
  if (archive.readUInt32LE(local) !== LOCAL_FILE_HEADER) throw new Error('damaged local file header');
  const start = local + 30 + archive.readUInt16LE(local + 26) + archive.readUInt16LE(local + 28);
  const data = archive.subarray(start, start + compressed);
  if (data.length !== compressed) throw new Error('truncated entry');
  if (method !== STORED && method !== DEFLATED) throw new Error(`compression method ${method} is not supported`);
  const content = method === STORED ? Buffer.from(data) : inflateRawSync(data, { maxOutputLength: Math.max(1, size) });
  if (content.length !== size) throw new Error('entry has another size than stated');
  return content;
}

function safePath(path: string): string {
  const parts = path.split('/');
  if (path.startsWith('/') || path.includes('\\') || path.includes('\0') || parts.includes('..')) {
    throw new Error(`entry path '${path}' leaves the archive`);
  }
  return path;
}
