import { type Channel, type Lease, type LeasedPart, readingRank } from './channel.ts';
import { reasonOf, systemCode } from './errors.ts';
import type { Lane } from './lane.ts';
import type { LoadedSegment } from './loaded-segment.ts';
import { type Priority, priorityOf, type Rank } from './priority.ts';
import { LEAST_KNOWN_TIME, type Segment } from './segment.ts';
import type { Store } from './store.ts';

export interface QueueItem {
  /** Grows within the whole queue and over restarts, with gaps. */
  readonly sequence: number;
  /** ms, as the producer gave it */
  readonly time: number;
  readonly bytes: Buffer;
  /** It was handed out before, or may have been: in this run, or in one that ended without telling. */
  readonly possibleDuplicate: boolean;
}

/** Items of one channel in their order, handed out until they are acknowledged or released. */
export interface Batch {
  readonly channel: string;
  readonly priority: Priority;
  readonly items: readonly QueueItem[];
}

export interface TakeOptions {
  /** Only of this channel. */
  readonly channel?: string;
}

interface Collected {
  readonly rank: Rank;
  readonly items: readonly QueueItem[];
  readonly lease: Lease;
}

/** Above the last item handed out, what is noted as possibly handed out: the price of noting it once for so many. */
const HORIZON_STEP = 512;
/** Segments that one batch is gathered from. */
const SEGMENTS_OF_BATCH = 2;

/** Hands items out. Its methods are called in turns. */
export class Reader {
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Whether `take` would find something, as far as is known. */
  hasItems(options: TakeOptions = {}): boolean {
    return this.#next(options, []) !== undefined;
  }

  async take(max: number, bytes: number, options: TakeOptions): Promise<{ batch: Batch; lease: Lease } | undefined> {
    if (this.#store.hasExpired) await this.#store.expire();
    for (;;) {
      const channel = this.#next(options, []);
      if (channel === undefined) return undefined;
      const { items, lease, rank } = await this.#collect(channel, max, bytes);
      channel.read = Math.max(channel.read, lease.to);
      if (items.length === 0) {
        this.#finish(channel, lease);
        if (this.#store.hasSpent) await this.#store.sweep();
        continue;
      }
      if (lease.to > channel.horizon) {
        channel.horizon = lease.to + HORIZON_STEP;
        channel.dirty = true;
        this.#store.mustNote = true;
      }
      channel.leases.push(lease);
      if (this.#store.mustNote) await this.#store.note(true);
      channel.delivered = Math.max(channel.delivered, lease.to);
      this.#store.counters.delivered += items.length;
      return { batch: { channel: channel.name, priority: priorityOf(rank), items }, lease };
    }
  }

  /** What `take` would hand out now, without handing it out. */
  async peek(max: number, bytes: number, options: TakeOptions): Promise<Batch | undefined> {
    const empty: Channel[] = [];
    for (;;) {
      const channel = this.#next(options, empty);
      if (channel === undefined) return undefined;
      const { items, rank } = await this.#collect(channel, max, bytes);
      if (items.length > 0) return { channel: channel.name, priority: priorityOf(rank), items };
      empty.push(channel);
    }
  }

  /** False when the lease had ended before. */
  async acknowledge(lease: Lease): Promise<boolean> {
    if (lease.state !== 'held') return false;
    lease.state = 'acknowledged';
    const { channel } = lease;
    // A later one waits for those before it: what a crash leaves is always one end of the channel.
    while (channel.leases[0]?.state === 'acknowledged') this.#finish(channel, channel.leases.shift() as Lease);
    if (this.#store.hasSpent) await this.#store.sweep();
    return true;
  }

  /** Gives the batch back, and with it those handed out after it from the channel. */
  release(lease: Lease): boolean {
    if (lease.state !== 'held') return false;
    const { channel } = lease;
    const back = channel.leases.splice(channel.leases.indexOf(lease));
    for (const each of back) {
      each.state = 'released';
      for (const { expired, items, segment } of each.parts) {
        this.#store.counters.released += items - expired;
        if (!segment.gone) continue;
        // Given up while it was handed out.
        channel.pending -= items;
        this.#store.drop('queue-full', segment.id.rank, { [channel.name]: items - expired });
      }
    }
    channel.read = Math.max(channel.cursor, lease.from);
    return true;
  }

  #finish(channel: Channel, lease: Lease): void {
    for (const { bytes, expired, items, segment } of lease.parts) {
      this.#store.counters.acknowledged += items - expired;
      this.#store.drop('too-old', segment.id.rank, { [channel.name]: expired });
      channel.pending -= items;
      const entry = segment.entries.get(channel);
      if (entry === undefined || segment.gone) continue;
      entry.items -= items;
      entry.bytes -= bytes;
    }
    channel.cursor = Math.max(channel.cursor, lease.to);
    channel.dirty = true;
    this.#store.settle(channel);
  }

  /** Of the most urgent rank, the channel that was served longest ago, in terms of its items. */
  #next({ channel: only }: TakeOptions, except: readonly Channel[]): Channel | undefined {
    let best: Channel | undefined;
    let bestRank = Number.POSITIVE_INFINITY;
    for (const channel of this.#store.channels.values()) {
      if (channel.written <= channel.read || (only !== undefined && channel.name !== only) || except.includes(channel))
        continue;
      if (channel.leases.length >= this.#store.settings.maxLeases) continue;
      const rank = readingRank(channel);
      if (rank === undefined || rank > bestRank || (channel.spans[0] as { last: number }).last <= channel.read)
        continue;
      if (best !== undefined && rank === bestRank && channel.read >= best.read) continue;
      best = channel;
      bestRank = rank;
    }
    return best;
  }

  async #collect(channel: Channel, max: number, maxBytes: number): Promise<Collected> {
    const rank = readingRank(channel) as Rank;
    const lane = this.#store.lane(rank);
    const oldest = this.#store.oldestAllowed();
    const parts: LeasedPart[] = [];
    const items: QueueItem[] = [];
    const lease: Lease = { channel, from: channel.read, to: channel.read, parts, state: 'held' };
    let bytes = 0;
    for (const segment of [...lane.segments]) {
      const entry = segment.entries.get(channel);
      if (entry === undefined || entry.last <= lease.to) continue;
      if (parts.length >= SEGMENTS_OF_BATCH && items.length > 0) break;
      const part: LeasedPart = { segment, items: 0, bytes: 0, expired: 0 };
      parts.push(part);
      const loaded = lane.loaded(segment) ?? (await this.#load(lane, segment));
      for (const item of loaded?.items(channel.nameBytes, lease.to) ?? []) {
        const tooOld = item.time < oldest && item.time >= LEAST_KNOWN_TIME;
        if (!tooOld) {
          const full = items.length >= max || (items.length > 0 && bytes + item.contentBytes > maxBytes);
          if (full) return { rank, items, lease };
          const { contentBytes, sequence, time } = item;
          items.push({ sequence, time, bytes: item.content(), possibleDuplicate: sequence <= channel.delivered });
          bytes += contentBytes;
        } else {
          part.expired++;
        }
        part.items++;
        part.bytes += item.recordBytes;
        lease.to = item.sequence;
      }
      // What is missing up to here is damaged.
      lease.to = Math.max(lease.to, entry.last);
    }
    return { rank, items, lease };
  }

  /** Nothing of a segment whose blocks the disk cannot read: the rest must not wait for it for ever. */
  async #load(lane: Lane, segment: Segment): Promise<LoadedSegment | undefined> {
    try {
      return await lane.load(segment);
    } catch (error) {
      if (systemCode(error) !== 'EIO') throw error;
      this.#store.settings.onReport({ kind: 'unreadable', file: segment.name, reason: reasonOf(error) });
      return undefined;
    }
  }
}
