import { join } from 'node:path';
import { type Channel, leasedItems, newChannel } from './channel.ts';
import { QueueError, reasonOf } from './errors.ts';
import { Lane } from './lane.ts';
import type { Settings } from './options.ts';
import { PRIORITIES, priorityOf, type Rank } from './priority.ts';
import { type Counters, type DropReason, newCounters } from './report.ts';
import { LEAST_KNOWN_TIME, type Segment } from './segment.ts';
import type { StateLog } from './state-log.ts';

/** What a queue holds: lanes, channels and their notes. Only one of its methods runs at a time. */
export class Store {
  readonly settings: Settings;
  readonly counters: Counters = newCounters();
  readonly lanes: readonly Lane[];
  readonly channels = new Map<string, Channel>();
  /** Set by the recovery. */
  state!: StateLog;
  nextSequence = 1;
  /** Cursors moved over items that were never handed out: to be on disk before anything else is handed out. */
  mustNote = false;
  /** A file could not be removed. */
  #leftovers = false;

  constructor(settings: Settings) {
    this.settings = settings;
    this.lanes = PRIORITIES.map((_, rank) => new Lane(rank, settings, this.counters));
  }

  lane(rank: Rank): Lane {
    return this.lanes[rank] as Lane;
  }

  get bytes(): number {
    return this.lanes.reduce((sum, lane) => sum + lane.bytes, this.state.bytes);
  }

  /** @throws QueueError `TOO_MANY_CHANNELS` */
  channel(name: string): Channel {
    const known = this.channels.get(name);
    if (known !== undefined) return known;
    if (this.channels.size >= this.settings.maxChannels) this.#forgetIdle();
    const made = newChannel(name);
    this.channels.set(name, made);
    return made;
  }

  /**
   * Notes what has changed. False when the disk refuses: that is told, and tried again with the next change, for
   * otherwise a full disk could not be drained.
   */
  async note(sync: boolean): Promise<boolean> {
    const changed = [...this.channels.values()].filter(({ dirty }) => dirty);
    if (changed.length === 0) return true;
    try {
      const mustSync = sync && this.settings.sync !== 'never';
      if (mustSync) this.counters.syncs++;
      await this.state.note(changed, () => this.channels.values(), this.nextSequence, mustSync);
    } catch (error) {
      this.counters.failedWrites++;
      this.settings.onReport({ kind: 'unrecorded', reason: reasonOf(error) });
      return false;
    }
    for (const channel of changed) channel.dirty = false;
    if (sync) this.mustNote = false;
    return true;
  }

  /** Counts and reports items that are not in the queue, or no longer. */
  drop(reason: DropReason, rank: Rank, channels: Readonly<Record<string, number>>): void {
    const items = Object.values(channels).reduce((sum, count) => sum + count, 0);
    if (items === 0) return;
    this.counters.dropped[reason] += items;
    this.settings.onReport({ kind: 'dropped', reason, priority: priorityOf(rank), items, channels });
  }

  /**
   * Gives up the oldest segment of the lowest rank that has one, but of none more urgent than `rank`. Answers how many
   * items that were, or undefined when there is nothing to give up.
   */
  async evict(rank: Rank, reason: DropReason): Promise<number | undefined> {
    for (let lowest = this.lanes.length - 1; lowest >= rank; lowest--) {
      const [oldest] = this.lane(lowest).segments;
      if (oldest !== undefined) return this.#giveUp(this.lane(lowest), oldest, reason);
    }
    return undefined;
  }

  /** Whether {@link expire} would find something. */
  get hasExpired(): boolean {
    const oldest = this.oldestAllowed();
    return this.lanes.some((lane) => expiredOf(lane, oldest) !== undefined);
  }

  /** Drops segments in which everything is too old. */
  async expire(): Promise<void> {
    const oldest = this.oldestAllowed();
    for (const lane of this.lanes) {
      for (let segment = expiredOf(lane, oldest); segment !== undefined; segment = expiredOf(lane, oldest)) {
        await this.#giveUp(lane, segment, 'too-old');
      }
    }
  }

  /** Items of a known time before this are too old. Nothing is while the device does not know the time. */
  oldestAllowed(): number {
    const now = this.settings.clock.now();
    return now < LEAST_KNOWN_TIME ? Number.NEGATIVE_INFINITY : now - this.settings.maxAge;
  }

  /** Forgets what is below the channel's cursor. What is spent then, {@link sweep} removes. */
  settle(channel: Channel): void {
    for (const { segments } of this.lanes) {
      for (const segment of segments) {
        const entry = segment.entries.get(channel);
        if (entry === undefined) continue;
        if (entry.last > channel.cursor) break;
        // Counted once, and not found again.
        channel.pending -= entry.items;
        this.counters.damagedItems += entry.items;
        segment.entries.delete(channel);
      }
    }
  }

  /** Removes the file. One that stays is read again after a restart: as possible duplicates, for it was handed out. */
  async remove(lane: Lane, segment: Segment): Promise<void> {
    await lane.forget(segment);
    await this.removeFile(segment.name);
  }

  async removeFile(name: string): Promise<void> {
    const { directory, fileSystem, onReport } = this.settings;
    try {
      await fileSystem.remove(join(directory, name));
    } catch (error) {
      this.#leftovers = true;
      onReport({ kind: 'not-removed', file: name, reason: reasonOf(error) });
    }
  }

  /** Whether {@link sweep} would find something. */
  get hasSpent(): boolean {
    return this.lanes.some((lane) => lane.segments.some((segment) => isSpent(lane, segment)));
  }

  /** Removes segments in which nothing waits any more, and which are not written to. */
  async sweep(): Promise<void> {
    for (const lane of this.lanes) {
      for (const segment of lane.segments.filter((one) => isSpent(lane, one))) await this.remove(lane, segment);
    }
  }

  async #giveUp(lane: Lane, segment: Segment, reason: DropReason): Promise<number> {
    const dropped: Record<string, number> = {};
    let items = 0;
    for (const [channel, entry] of segment.entries) {
      const waiting = entry.items - leasedItems(channel, segment);
      if (waiting > 0) dropped[channel.name] = waiting;
      items += waiting;
      channel.pending -= waiting;
      channel.cursor = Math.max(channel.cursor, entry.last);
      channel.read = Math.max(channel.read, entry.last);
      channel.dirty = true;
      this.mustNote = true;
    }
    await this.remove(lane, segment);
    this.drop(reason, lane.rank, dropped);
    return items;
  }

  /** What is known of a channel must be kept as long as a file holds an item of it: it would be delivered again. */
  #forgetIdle(): void {
    const first = Math.min(...this.lanes.flatMap(({ segments }) => segments.map(({ firstSequence }) => firstSequence)));
    for (const [name, { buffered, leases, pending, written }] of this.channels) {
      if (this.#leftovers || pending > 0 || buffered > 0 || leases.length > 0 || written >= first) continue;
      this.channels.delete(name);
    }
    if (this.channels.size < this.settings.maxChannels) return;
    throw new QueueError('TOO_MANY_CHANNELS', `${this.channels.size} channels have a backlog`);
  }
}

/** The oldest segment of a lane, when everything in it is too old. */
function expiredOf({ segments: [oldest] }: Lane, allowed: number): Segment | undefined {
  return oldest !== undefined && oldest.entries.size > 0 && oldest.newestTime < allowed ? oldest : undefined;
}

function isSpent(lane: Lane, segment: Segment): boolean {
  return segment.entries.size === 0 && segment !== lane.active;
}
