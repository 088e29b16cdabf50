import type { DurableQueue } from './queue.ts';
import { FakeFileSystem } from './testing/fake-file-system.ts';
import { drain, openTestQueue } from './testing/test-queue.ts';

const KIB = 1024;
/** The notes take 16 KiB, so that 6 KiB are left for segments of 512 bytes. */
const MAX_BYTES = 22 * KIB;
const ROUNDS = 60;

/** Telemetry that is delivered at once, and a little of a channel that nobody takes. */
async function lag(queue: DurableQueue, rounds = ROUNDS): Promise<{ refused: number }> {
  let refused = 0;
  for (let round = 0; round < rounds; round++) {
    const results = await Promise.all([
      queue.put('lagging', Buffer.from(`l${round}`)),
      ...[0, 1, 2, 3].map(() => queue.put('telemetry', Buffer.alloc(100))),
    ]);
    refused += results.filter(({ stored }) => !stored).length;
    for (;;) {
      const batch = await queue.take(10, KIB, { channel: 'telemetry' });
      if (batch === undefined) break;
      await queue.ack(batch);
    }
  }
  return { refused };
}

const lagging = Array.from({ length: ROUNDS }, (_, round) => `l${round}`);

test('what a channel leaves behind keeps only the space it needs', async () => {
  const { queue, fileSystem } = await openTestQueue({ maxBytes: MAX_BYTES });
  await lag(queue);
  const { bytes, compactions, dropped, items, segments } = queue.stats();
  expect(segments).toBeLessThan(15);
  expect(bytes).toBeLessThanOrEqual(MAX_BYTES);
  expect({ dropped: dropped['queue-full'], items }).toEqual({ dropped: 0, items: ROUNDS });
  expect(compactions).toBeGreaterThan(0);
  const next = await openTestQueue({ fileSystem: fileSystem.reboot('killed'), maxBytes: MAX_BYTES });
  expect(next.queue.stats()).toMatchObject({ items: ROUNDS, damagedBytes: 0 });
  expect(await drain(next.queue)).toEqual(lagging);
});

test('a queue that gives nothing up makes room so too', async () => {
  const { queue } = await openTestQueue({ maxBytes: MAX_BYTES, whenFull: 'refuse' });
  expect(await lag(queue)).toEqual({ refused: 0 });
  expect(await drain(queue)).toEqual(lagging);
});

test('before live items are given up on a full disk, dead ones are', async () => {
  const fileSystem = new FakeFileSystem({ capacity: () => MAX_BYTES });
  const { queue } = await openTestQueue({ fileSystem });
  const { refused } = await lag(queue);
  const { compactions, dropped, items } = queue.stats();
  expect(compactions).toBeGreaterThan(0);
  expect(dropped['disk-full']).toBe(refused + ROUNDS - items);
  expect((await drain(queue)).length).toBe(items);
});

test('a segment of which a batch is handed out stays as it is', async () => {
  const { queue } = await openTestQueue({ maxBytes: MAX_BYTES });
  await queue.put('lagging', Buffer.from('held'));
  const held = await queue.take(1, KIB, { channel: 'lagging' });
  await lag(queue, 30);
  expect(held?.items.map(({ bytes }) => String(bytes))).toEqual(['held']);
  expect(await queue.release(held as NonNullable<typeof held>)).toBe(true);
  expect(await drain(queue)).toEqual(['held*', ...lagging.slice(0, 30)]);
});

test('an item that has rotted is counted, and its neighbours are kept', async () => {
  const { queue, fileSystem } = await openTestQueue({ maxBytes: MAX_BYTES });
  await lag(queue, 2);
  const path = fileSystem.paths.find((name) => name.endsWith('.segment')) as string;
  const data = Buffer.from(fileSystem.content(path));
  data[30] = 0xff;
  fileSystem.overwrite(path, data);
  await lag(queue);
  expect(await drain(queue)).toEqual(['l1', ...lagging]);
  expect(queue.stats()).toMatchObject({ items: 0, damagedItems: 1 });
});

test.each(['create', 'sync', 'rename', 'syncDirectory'])(
  'when %s fails, all is as before, and it is told',
  async (name) => {
    const { queue, fileSystem, reports } = await openTestQueue({ maxBytes: MAX_BYTES });
    let failed = 0;
    let renamed = false;
    fileSystem.plan = {
      fail: (_, called, path) => {
        renamed ||= called === 'rename';
        const isCompaction = called === 'syncDirectory' ? renamed : path.endsWith('.new');
        return called === name && isCompaction && failed++ === 0 ? 'EIO' : undefined;
      },
    };
    await lag(queue);
    expect(failed).toBeGreaterThan(0);
    expect(reports).toContainEqual(expect.objectContaining({ kind: 'write-failed' }));
    expect(queue.stats()).toMatchObject({ items: ROUNDS });
    const next = await openTestQueue({ fileSystem: fileSystem.reboot('killed'), maxBytes: MAX_BYTES });
    expect((await drain(next.queue)).map((text) => text.replace('*', ''))).toEqual(lagging);
  },
);
