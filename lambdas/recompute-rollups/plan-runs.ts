import { ROLLUP_SLOT, ROLLUPS, type Rollup } from '@fleetwright/contracts';

/** A run of a roll-up's query as if it were `at`, ms since the epoch. */
export interface Run {
  readonly rollup: Rollup;
  readonly at: number;
  /** Slots that it makes anew. */
  readonly slots: readonly number[];
}

const HOUR = ROLLUPS['1h'];

/**
 * Runs that make slots anew, oldest first, each once. A run looks back from its time: that of minutes by one slot, that
 * of hours by two hours. What regular runs still have before them is left to these.
 */
export function planRuns(slots: Iterable<number>, now: number): Run[] {
  const minutes: Run[] = [];
  const hours = new Map<number, number[]>();
  for (const slot of [...new Set(slots)].sort((left, right) => left - right)) {
    minutes.push({ rollup: '1m', at: Math.min(slot + ROLLUP_SLOT, now), slots: [slot] });
    const hour = Math.floor(slot / HOUR) * HOUR;
    const known = hours.get(hour);
    if (known === undefined) hours.set(hour, [slot]);
    else known.push(slot);
  }
  const runs = [...minutes];
  for (const [hour, own] of hours) {
    // The regular run of the hour after the next begins later than this, and covers it.
    if (hour + 2 * HOUR <= now) runs.push({ rollup: '1h', at: hour + HOUR, slots: own });
  }
  return runs;
}

/** Slots that are within the time a device may be offline; older ones stay as they are. */
export function withinBound(slots: Iterable<number>, now: number, maxOfflineHours: number): number[] {
  return [...slots].filter((slot) => slot + ROLLUP_SLOT > now - maxOfflineHours * HOUR && slot <= now);
}
