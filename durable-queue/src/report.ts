import type { Priority } from './priority.ts';

/** Why an item was not, or is no longer, in the queue. */
export type DropReason =
  /** The producer ran ahead of the disk: the bounded buffer holds no more. */
  | 'buffer-full'
  /** The queue's size bound. */
  | 'queue-full'
  /** The disk, or the user's share of it. */
  | 'disk-full'
  /** The age bound. */
  | 'too-old';

/** What the owner of a queue should log. `file` is a name in the queue's directory. */
export type QueueReport =
  | {
      readonly kind: 'dropped';
      readonly reason: DropReason;
      readonly priority: Priority;
      readonly items: number;
      readonly channels: Readonly<Record<string, number>>;
    }
  /** The end of a file that was being written at a crash; nothing in it had been promised. */
  | { readonly kind: 'torn'; readonly file: string; readonly bytes: number }
  /** Bytes that were whole once. What is intact around them is kept. */
  | { readonly kind: 'damaged'; readonly file: string; readonly bytes: number }
  | { readonly kind: 'unreadable'; readonly file: string; readonly reason: string }
  | { readonly kind: 'write-failed'; readonly file: string; readonly reason: string }
  /** Deliveries cannot be recorded: after a crash they would be made again without the mark of a possible duplicate. */
  | { readonly kind: 'unrecorded'; readonly reason: string }
  /** A file that is no longer needed stays. */
  | { readonly kind: 'not-removed'; readonly file: string; readonly reason: string };

export interface QueueStats {
  /** Items stored and not acknowledged. */
  readonly items: number;
  /** Items handed out and neither acknowledged nor released. */
  readonly leased: number;
  /** Items and bytes accepted and not yet written. */
  readonly bufferedItems: number;
  readonly bufferedBytes: number;
  /** Bytes of all files. */
  readonly bytes: number;
  readonly segments: number;
  readonly channels: readonly ChannelStats[];
  /** Since `open`. */
  readonly stored: number;
  readonly delivered: number;
  readonly acknowledged: number;
  readonly released: number;
  readonly dropped: Readonly<Record<DropReason, number>>;
  /** Bytes found damaged, and items that turned out damaged after they had been counted. */
  readonly damagedBytes: number;
  readonly damagedItems: number;
  /** Bytes cut off as torn. */
  readonly tornBytes: number;
  readonly commits: number;
  readonly syncs: number;
  readonly compactions: number;
  readonly failedWrites: number;
}

export interface ChannelStats {
  readonly channel: string;
  readonly priority: Priority;
  readonly items: number;
}

export interface Counters {
  stored: number;
  delivered: number;
  acknowledged: number;
  released: number;
  readonly dropped: Record<DropReason, number>;
  damagedBytes: number;
  damagedItems: number;
  tornBytes: number;
  commits: number;
  syncs: number;
  compactions: number;
  failedWrites: number;
}

export function newCounters(): Counters {
  return {
    stored: 0,
    delivered: 0,
    acknowledged: 0,
    released: 0,
    dropped: { 'buffer-full': 0, 'queue-full': 0, 'disk-full': 0, 'too-old': 0 },
    damagedBytes: 0,
    damagedItems: 0,
    tornBytes: 0,
    commits: 0,
    syncs: 0,
    compactions: 0,
    failedWrites: 0,
  };
}
