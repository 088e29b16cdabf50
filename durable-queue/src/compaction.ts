import { join } from 'node:path';
import { type Channel, leasedItems } from './channel.ts';
import { isNoSpace, reasonOf } from './errors.ts';
import { UNFINISHED_SUFFIX } from './file-names.ts';
import { writeFully } from './file-system.ts';
import type { Lane } from './lane.ts';
import { KIND, layRecord, sealRecord } from './record.ts';
import { Segment } from './segment.ts';
import type { Store } from './store.ts';

/** Of what is compacted, the share that may be live: each compaction frees at least as much as it writes. */
const MOST_LIVE_SHARE = 0.5;

/** Frees space that holds nothing live. False when there is none that is worth it, or the disk does not let it. */
export async function reclaim(store: Store): Promise<boolean> {
  for (const lane of store.lanes) {
    const used = lane.segments.find(({ entries }) => entries.size === 0);
    if (used !== undefined) {
      await store.remove(lane, used);
      return true;
    }
  }
  for (let worth = compactable(store); worth !== undefined; worth = compactable(store)) {
    if (await compact(store, worth)) return true;
    if (!worth.segments.some(({ isStuck }) => isStuck)) break;
  }
  return false;
}

/** Neighbours of one lane, oldest first, of which one segment is made. */
interface Compaction {
  readonly lane: Lane;
  readonly segments: readonly Segment[];
}

/** The segment of least live bytes that is worth it, with what goes along. Undefined when there is none. */
function compactable({ lanes, settings }: Store): Compaction | undefined {
  let best: { lane: Lane; index: number; live: number } | undefined;
  for (const lane of lanes) {
    for (const [index, segment] of lane.segments.entries()) {
      const live = segment.liveBytes;
      if (live === 0 || live > segment.size * MOST_LIVE_SHARE || live >= (best?.live ?? Number.POSITIVE_INFINITY))
        continue;
      if (mayMove(lane, segment)) best = { lane, index, live };
    }
  }
  return best && { lane: best.lane, segments: withNeighbours(best.lane, best.index, settings.segmentBytes) };
}

/** Else what a channel leaves behind would be a small file for every segment that has ever been. */
function withNeighbours(lane: Lane, index: number, segmentBytes: number): Segment[] {
  const first = lane.segments[index] as Segment;
  const run = [first];
  let { liveBytes: live, size } = first;
  const takes = (segment: Segment | undefined): segment is Segment => {
    if (segment === undefined || !mayMove(lane, segment)) return false;
    const most = Math.min(segmentBytes, size + segment.size) * MOST_LIVE_SHARE;
    if (live + segment.liveBytes > most) return false;
    live += segment.liveBytes;
    size += segment.size;
    return true;
  };
  for (let at = index - 1, older = lane.segments[at]; takes(older); older = lane.segments[--at]) run.unshift(older);
  for (let at = index + 1, newer = lane.segments[at]; takes(newer); newer = lane.segments[++at]) run.push(newer);
  return run;
}

/** Not what is written to, nor what a lease knows, which ends soon. */
function mayMove(lane: Lane, segment: Segment): boolean {
  if (segment === lane.active || segment.isStuck) return false;
  return ![...segment.entries.keys()].some((channel) => leasedItems(channel, segment) > 0);
}

/**
 * Writes what is live in the segments to a new one, which takes the place of the first. False when the disk does not let
 * it; then all is as before.
 *
 * INVARIANTS
 * - An old file is removed only when the new one and its name are on disk, whatever the policy: what had been brought
 *   there long ago must not depend on a file that has not.
 * - The new one stands before those of the old that a crash may leave: it has all that is live in them, so what they
 *   repeat is known when they are read.
 */
async function compact(store: Store, { lane, segments }: Compaction): Promise<boolean> {
  const { directory, onReport, random } = store.settings;
  const first = segments[0] as Segment;
  const compacted = new Segment(directory, { ...first.id, generation: first.id.generation + 1, salt: random() });
  const records: Buffer[] = [];
  let reading = first;
  try {
    for (reading of segments) records.push(...(await gather(lane, reading, compacted)));
    if (records.length > 0) await bring(store, compacted, Buffer.concat(records));
  } catch (error) {
    // With space again it may be possible; what cannot be read or written is not tried for ever.
    if (isNoSpace(error)) return false;
    reading.isStuck = true;
    store.counters.failedWrites++;
    onReport({ kind: 'write-failed', file: compacted.name, reason: reasonOf(error) });
    return false;
  }
  countDamaged(store, segments, compacted);
  store.counters.compactions++;
  if (compacted.size > 0) lane.replace(first, compacted);
  for (const segment of segments) await store.remove(lane, segment);
  return true;
}

/** Items that were counted when they were stored, and are not found now. */
function countDamaged({ counters }: Store, segments: readonly Segment[], compacted: Segment): void {
  const missing = new Map<Channel, number>();
  for (const { entries } of segments) {
    for (const [channel, { items }] of entries) missing.set(channel, (missing.get(channel) ?? 0) + items);
  }
  for (const [channel, items] of missing) {
    const lost = items - (compacted.entries.get(channel)?.items ?? 0);
    channel.pending -= lost;
    counters.damagedItems += lost;
  }
}

/** Records of what is live in a segment, as they are going to stand at the end of the other; each channel's in their order. */
async function gather(lane: Lane, segment: Segment, into: Segment): Promise<Buffer[]> {
  const loaded = await lane.load(segment);
  const records: Buffer[] = [];
  for (const channel of segment.entries.keys()) {
    const name = channel.nameBytes;
    for (const { content, recordBytes, sequence, time } of loaded.items(name, lane.lastBefore(segment, channel))) {
      const record = Buffer.allocUnsafeSlow(recordBytes);
      layRecord(record, 0, { kind: KIND.item, name, sequence, time, content: content() });
      sealRecord(record, 0, recordBytes, into.id.salt, into.size);
      into.add(channel, sequence, time, recordBytes);
      into.size += recordBytes;
      records.push(record);
    }
  }
  return records;
}

async function bring(store: Store, segment: Segment, bytes: Buffer): Promise<void> {
  const { directory, fileSystem } = store.settings;
  const unfinished = segment.name + UNFINISHED_SUFFIX;
  const file = await fileSystem.create(join(directory, unfinished));
  let name = unfinished;
  try {
    try {
      await writeFully(file, bytes, 0);
      await file.sync();
    } finally {
      await file.close();
    }
    await fileSystem.rename(join(directory, unfinished), segment.path);
    name = segment.name;
    await fileSystem.syncDirectory(directory);
  } catch (error) {
    await store.removeFile(name);
    throw error;
  }
}
