import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

export interface Measured {
  /** bytes */
  readonly size: number;
  readonly sha256: string;
  /** CRC-32 of each chunk, 8 hexadecimal digits */
  readonly chunks: readonly string[];
}

/** Digest and chunk checksums of a file while it streams by; nothing of it is kept. */
export async function measurePayload(bytes: AsyncIterable<Uint8Array>, chunkSize: number): Promise<Measured> {
  const hash = createHash('sha256');
  const chunks: string[] = [];
  let size = 0;
  let crc = 0;
  let inChunk = 0;
  for await (const part of bytes) {
    hash.update(part);
    size += part.length;
    for (let at = 0; at < part.length; ) {
      const piece = part.subarray(at, at + chunkSize - inChunk);
      crc = crc32(piece, crc);
      inChunk += piece.length;
      at += piece.length;
      if (inChunk === chunkSize) {
        chunks.push(hex(crc));
        crc = 0;
        inChunk = 0;
      }
    }
  }
  if (inChunk > 0) chunks.push(hex(crc));
  return { size, sha256: hash.digest('hex'), chunks };
}

function hex(crc: number): string {
  return crc.toString(16).padStart(8, '0');
}
