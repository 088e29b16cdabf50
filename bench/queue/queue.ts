import { closeSync, fdatasync, mkdtempSync, openSync, rmSync, write } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { type DurableQueue, open, type SyncPolicy } from '../../durable-queue/src/index.ts';
import type { BenchOptions } from '../bench-options.ts';

const ROUNDS = 3;
const DEFAULT_SECONDS = 9;
/** Items given at once, which share a sync; the plain loop also runs with writes of as many. */
const GROUPS = [1, 100] as const;
const BACKLOG = 1_000_000;
/** Given at once when a backlog is made. */
const BACKLOG_GROUP = 1_000;
const ITEM = Buffer.from(
  JSON.stringify({ time: 1767225600123, values: { temperature: 71.35, pressure: 4.182, rpm: 1475, flow: 12.75 } }),
);
const MIB = 1024 * 1024;

/** As the queue calls the disk; the synchronous calls turned out slower here. */
const writeBytes = promisify(write);
const syncFile = promisify(fdatasync);

type Work = (directory: string, milliseconds: number) => Promise<number>;

/** The same bytes, each group with one write and one sync of its own, and nothing else. */
const plain =
  (size: number, syncs: boolean): Work =>
  async (directory, milliseconds) => {
    const file = openSync(join(directory, 'plain'), 'w');
    const bytes = Buffer.concat(Array.from({ length: size }, () => ITEM));
    try {
      return await itemsPerSecond(milliseconds, size, async () => {
        await writeBytes(file, bytes, 0, bytes.length, null);
        if (syncs) await syncFile(file);
      });
    } finally {
      closeSync(file);
    }
  };

const queued =
  (size: number, sync: SyncPolicy): Work =>
  async (directory, milliseconds) => {
    const queue = await open({ directory: join(directory, `queue-${size}-${sync}`), sync, maxBytes: 2048 * MIB });
    try {
      return await itemsPerSecond(milliseconds, size, () => putMany(queue, size));
    } finally {
      await queue.close();
    }
  };

async function putMany(queue: DurableQueue, count: number): Promise<void> {
  const puts: Promise<unknown>[] = [];
  for (let index = 0; index < count; index++) puts.push(queue.put('telemetry', ITEM));
  await Promise.all(puts);
}

async function itemsPerSecond(milliseconds: number, size: number, step: () => Promise<void>): Promise<number> {
  const began = performance.now();
  let items = 0;
  let elapsed = 0;
  do {
    await step();
    items += size;
    elapsed = performance.now() - began;
  } while (elapsed < milliseconds);
  return (items / elapsed) * 1000;
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] as number;
}

/** Items per second, durable and not, beside an append and fsync loop of the same bytes, in alternating rounds. */
export async function run({ json, seconds = DEFAULT_SECONDS }: BenchOptions): Promise<object> {
  const candidates: Record<string, Work> = {};
  for (const size of GROUPS) {
    candidates[`queue, ${size} at once, fsync`] = queued(size, 'always');
    candidates[`plain, ${size} a write, fsync`] = plain(size, true);
    candidates[`queue, ${size} at once, no fsync`] = queued(size, 'never');
    candidates[`plain, ${size} a write, no fsync`] = plain(size, false);
  }
  const rates = new Map<string, number[]>();
  const slice = (seconds * 1000) / ROUNDS / Object.keys(candidates).length;
  for (let round = 0; round < ROUNDS; round++) {
    const order = Object.entries(candidates);
    // Whoever comes after another's syncs may pay for them.
    if (round % 2 === 1) order.reverse();
    for (const [name, work] of order) {
      const directory = mkdtempSync(join(tmpdir(), 'fleetwright-bench-queue-'));
      try {
        rates.set(name, [...(rates.get(name) ?? []), await work(directory, slice)]);
      } finally {
        rmSync(directory, { recursive: true, force: true });
      }
    }
  }
  const figures = [...rates].map(([name, values]) => ({
    name,
    itemsPerSecond: Math.round(median(values)),
    microsecondsPerItem: Number((1e6 / median(values)).toFixed(2)),
  }));
  const backlog = await backlogFigures();
  const rate = (name: string): number => median(rates.get(name) ?? [Number.NaN]);
  const ratio = (size: number, how: string): number =>
    Number((rate(`queue, ${size} at once, ${how}`) / rate(`plain, ${size} a write, ${how}`)).toFixed(3));
  const result = {
    bench: 'queue',
    itemBytes: ITEM.length,
    rounds: ROUNDS,
    figures,
    ratioToPlainFsync: Object.fromEntries(GROUPS.map((size) => [size, ratio(size, 'fsync')])),
    ratioToPlainWrite: Object.fromEntries(GROUPS.map((size) => [size, ratio(size, 'no fsync')])),
    backlog,
  };
  if (!json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  return result;
}

/** What a backlog costs in memory, in starting, and in draining. */
async function backlogFigures(): Promise<object> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-bench-queue-'));
  const used = (): number => {
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const collect = (globalThis as { gc?: () => void }).gc ?? (() => {});
  try {
    collect();
    const before = used();
    const first = await open({ directory, sync: 'never', maxBytes: 1024 * MIB });
    for (let count = 0; count < BACKLOG; count += BACKLOG_GROUP) await putMany(first, BACKLOG_GROUP);
    collect();
    const filled = used() - before;
    await first.close();
    const opening = performance.now();
    const queue = await open({ directory, sync: 'never', maxBytes: 1024 * MIB });
    const openMs = Math.round(performance.now() - opening);
    collect();
    const opened = used() - before;
    const draining = performance.now();
    let items = 0;
    for (let batch = await queue.take(1_000, MIB / 8); batch !== undefined; batch = await queue.take(1_000, MIB / 8)) {
      items += batch.items.length;
      await queue.ack(batch);
    }
    const drainMs = performance.now() - draining;
    await queue.close();
    return {
      items,
      collected: 'gc' in globalThis,
      usedMegabytesFilled: Number((filled / MIB).toFixed(1)),
      usedMegabytesOpened: Number((opened / MIB).toFixed(1)),
      residentMegabytes: Math.round(process.memoryUsage().rss / MIB),
      openMs,
      drainedPerSecond: Math.round((items / drainMs) * 1000),
    };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
