import type { Rank } from './priority.ts';

/**
 * What is known of a channel. Sequences are of the whole queue, so those of a channel grow with gaps.
 *
 * INVARIANTS
 * - cursor ≤ read ≤ written. Up to `cursor` everything is acknowledged or dropped; up to `read`, handed out.
 * - `horizon` is on disk. Nothing above it has ever been handed out, and sequences given after an `open` are above it:
 *   so an item up to `delivered` may have been handed out before, and one above has not.
 */
export interface Channel {
  readonly name: string;
  readonly nameBytes: Buffer;
  cursor: number;
  read: number;
  written: number;
  horizon: number;
  delivered: number;
  /** Items on disk that are neither acknowledged nor dropped. */
  pending: number;
  /** Items accepted and not yet on disk. */
  buffered: number;
  /** Where new items go while there are others. */
  rank: Rank;
  /** Ranks in which items wait, in order of sequence: more than one only after a loss of acknowledgements. */
  spans: { readonly rank: Rank; last: number }[];
  /** In order of sequence. */
  leases: Lease[];
  /** Cursor or horizon differ from what the state file says. */
  dirty: boolean;
}

/** What a lease needs to know of a segment. */
export interface LeasedSegment {
  readonly id: { readonly rank: Rank };
  readonly gone: boolean;
  readonly entries: ReadonlyMap<Channel, { items: number; bytes: number }>;
}

/** What a lease holds of one segment. */
export interface LeasedPart {
  readonly segment: LeasedSegment;
  items: number;
  bytes: number;
  /** Of `items`, those that were passed over as too old. */
  expired: number;
}

export interface Lease {
  readonly channel: Channel;
  readonly from: number;
  to: number;
  readonly parts: LeasedPart[];
  state: 'held' | 'acknowledged' | 'released';
}

export function newChannel(name: string, cursor = 0, horizon = 0): Channel {
  return {
    name,
    nameBytes: Buffer.from(name),
    cursor,
    read: cursor,
    written: cursor,
    horizon,
    delivered: Math.max(cursor, horizon),
    pending: 0,
    buffered: 0,
    rank: 0,
    spans: [],
    leases: [],
    dirty: false,
  };
}

/** Notes that the item `sequence` is on disk in a rank. */
export function extendSpans(channel: Channel, rank: Rank, sequence: number): void {
  channel.written = Math.max(channel.written, sequence);
  const last = channel.spans.at(-1);
  if (last?.rank === rank) last.last = Math.max(last.last, sequence);
  else channel.spans.push({ rank, last: sequence });
}

/** The rank from which the channel is to be read now. */
export function readingRank(channel: Channel): Rank | undefined {
  while (channel.spans.length > 0 && (channel.spans[0] as { last: number }).last <= channel.cursor)
    channel.spans.shift();
  return channel.spans[0]?.rank;
}

export function leasedItems(channel: Channel, segment: LeasedSegment): number {
  let items = 0;
  for (const lease of channel.leases) {
    for (const part of lease.parts) if (part.segment === segment) items += part.items;
  }
  return items;
}
