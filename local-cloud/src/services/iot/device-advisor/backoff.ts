export type BackoffKind =
  /** Each wait is longer than the one before, until a ceiling. */
  | 'exponential'
  /** Waits differ, some shorter than the one before. */
  | 'jitter'
  /** Waits are the same: all devices would come back at once, again and again. */
  | 'constant';

/** Waits that differ by less count as the same. */
const TOLERANCE = 0.1;

/** How a device waits between its attempts, whose times are given in ms. */
export function backoffOf(times: readonly number[]): BackoffKind {
  const waits = times.slice(1).map((time, at) => time - (times[at] as number));
  const shortest = Math.min(...waits);
  const longest = Math.max(...waits);
  if (longest - shortest <= longest * TOLERANCE) return 'constant';
  const grows = waits.every((wait, at) => at === 0 || wait >= (waits[at - 1] as number) * (1 - TOLERANCE));
  return grows ? 'exponential' : 'jitter';
}
