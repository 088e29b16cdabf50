import * as zlib from 'node:zlib';

/** Reflected polynomial of CRC-32 (ISO 3309, as zlib has it). */
const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let remainder = byte;
  for (let bit = 0; bit < 8; bit++) remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
  return remainder;
});

/** CRC-32 in plain JavaScript, continued from the `seed` of what stands before. */
export function plainCrc32(bytes: Uint8Array, seed = 0): number {
  let remainder = ~seed;
  for (let at = 0; at < bytes.length; at++) {
    remainder = (remainder >>> 8) ^ (TABLE[(remainder ^ (bytes[at] as number)) & 0xff] as number);
  }
  return ~remainder >>> 0;
}

type Crc32 = (bytes: Uint8Array, seed?: number) => number;

/** Native from Node 20.15 on. */
export const crc32: Crc32 = (zlib as { crc32?: Crc32 }).crc32 ?? plainCrc32;
