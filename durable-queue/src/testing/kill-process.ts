import { open } from '../queue.ts';
import type { QueueItem } from '../reader.ts';
import type { KillOrder } from './kill-report.ts';

/** Room for each item of channels that do not lag: with less, their producers wait. bytes */
const ROOM_FOR_ONE = 1_000;
/** ms */
const PAUSE = 5;

const sleep = (milliseconds: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));

/**
 * Process entry: puts numbered items and takes them again until it is killed. The one argument is a {@link KillOrder} as
 * JSON. A line on standard output tells the world what it can rely on:
 * `p <channel> <first> <last>` stored; `d <channel> <first> <last> <marked>` handed out; `a <channel> <last>` about to be acknowledged;
 * `x <channel> <number>` dropped; `c` compacted; `e` everything is drained.
 */
async function main(): Promise<void> {
  const order = JSON.parse(process.argv[2] as string) as KillOrder;
  const queue = await open({
    directory: order.directory,
    sync: order.sync,
    segmentBytes: Math.min(256 * 1024, order.maxBytes / 16),
    maxBytes: order.maxBytes,
    onReport: (report) => void process.stderr.write(`${JSON.stringify(report)}\n`),
  });
  let draining = order.drain;
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const lagging = order.channels.filter(({ lags }) => lags).map(({ channel }) => channel);
  const prompt = order.channels.filter(({ lags }) => !lags).map(({ channel }) => ({ channel }));
  const waiting = (): number =>
    queue.stats().channels.reduce((sum, { channel, items }) => sum + (lagging.includes(channel) ? 0 : items), 0);
  const producers = order.channels.map(async ({ channel, lags, next, priority, until }) => {
    const group = lags ? 1 : order.group;
    for (let number = next; !draining && number < until; number += group) {
      if (lags) await sleep(PAUSE);
      // What comes faster than it is taken would be dropped when the room ends.
      else while (!draining && waiting() * ROOM_FOR_ONE > order.maxBytes) await sleep(PAUSE);
      const last = Math.min(until, number + group) - 1;
      const puts: Promise<{ readonly stored: boolean }>[] = [];
      for (let each = number; each <= last; each++) puts.push(queue.put(channel, item(channel, each), { priority }));
      const results = await Promise.all(puts);
      for (const [index, { stored }] of results.entries()) if (!stored) say(`x ${channel} ${number + index}`);
      say(`p ${channel} ${number} ${last}`);
    }
  });
  let compactions = 0;
  const produced = Promise.all(producers).then(() => {
    draining = true;
  });
  for (let turn = 0; ; turn++) {
    const only = draining || lagging.length === 0 ? {} : prompt[turn % prompt.length];
    const batch = await queue.take(order.group, 128 * 1024, only);
    for (const { compactions: made } = queue.stats(); compactions < made; compactions++) say('c');
    if (batch === undefined) {
      if (draining) {
        await produced;
        if (!(await queue.peek(1, 1))) break;
      }
      await sleep(1);
      continue;
    }
    const numbers = batch.items.map(numberOf);
    for (const run of runsOf(numbers, batch.items)) say(`d ${batch.channel} ${run.first} ${run.last} ${run.marked}`);
    say(`a ${batch.channel} ${numbers.at(-1)}`);
    await queue.ack(batch);
  }
  await queue.close();
  say('e');
}

function item(channel: string, number: number): Buffer {
  return Buffer.from(JSON.stringify({ channel, number, values: { temperature: number / 7 } }));
}

function numberOf({ bytes }: QueueItem): number {
  return (JSON.parse(bytes.toString()) as { number: number }).number;
}

function runsOf(
  numbers: readonly number[],
  items: readonly QueueItem[],
): { first: number; last: number; marked: 0 | 1 }[] {
  const runs: { first: number; last: number; marked: 0 | 1 }[] = [];
  for (const [index, number] of numbers.entries()) {
    const marked = items[index]?.possibleDuplicate === true ? 1 : 0;
    const run = runs.at(-1);
    if (run !== undefined && run.last + 1 === number && run.marked === marked) run.last = number;
    else runs.push({ first: number, last: number, marked });
  }
  return runs;
}

await main();
