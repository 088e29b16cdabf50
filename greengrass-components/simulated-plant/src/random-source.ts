/** Draws that are the same for the same seed, on every machine. */
export interface RandomSource {
  /** Even in [0, 1). */
  even(): number;
  /** Normal, mean 0, standard deviation 1. Always takes two even draws. */
  normal(): number;
}

/** Mulberry32 (Tommy Ettinger, public domain): 32 bits of state, enough for noise of sensors. */
export function createRandomSource(seed: number): RandomSource {
  let state = seed | 0;
  const even = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
  return {
    even,
    normal() {
      const radius = Math.sqrt(-2 * Math.log(1 - even()));
      return radius * Math.cos(2 * Math.PI * even());
    },
  };
}
