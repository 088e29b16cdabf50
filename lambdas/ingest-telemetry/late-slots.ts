import { type LateSlots, ROLLUP_LATE_AFTER, ROLLUP_SLOT } from '@fleetwright/contracts';
import type { SampleFilter } from './build-records.ts';
import type { Received } from './model.ts';

export interface LateSlotPort {
  /** Has the roll-ups of slots made anew. Resolves when that is certain. */
  note(slots: LateSlots): Promise<void>;
}

export interface LateSamples {
  /** Slots, by their beginnings, whose roll-ups may have been made without a sample that is stored now; and of which messages. */
  readonly slots: ReadonlyMap<number, ReadonlySet<string>>;
  /** Samples older than a device may be offline: their roll-ups stay as they are. */
  readonly beyondBound: number;
}

/** Finds samples that come too late for the regular roll-ups. */
export function lateSlots(
  messages: readonly Received[],
  now: number,
  maxOfflineHours: number,
  isStored: SampleFilter,
): LateSamples {
  const latest = now - ROLLUP_LATE_AFTER;
  const oldest = now - maxOfflineHours * 3_600_000;
  const slots = new Map<number, Set<string>>();
  let beyondBound = 0;
  for (const received of messages) {
    if (received.channel !== 'telemetry') continue;
    const { samples } = received.message;
    for (let sample = 0; sample < samples.length; sample++) {
      const { time } = samples[sample] as { time: number };
      if (time > latest || !isStored(received, sample)) continue;
      if (time < oldest) {
        beyondBound++;
        continue;
      }
      const slot = Math.floor(time / ROLLUP_SLOT) * ROLLUP_SLOT;
      const known = slots.get(slot);
      if (known === undefined) slots.set(slot, new Set([received.messageId]));
      else known.add(received.messageId);
    }
  }
  return { slots, beyondBound };
}
