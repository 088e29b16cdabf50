import type { QueueOptions } from './options.ts';
import type { Priority } from './priority.ts';
import type { DurableQueue } from './queue.ts';
import type { Batch } from './reader.ts';
import { type CrashKind, FakeFileSystem } from './testing/fake-file-system.ts';
import { openTestQueue, seededDraw } from './testing/test-queue.ts';

const CHANNELS = ['telemetry', 'alarm', 'log'] as const;
const PRIORITY = { telemetry: 'normal', alarm: 'alarm', log: 'bulk' } as const;
type Name = (typeof CHANNELS)[number];

interface Workload {
  readonly name: string;
  readonly options: Omit<Partial<QueueOptions>, 'clock' | 'fileSystem'>;
  run(queue: DurableQueue, ledger: Ledger): Promise<void>;
}

/** What the outside world has seen of a queue until the crash. */
class Ledger {
  /** In the order of their `put`, by channel. */
  readonly given = new Map<Name, string[]>();
  readonly promised = new Set<string>();
  readonly handedOut = new Set<string>();
  /** Acknowledged, whether or not the answer came. */
  readonly finished = new Set<string>();

  async put(queue: DurableQueue, channel: Name, priority: Priority = PRIORITY[channel]): Promise<void> {
    const list = this.given.get(channel) ?? [];
    const text = `${channel} ${list.length} ${'x'.repeat((list.length * 37) % 90)}`;
    this.given.set(channel, [...list, text]);
    const result = await queue.put(channel, Buffer.from(text), { priority });
    if (result.stored) this.promised.add(text);
  }

  async take(queue: DurableQueue, max: number, channel?: Name): Promise<Batch | undefined> {
    const batch = await queue.take(max, 200, { ...(channel !== undefined && { channel }) });
    for (const { bytes } of batch?.items ?? []) this.handedOut.add(String(bytes));
    return batch;
  }

  async ack(queue: DurableQueue, batch: Batch | undefined): Promise<void> {
    if (batch === undefined) return;
    for (const { bytes } of batch.items) this.finished.add(String(bytes));
    await queue.ack(batch);
  }
}

/** Puts alone and in groups, deliveries, releases, and in the end more than was drained. */
async function deliveries(queue: DurableQueue, ledger: Ledger): Promise<void> {
  for (let round = 0; round < 14; round++) {
    await ledger.put(queue, 'telemetry');
    await Promise.all([0, 1, 2, 3].map((index) => ledger.put(queue, CHANNELS[index % 3] as Name)));
    const batch = await ledger.take(queue, 3);
    if (round % 3 === 1 && batch !== undefined) {
      await queue.release(batch);
      await ledger.ack(queue, await ledger.take(queue, 2));
    } else await ledger.ack(queue, batch);
    if (round > 3) await Promise.all([ledger.ack(queue, await ledger.take(queue, 5)), ledger.put(queue, 'log')]);
  }
  await queue.close();
}

/** A channel that nobody takes beside one that is taken at once, in little space: segments are compacted again and again. */
async function lagging(queue: DurableQueue, ledger: Ledger): Promise<void> {
  for (let round = 0; round < 36; round++) {
    await Promise.all([
      ledger.put(queue, round % 3 === 0 ? 'log' : 'telemetry', 'normal'),
      ledger.put(queue, 'telemetry'),
    ]);
    await ledger.ack(queue, await ledger.take(queue, 4, 'telemetry'));
  }
  const { compactions, dropped } = queue.stats();
  if (compactions < 2 || dropped['queue-full'] > 0)
    throw new Error(`${compactions} compactions, ${dropped['queue-full']} items dropped`);
  await queue.close();
}

async function check(disk: FakeFileSystem, ledger: Ledger, label: string): Promise<void> {
  const { queue } = await openTestQueue({ fileSystem: disk });
  const delivered = new Map<Name, string[]>();
  const wrong: string[] = [];
  for (;;) {
    const batch = await queue.take(4, 300);
    if (batch === undefined) break;
    const channel = batch.channel as Name;
    for (const { bytes, possibleDuplicate } of batch.items) {
      const text = String(bytes);
      delivered.set(channel, [...(delivered.get(channel) ?? []), text]);
      if (ledger.handedOut.has(text) && !possibleDuplicate) wrong.push(`delivered again without a mark: ${text}`);
    }
    await queue.ack(batch);
  }
  for (const [channel, texts] of delivered) {
    const places = texts.map((text) => (ledger.given.get(channel) ?? []).indexOf(text));
    if (places.includes(-1)) wrong.push(`invented: ${texts[places.indexOf(-1)]}`);
    if (places.some((place, index) => index > 0 && place <= (places[index - 1] as number))) {
      wrong.push(`out of order in ${channel}: ${places}`);
    }
  }
  const seen = new Set([...delivered.values()].flat());
  for (const text of ledger.promised) if (!seen.has(text) && !ledger.finished.has(text)) wrong.push(`lost: ${text}`);
  const again = await queue.put('telemetry', Buffer.from('after'));
  if (!again.stored) wrong.push('takes nothing new');
  const last = await queue.take(10, 1_000);
  if (last?.items.map(({ bytes, possibleDuplicate }) => `${bytes}${possibleDuplicate}`).join() !== 'afterfalse') {
    wrong.push('a new item is not delivered as new');
  }
  await queue.close();
  if (wrong.length > 0) throw new Error(`${label}:\n${wrong.join('\n')}`);
}

async function runUntil(
  { options, run }: Workload,
  crashAt: number | undefined,
  seed: number,
): Promise<{ disk: FakeFileSystem; ledger: Ledger }> {
  const disk = new FakeFileSystem({ draw: seededDraw(seed), ...(crashAt !== undefined && { crashAt }) });
  const ledger = new Ledger();
  const running = openTestQueue({ fileSystem: disk, ...options }).then(({ queue }) => run(queue, ledger));
  await Promise.race([running, disk.crashed]);
  return { disk, ledger };
}

const KINDS: readonly CrashKind[] = ['killed', 'lost', 'torn'];
const WORKLOADS: readonly Workload[] = [
  { name: 'deliveries', options: {}, run: deliveries },
  // The time stands still: they are written when the queue closes.
  { name: 'late acknowledgements', options: { acknowledgeInterval: 200 }, run: deliveries },
  // The notes take 16 KiB of it.
  { name: 'a lagging channel', options: { maxBytes: 19 * 1024 }, run: lagging },
];

test.each(WORKLOADS)(
  '$name: whatever file-system call a crash stops, what was promised is delivered, in order, and nothing else is',
  async (workload) => {
    const { disk } = await runUntil(workload, undefined, 1);
    const points = disk.calls;
    let checked = 0;
    for (let point = 1; point <= points; point++) {
      for (const [variant, kind] of KINDS.entries()) {
        const { disk, ledger } = await runUntil(workload, point, point * 10 + variant);
        await check(disk.reboot(kind), ledger, `stopped at call ${point} of ${points}, ${kind} (${variant})`);
        checked++;
      }
    }
    process.stdout.write(`queue, ${workload.name}: ${points} crash points, ${checked} crashes checked\n`);
    expect(points).toBeGreaterThan(150);
  },
  300_000,
);

test.each(WORKLOADS)(
  '$name: a crash while recovering from a crash loses nothing either',
  async (workload) => {
    const { disk } = await runUntil(workload, undefined, 1);
    let checked = 0;
    for (let point = 5; point <= disk.calls; point += 12) {
      for (let second = 1; ; second++) {
        const { disk, ledger } = await runUntil(workload, point, point + second);
        const torn = disk.reboot('torn', { crashAt: second, draw: seededDraw(second) });
        const opened = openTestQueue({ fileSystem: torn }).then(() => 'opened');
        const came = await Promise.race([opened, torn.crashed]);
        if (came === 'opened') break;
        await check(torn.reboot(second % 2 === 0 ? 'torn' : 'lost'), ledger, `at call ${point}, then ${second}`);
        checked++;
      }
    }
    process.stdout.write(`queue, ${workload.name}: ${checked} crashes of a recovery checked\n`);
  },
  300_000,
);
