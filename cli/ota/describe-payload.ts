import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type { FirmwarePayload } from '@fleetwright/contracts';

/** Bytes of a chunk unless asked for otherwise: what a device asks for again after a fault. */
export const DEFAULT_CHUNK = 262_144;
/** Chunks at most, so that a manifest with all its deltas stays below its bound. */
const MOST_CHUNKS = 1_024;

/** What a manifest says of a file. */
export function describePayload(bytes: Uint8Array, chunkSize = chunkSizeOf(bytes.length)): FirmwarePayload {
  const chunks: string[] = [];
  for (let at = 0; at < bytes.length; at += chunkSize) {
    chunks.push(
      crc32(bytes.subarray(at, at + chunkSize))
        .toString(16)
        .padStart(8, '0'),
    );
  }
  return { size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex'), chunkSize, chunks };
}

function chunkSizeOf(size: number): number {
  let chunk = DEFAULT_CHUNK;
  while (size / chunk > MOST_CHUNKS) chunk *= 2;
  return chunk;
}
