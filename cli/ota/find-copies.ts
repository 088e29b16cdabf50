/** A stretch of the target that is found in the source. */
export interface Copy {
  /** Where in the target. */
  readonly at: number;
  /** Where in the source. */
  readonly from: number;
  readonly length: number;
}

/** Blocks of the source that are looked for in the target: short ones find more, and cost more memory. */
const SHORTEST_BLOCK = 16;
const MOST_BLOCKS = 4 * 1_048_576;
const FACTOR = 0x0100_0193;

/**
 * Stretches of the target that the source has too, in order and without overlaps: the source's blocks by a hash, the
 * target with the same hash rolling over it (as Bentley and McIlroy do, "Data compression using long common strings",
 * 1999), each match made as long as it goes.
 */
export function* copiesOf(source: Uint8Array, target: Uint8Array): Generator<Copy, undefined> {
  const block = Math.max(SHORTEST_BLOCK, Math.ceil(source.length / MOST_BLOCKS));
  if (source.length < block || target.length < block) return undefined;
  const blocks = indexOf(source, block);
  const leaving = power(block - 1);
  /** Where the last copy came from, compared with where it went: after a small change the next does alike. */
  let shift = 0;
  let done = 0;
  let at = 0;
  let hash = hashOf(target, 0, block);
  const sameBlock = (from: number): boolean => {
    if (from < 0 || from + block > source.length) return false;
    for (let index = 0; index < block; index++) if (source[from + index] !== target[at + index]) return false;
    return true;
  };
  while (at + block <= target.length) {
    const near = at + shift;
    const from = sameBlock(near) ? near : blocks.find(hash, sameBlock);
    if (from === undefined) {
      const incoming = target[at + block];
      if (incoming === undefined) break;
      hash = (Math.imul(hash - Math.imul(target[at] as number, leaving), FACTOR) + incoming) | 0;
      at++;
      continue;
    }
    let begin = 0;
    while (begin < at - done && from - begin > 0 && source[from - begin - 1] === target[at - begin - 1]) begin++;
    let end = block;
    while (from + end < source.length && at + end < target.length && source[from + end] === target[at + end]) end++;
    yield { at: at - begin, from: from - begin, length: begin + end };
    shift = from - at;
    at += end;
    done = at;
    if (at + block <= target.length) hash = hashOf(target, at, block);
  }
  return undefined;
}

interface Blocks {
  /** A block with this hash that is the wanted one. */
  find(hash: number, isWanted: (from: number) => boolean): number | undefined;
}

/** Positions of the source's blocks in an open-addressed table, half full at most. */
function indexOf(source: Uint8Array, block: number): Blocks {
  const count = Math.floor(source.length / block);
  let size = 2;
  while (size < count * 2) size *= 2;
  const positions = new Int32Array(size).fill(-1);
  const hashes = new Int32Array(size);
  const slotOf = (hash: number): number => (Math.imul(hash, 0x9e37_79b1) >>> 0) & (size - 1);
  for (let index = 0; index < count; index++) {
    const hash = hashOf(source, index * block, block);
    let slot = slotOf(hash);
    let known = false;
    while (positions[slot] !== -1) {
      // Of blocks alike, such as padding, the first is enough.
      known = hashes[slot] === hash;
      if (known) break;
      slot = (slot + 1) & (size - 1);
    }
    if (known) continue;
    positions[slot] = index * block;
    hashes[slot] = hash;
  }
  return {
    find(hash, isWanted) {
      for (let slot = slotOf(hash); positions[slot] !== -1; slot = (slot + 1) & (size - 1)) {
        const from = positions[slot] as number;
        if (hashes[slot] === hash) return isWanted(from) ? from : undefined;
      }
      return undefined;
    },
  };
}

function hashOf(bytes: Uint8Array, at: number, length: number): number {
  let hash = 0;
  for (let index = 0; index < length; index++) hash = (Math.imul(hash, FACTOR) + (bytes[at + index] as number)) | 0;
  return hash;
}

function power(exponent: number): number {
  let result = 1;
  for (let index = 0; index < exponent; index++) result = Math.imul(result, FACTOR);
  return result;
}
