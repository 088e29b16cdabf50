import { type LateSlots, ROLLUP_LATE_AFTER, ROLLUP_SLOT } from '@fleetwright/contracts';
import type { SampleFilter } from './build-records.ts';
import type { Received } from './model.ts';

export interface LateSlotPort {
  /** Has the roll-ups of slots made anew. Resolves when that is certain. */
  note(slots: LateSlots): Promise<void>;
}

/** Slots, by their beginnings, whose roll-ups may have been made without a sample that is stored now; and of which messages. */
export function lateSlots(
  messages: readonly Received[],
  now: number,
  maxOfflineHours: number,
  isStored: SampleFilter,
): Map<number, Set<string>> {
  const latest = now - ROLLUP_LATE_AFTER;
  const oldest = now - maxOfflineHours * 3_600_000;
  const slots = new Map<number, Set<string>>();
  for (const received of messages) {
    if (received.channel !== 'telemetry') continue;
    const { samples } = received.message;
    for (let sample = 0; sample < samples.length; sample++) {
      const { time } = samples[sample] as { time: number };
      if (time > latest || time < oldest || !isStored(received, sample)) continue;
      const slot = Math.floor(time / ROLLUP_SLOT) * ROLLUP_SLOT;
      const known = slots.get(slot);
      if (known === undefined) slots.set(slot, new Set([received.messageId]));
      else known.add(received.messageId);
    }
  }
  return slots;
}
