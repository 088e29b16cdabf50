import { open } from '../queue.ts';
import { FULL_DISK_CHANNELS, type FullDiskOrder } from './run-full-disk.ts';

/**
 * Process entry: puts numbered items onto a disk that is too small for them. The one argument is a {@link FullDiskOrder}
 * as JSON. `fill` ends with SIGKILL once the disk has been full and nothing is under way; `drain` puts some more, and takes everything.
 * A line on standard output tells the world what it can rely on: `p <channel> <number>` stored; `r <channel> <number>`
 * refused; `x <channel> <items>` told as dropped; `d <channel> <number>` handed out; `e` everything is drained.
 */
async function main(): Promise<void> {
  const { directory, from, itemBytes, kind, rounds } = JSON.parse(process.argv[2] as string) as FullDiskOrder;
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const queue = await open({
    directory,
    sync: 'always',
    maxBytes: 1024 * 1024 * 1024,
    segmentBytes: 64 * 1024,
    onReport: (report) => {
      if (report.kind !== 'dropped') return;
      for (const [channel, items] of Object.entries(report.channels)) say(`x ${channel} ${items}`);
    },
  });
  for (let round = from; round < from + rounds; round++) {
    const puts = FULL_DISK_CHANNELS.flatMap(({ channel, every, priority }) => {
      if (round % every !== 0) return [];
      const bytes = Buffer.from(JSON.stringify({ channel, number: round }).padEnd(itemBytes));
      return [
        queue.put(channel, bytes, { priority }).then(({ stored }) => say(`${stored ? 'p' : 'r'} ${channel} ${round}`)),
      ];
    });
    await Promise.all(puts);
  }
  if (kind === 'fill') process.kill(process.pid, 'SIGKILL');
  for (let batch = await queue.take(100, 256 * 1024); batch !== undefined; batch = await queue.take(100, 256 * 1024)) {
    for (const { bytes } of batch.items)
      say(`d ${batch.channel} ${(JSON.parse(bytes.toString()) as { number: number }).number}`);
    await queue.ack(batch);
  }
  await queue.close();
  say('e');
}

await main();
