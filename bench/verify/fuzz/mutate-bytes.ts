import type { Dice } from '../dice.ts';

/** Bytes that often stand at an edge: zero, sign bits, UTF-8 lead bytes, quotes and brackets. */
const EDGES = [0x00, 0x01, 0x7f, 0x80, 0xc0, 0xe0, 0xed, 0xf4, 0xfe, 0xff, 0x22, 0x5b, 0x7b, 0x25];

/** A copy of `original` with one to four small damages. Never longer than twice the original plus 64 bytes. */
export function mutateBytes(dice: Dice, original: Buffer): Buffer {
  let bytes: Buffer = Buffer.from(original);
  for (let count = dice.between(1, 4); count > 0; count--) bytes = damage(dice, bytes);
  return bytes;
}

/** `count` bits turned over, the length kept. */
export function flipBits(dice: Dice, original: Buffer, count: number): Buffer {
  const bytes = Buffer.from(original);
  for (let flip = 0; flip < count && bytes.length > 0; flip++) {
    const at = dice.int(bytes.length);
    bytes[at] = (bytes[at] as number) ^ (1 << dice.int(8));
  }
  return bytes;
}

function damage(dice: Dice, bytes: Buffer): Buffer {
  const at = dice.int(bytes.length + 1);
  switch (dice.int(6)) {
    case 0:
      return flipBits(dice, bytes, 1);
    case 1: {
      const copy = Buffer.from(bytes);
      if (at < copy.length) copy[at] = dice.pick(EDGES);
      return copy;
    }
    case 2:
      return bytes.subarray(0, at);
    case 3:
      return Buffer.concat([bytes.subarray(0, at), dice.bytes(dice.between(1, 16)), bytes.subarray(at)]);
    case 4:
      return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + dice.between(1, 8)))]);
    default: {
      // A stretch of it, said twice.
      const stretch = bytes.subarray(at, at + dice.between(1, 64));
      return Buffer.concat([bytes.subarray(0, at), stretch, bytes.subarray(at)]);
    }
  }
}
