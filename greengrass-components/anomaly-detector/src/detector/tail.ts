/**
 * How rare a distance is among those seen before: an estimate of the tail of its distribution in four doubles.
 *
 * The scale is the distance that one value in a hundred exceeds, followed by stochastic approximation of its logarithm
 * (Robbins and Monro). Beyond it the tail is taken for a power law, whose exponent is Hill's estimator over the exceedances: heavy
 * tails, which most real series have, so need far larger distances for the same severity than normal ones.
 */

const SCALE = 0;
const SEEN = 1;
/** Mean of ln(distance / scale) of those beyond the scale: the inverse of the exponent. */
const SHAPE = 2;
const EXCEEDED = 3;

/** Share of the values whose distance is beyond the scale. */
const SHARE = 0.01;
export const SEVERITY_AT_SCALE = 2;
/** The shape of a tail before anything was seen, and how many exceedances that belief is worth. */
const FIRST_SHAPE = 0.5;
const FIRST_EXCEEDED = 60;
/** No tail is taken for thinner: differences of the last digit would be severe. */
const LEAST_SHAPE = 0.02;
/** Exceedances after which older ones are forgotten as fast as new ones come. */
const MEMORY = 50;
/** Of ln(distance / scale): one huge value must not make the tail look heavy for ever. */
const LARGEST_EXCESS = 3;
const LARGEST_SEVERITY = 50;
/** Least relative step of the scale, so that it goes on following the series. */
const LEAST_STEP = 0.005;

export function beginTail(state: Float64Array, at: number): void {
  state[at + SCALE] = 0;
  state[at + SEEN] = 0;
  state[at + SHAPE] = FIRST_SHAPE;
  state[at + EXCEEDED] = FIRST_EXCEEDED;
}

/**
 * Takes a distance in.
 *
 * @param floor distances up to here are never unusual
 * @returns severity: −log10 of the share of values with a larger distance; 0 where that is below 2
 */
export function measureTail(state: Float64Array, at: number, distance: number, floor: number): number {
  const scale = state[at + SCALE] as number;
  const seen = (state[at + SEEN] as number) + 1;
  state[at + SEEN] = seen;
  if (scale === 0) {
    if (!(distance > floor)) return 0;
    state[at + SCALE] = distance;
    return Math.log10(seen);
  }
  const limit = Math.max(scale, floor);
  const step = Math.max(LEAST_STEP, 1 / Math.sqrt(seen));
  if (distance <= limit) {
    state[at + SCALE] = limit * Math.exp(-step * SHARE);
    return 0;
  }
  const shape = state[at + SHAPE] as number;
  const excess = Math.log(distance / limit);
  const exceeded = state[at + EXCEEDED] as number;
  const next = shape + (Math.min(excess, LARGEST_EXCESS) - shape) / Math.min(exceeded + 1, MEMORY);
  state[at + SHAPE] = Math.max(next, LEAST_SHAPE);
  state[at + EXCEEDED] = exceeded + 1;
  state[at + SCALE] = limit * Math.exp(step * (1 - SHARE));
  return Math.min(SEVERITY_AT_SCALE + excess / (Math.LN10 * shape), LARGEST_SEVERITY);
}

/** The distance at which {@link measureTail} would reach a severity now. Infinite where nothing was learnt. */
export function distanceAt(state: Float64Array, at: number, severity: number, floor: number): number {
  const scale = state[at + SCALE] as number;
  if (scale === 0) return Math.log10((state[at + SEEN] as number) + 1) < severity ? Number.MAX_VALUE : floor;
  const limit = Math.max(scale, floor);
  return limit * Math.exp((severity - SEVERITY_AT_SCALE) * Math.LN10 * (state[at + SHAPE] as number));
}
