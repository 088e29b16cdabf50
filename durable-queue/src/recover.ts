import { join } from 'node:path';
import { type Channel, extendSpans, newChannel } from './channel.ts';
import { reasonOf } from './errors.ts';
import { parseSegmentName, type SegmentName, UNFINISHED_SUFFIX } from './file-names.ts';
import { readFully } from './file-system.ts';
import { KIND, kindAt, lengthAt, nameAt, scanRecords, sequenceAt, timeAt } from './record.ts';
import { Segment } from './segment.ts';
import { recoverState, StateLog } from './state-log.ts';
import type { Store } from './store.ts';

interface Found {
  readonly id: SegmentName;
  readonly name: string;
}

/**
 * Fills a store from its directory. Every segment is read once and checked, one at a time: what is intact counts,
 * wherever it stands; the torn end of what was being written is cut off; nothing is written to an old segment again.
 */
export async function recover(store: Store): Promise<void> {
  const { directory, fileSystem, onReport, sync } = store.settings;
  const names = await fileSystem.list(directory);
  for (const name of names) if (name.endsWith(UNFINISHED_SUFFIX)) await store.removeFile(name);
  const state = await recoverState(store.settings, names);
  for (const [name, channel] of state.channels) store.channels.set(name, channel);
  for (const { bytes, file } of state.damaged) {
    store.counters.damagedBytes += bytes;
    onReport({ kind: 'damaged', file, bytes });
  }
  store.nextSequence = state.nextSequence;
  store.state = new StateLog(store.settings, state);
  const segments = await newestGenerations(store, names);
  for (const [index, found] of segments.entries()) {
    const isLast = segments[index + 1]?.id.rank !== found.id.rank;
    await recoverSegment(store, found, isLast);
  }
  for (const channel of store.channels.values()) {
    channel.spans.sort((left, right) => left.last - right.last);
    if (state.incomplete) channel.delivered = Math.max(channel.delivered, channel.written);
    channel.rank = channel.spans.at(-1)?.rank ?? 0;
    // Deliveries of an earlier run are noted exactly so far; the new file says it again.
    channel.horizon = channel.delivered;
    channel.dirty = true;
  }
  if (store.channels.size === 0)
    return store.state.note([], () => [], store.nextSequence, sync !== 'never').catch(noted);
  await store.note(true);

  function noted(error: unknown): void {
    onReport({ kind: 'unrecorded', reason: reasonOf(error) });
  }
}

/** In order of rank and number. A compacted segment stands for the one of its number. */
async function newestGenerations(store: Store, names: readonly string[]): Promise<Found[]> {
  const found = names.flatMap((name) => {
    const id = parseSegmentName(name);
    return id === undefined || store.lanes[id.rank] === undefined ? [] : [{ id, name }];
  });
  found.sort(({ id: a }, { id: b }) => a.rank - b.rank || a.number - b.number || a.generation - b.generation);
  const kept: Found[] = [];
  for (const [index, { id, name }] of found.entries()) {
    const next = found[index + 1]?.id;
    if (next !== undefined && next.rank === id.rank && next.number === id.number) await store.removeFile(name);
    else kept.push({ id, name });
  }
  return kept;
}

async function recoverSegment(store: Store, { id, name }: Found, isLast: boolean): Promise<void> {
  const { directory, fileSystem, onReport } = store.settings;
  const lane = store.lane(id.rank);
  const segment = new Segment(directory, id);
  lane.reserve(id.number);
  try {
    const file = await fileSystem.open(join(directory, name));
    try {
      const whole = Buffer.allocUnsafeSlow(await file.size());
      const bytes = whole.subarray(0, await readFully(file, whole, 0));
      const { end, holes } = scanRecords(bytes, id.salt, (at) => count(store, segment, bytes, at));
      segment.size = end;
      for (const { from, to } of holes) damaged(to - from);
      if (end < bytes.length && isLast) {
        store.counters.tornBytes += bytes.length - end;
        onReport({ kind: 'torn', file: name, bytes: bytes.length - end });
        await file.truncate(end).catch(() => {});
      } else if (end < bytes.length) damaged(bytes.length - end);
    } finally {
      await file.close();
    }
  } catch (error) {
    // Left where it is: another start may be able to read it.
    onReport({ kind: 'unreadable', file: name, reason: reasonOf(error) });
    return;
  }
  if (segment.entries.size === 0) await store.removeFile(name);
  else lane.adopt(segment);

  function damaged(bytes: number): void {
    store.counters.damagedBytes += bytes;
    onReport({ kind: 'damaged', file: name, bytes });
  }
}

function count(store: Store, segment: Segment, bytes: Buffer, at: number): void {
  if (kindAt(bytes, at) !== KIND.item) return;
  const sequence = sequenceAt(bytes, at);
  store.nextSequence = Math.max(store.nextSequence, sequence + 1);
  segment.firstSequence = Math.min(segment.firstSequence, sequence);
  const channel = channelOf(store, nameAt(bytes, at));
  // Acknowledged, or standing a second time because a failed write or a compaction was made again.
  if (sequence <= channel.cursor || isKnown(channel, segment, sequence)) return;
  segment.add(channel, sequence, timeAt(bytes, at), lengthAt(bytes, at));
  extendSpans(channel, segment.id.rank, sequence);
  channel.pending++;
}

/** Sequences of a channel grow within a rank. */
function isKnown(channel: Channel, { id }: Segment, sequence: number): boolean {
  const span = channel.spans.at(-1);
  return span?.rank === id.rank && sequence <= span.last;
}

function channelOf(store: Store, name: Buffer): Channel {
  const text = name.toString();
  let channel = store.channels.get(text);
  if (channel === undefined) {
    channel = newChannel(text);
    store.channels.set(text, channel);
  }
  return channel;
}
