import type { Received, Rejection } from './model.ts';

export interface TimeBounds {
  /** ms since the epoch; a sample before it is older than everything the store keeps */
  readonly oldest: number;
  /** ms since the epoch */
  readonly newest: number;
  /** ms between device time and receipt from which a sample is late */
  readonly lateAfter: number;
}

/** Records more than 15 minutes ahead are refused (Timestream developer guide, "Quotas"). */
const FUTURE_LIMIT = 15 * 60_000;
const HOUR = 3_600_000;

/** The store takes what its two retentions hold: the memory store's and, below it, the magnetic store's. */
export function timeBounds(now: number, memoryHours: number, magneticDays: number, lateSeconds: number): TimeBounds {
  return {
    oldest: now - Math.max(memoryHours, magneticDays * 24) * HOUR,
    newest: now + FUTURE_LIMIT,
    lateAfter: lateSeconds * 1_000,
  };
}

/** Finds samples that the store would refuse for their time, before they are paid for, and counts late ones. */
export function checkTimes(
  messages: readonly Received[],
  bounds: TimeBounds,
): { readonly rejections: Rejection[]; readonly late: number } {
  const rejections: Rejection[] = [];
  let late = 0;
  for (const { messageId, envelope, message } of messages) {
    for (let sample = 0; sample < message.samples.length; sample++) {
      const time = (message.samples[sample] as { time: number }).time;
      const reason = timeReason(time, bounds);
      if (reason !== undefined) rejections.push({ messageId, sample, reason, detail: DETAILS[reason] });
      else if (envelope.receivedAt - time > bounds.lateAfter) late++;
    }
  }
  return { rejections, late };
}

export function timeReason(time: number, bounds: TimeBounds): 'TIME_TOO_OLD' | 'TIME_IN_FUTURE' | undefined {
  if (time < bounds.oldest) return 'TIME_TOO_OLD';
  return time > bounds.newest ? 'TIME_IN_FUTURE' : undefined;
}

const DETAILS = {
  TIME_TOO_OLD: 'sample time is before the retention of the store',
  TIME_IN_FUTURE: 'sample time is more than 15 minutes ahead',
} as const;
