import type { Channel } from './channel.ts';
import { reclaim } from './compaction.ts';
import { isNoSpace, QueueError, reasonOf } from './errors.ts';
import type { Lane } from './lane.ts';
import { LaneBuffer, type Waiter } from './lane-buffer.ts';
import { PRIORITIES, type Rank } from './priority.ts';
import { recordBytes } from './record.ts';
import type { DropReason } from './report.ts';
import type { Store } from './store.ts';
import type { Turns } from './turns.ts';

/** Segments given up for one write at a full disk: somebody else may be taking the space as fast as it is freed. */
const MAX_EVICTIONS = 2;

/**
 * Takes items into a bounded buffer and brings them to disk. While one write and its fsync run, the items of the next
 * gather: they share one fsync (group commit), and no timer is needed.
 */
export class Writer {
  readonly #store: Store;
  readonly #turns: Turns;
  readonly #onWritten: () => void;
  #filling: LaneBuffer[];
  #writing: LaneBuffer[];
  #commit: Promise<void> | undefined;
  #noteWanted = false;
  #noteTimer: { cancel(): void } | undefined;
  #syncTimer: { cancel(): void } | undefined;
  #room: (() => void)[] = [];

  constructor(store: Store, turns: Turns, onWritten: () => void) {
    this.#store = store;
    this.#turns = turns;
    this.#onWritten = onWritten;
    this.#filling = PRIORITIES.map(() => new LaneBuffer());
    this.#writing = PRIORITIES.map(() => new LaneBuffer());
  }

  get bufferedBytes(): number {
    return [...this.#filling, ...this.#writing].reduce((sum, { length }) => sum + length, 0);
  }

  get bufferedItems(): number {
    return [...this.#filling, ...this.#writing].reduce((sum, { records }) => sum + records.length, 0);
  }

  add(channel: Channel, rank: Rank, content: Uint8Array, time: number, waiter: Waiter): void {
    // A channel stays where its backlog is, or its order would be lost.
    if (channel.pending === 0 && channel.buffered === 0) channel.rank = rank;
    if (!this.hasRoom(channel.rank, recordBytes(channel.nameBytes, content))) {
      this.#store.drop('buffer-full', channel.rank, { [channel.name]: 1 });
      waiter.dropped('buffer-full');
      return;
    }
    channel.buffered++;
    (this.#filling[channel.rank] as LaneBuffer).add(channel, content, this.#store.nextSequence++, time, waiter);
    this.#schedule();
  }

  /** Always for an item into an empty buffer. */
  hasRoom(rank: Rank, bytes = 1): boolean {
    const used = (this.#filling[rank] as LaneBuffer).length + (this.#writing[rank] as LaneBuffer).length;
    return used === 0 || used + bytes <= this.#store.settings.maxBufferedBytes;
  }

  /** Resolves when there is room in the buffer. */
  async room(rank: Rank): Promise<void> {
    while (!this.hasRoom(rank)) await new Promise<void>((resolve) => this.#room.push(resolve));
  }

  /** What has changed of channels is written down within `acknowledgeInterval`; without one, when this resolves. */
  async note(): Promise<void> {
    const { acknowledgeInterval, clock } = this.#store.settings;
    if (acknowledgeInterval === 0) {
      this.#noteWanted = true;
      return this.#schedule();
    }
    this.#noteTimer ??= clock.after(acknowledgeInterval, () => {
      this.#noteTimer = undefined;
      this.#noteWanted = true;
      void this.#schedule();
    });
  }

  /** Resolves when all that was accepted is written, or was answered otherwise. */
  async written(): Promise<void> {
    while (this.#commit !== undefined) await this.#commit;
  }

  stop(): void {
    this.#noteTimer?.cancel();
    this.#noteTimer = undefined;
    this.#cancelSync();
  }

  /** fsync of everything written. */
  async sync(): Promise<void> {
    this.#cancelSync();
    for (const lane of this.#store.lanes) {
      try {
        await lane.sync();
      } catch (error) {
        // Nobody knows what is on disk: the segment is left as it is (fsync(2), ERRORS).
        this.#failed(lane, error);
        lane.unsynced.clear();
        lane.active = undefined;
      }
    }
  }

  /** At the end of the turn of the event loop, so that everything given in it shares a write. */
  #schedule(): Promise<void> {
    this.#commit ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => this.#run());
    return this.#commit;
  }

  async #run(): Promise<void> {
    try {
      await this.#turns.run(() => this.#write());
    } catch (error) {
      this.#abort(error);
    }
    this.#commit = undefined;
    if (this.#noteWanted || this.#filling.some(({ length }) => length > 0)) void this.#schedule();
    const waiting = this.#room;
    this.#room = [];
    for (const resolve of waiting) resolve();
    this.#onWritten();
  }

  async #write(): Promise<void> {
    [this.#filling, this.#writing] = [this.#writing, this.#filling];
    const noteWanted = this.#noteWanted;
    this.#noteWanted = false;
    this.#store.counters.commits++;
    if (this.#store.hasExpired) await this.#store.expire();
    for (const lane of this.#store.lanes) {
      const buffer = this.#writing[lane.rank] as LaneBuffer;
      if (buffer.length === 0) continue;
      await this.#writeLane(lane, buffer);
      for (const { channel } of buffer.records) channel.buffered--;
      buffer.clear();
    }
    if (noteWanted || this.#store.mustNote) await this.#store.note(this.#store.mustNote);
    if (this.#store.hasSpent) await this.#store.sweep();
    this.#wantSync();
  }

  async #writeLane(lane: Lane, buffer: LaneBuffer): Promise<void> {
    const { maxBytes, whenFull } = this.#store.settings;
    const evicts = whenFull === 'drop-oldest';
    let evicted = 0;
    while (this.#store.bytes + buffer.length > maxBytes) {
      if (await reclaim(this.#store)) continue;
      const items = evicts ? await this.#store.evict(lane.rank, 'queue-full') : undefined;
      if (items === undefined) return this.#drop(lane, buffer, 'queue-full');
      evicted += items;
    }
    for (let evictions = 0, repeated = false; ; ) {
      try {
        await lane.write(buffer);
        break;
      } catch (error) {
        if (isNoSpace(error)) {
          if (await reclaim(this.#store)) continue;
          const possible = evicts && evictions++ < MAX_EVICTIONS;
          const items = possible ? await this.#store.evict(lane.rank, 'disk-full') : undefined;
          if (items === undefined) return this.#drop(lane, buffer, 'disk-full');
          evicted += items;
          continue;
        }
        this.#failed(lane, error);
        if (repeated) return this.#fail(buffer, error);
        repeated = true;
      }
    }
    this.#store.counters.stored += buffer.records.length;
    for (const { sequence, waiter } of buffer.records) waiter.stored(sequence, evicted);
  }

  #drop(lane: Lane, buffer: LaneBuffer, reason: DropReason): void {
    const channels: Record<string, number> = {};
    for (const { channel } of buffer.records) channels[channel.name] = (channels[channel.name] ?? 0) + 1;
    this.#store.drop(reason, lane.rank, channels);
    for (const { waiter } of buffer.records) waiter.dropped(reason);
  }

  #fail(buffer: LaneBuffer, cause: unknown): void {
    const error = new QueueError('WRITE_FAILED', `the queue cannot be written: ${reasonOf(cause)}`, { cause });
    for (const { waiter } of buffer.records) waiter.failed(error);
  }

  /** Nobody waits for an answer that does not come. */
  #abort(error: unknown): void {
    for (const buffer of this.#writing) {
      this.#fail(buffer, error);
      for (const { channel } of buffer.records) channel.buffered--;
      buffer.clear();
    }
  }

  #failed(lane: Lane, error: unknown): void {
    this.#store.counters.failedWrites++;
    const file = lane.active?.name ?? lane.segments.at(-1)?.name ?? this.#store.settings.directory;
    this.#store.settings.onReport({ kind: 'write-failed', file, reason: reasonOf(error) });
  }

  #cancelSync(): void {
    this.#syncTimer?.cancel();
    this.#syncTimer = undefined;
  }

  #wantSync(): void {
    const { clock, sync, syncInterval } = this.#store.settings;
    if (sync !== 'interval' || this.#syncTimer !== undefined) return;
    if (this.#store.lanes.every(({ unsynced }) => unsynced.size === 0)) return;
    this.#syncTimer = clock.after(syncInterval, () => {
      this.#syncTimer = undefined;
      void this.#turns.run(() => this.sync());
    });
  }
}
