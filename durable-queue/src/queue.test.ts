import type { Batch } from './reader.ts';
import { FakeFileSystem } from './testing/fake-file-system.ts';
import { ManualClock } from './testing/manual-clock.ts';
import { DIRECTORY, drain, openTestQueue, testProcess } from './testing/test-queue.ts';

const bytes = (text: string): Buffer => Buffer.from(text);
const KIB = 1024;
const HOUR = 3_600_000;

test('alarms come before telemetry, and each channel in order', async () => {
  const { queue } = await openTestQueue();
  for (const text of ['t1', 't2']) await queue.put('telemetry', bytes(text));
  for (const text of ['b1', 'b2']) await queue.put('log', bytes(text), { priority: 'bulk' });
  for (const text of ['a1', 'a2']) await queue.put('alarm', bytes(text), { priority: 'alarm' });
  expect(await drain(queue, 1)).toEqual(['a1', 'a2', 't1', 't2', 'b1', 'b2']);
});

test('an urgent item waits for older ones of its own channel', async () => {
  const { queue } = await openTestQueue();
  await queue.put('c', bytes('1'));
  await queue.put('c', bytes('2'), { priority: 'alarm' });
  await queue.put('d', bytes('d'), { priority: 'alarm' });
  expect(await drain(queue)).toEqual(['d', '1', '2']);
  await queue.put('c', bytes('3'), { priority: 'alarm' });
  expect((await queue.take(1, KIB))?.priority).toBe('alarm');
});

test('a batch holds no more items and bytes than asked for, but at least one item', async () => {
  const { queue } = await openTestQueue();
  for (const text of ['aaaa', 'bbbb', 'cccc', 'dddddddd']) await queue.put('c', bytes(text));
  const sizes: number[] = [];
  for (const [max, most] of [
    [2, 100],
    [5, 7],
    [5, 3],
  ] as const) {
    const batch = await queue.take(max, most);
    if (batch === undefined) throw new Error('nothing');
    sizes.push(batch.items.length);
    await queue.ack(batch);
  }
  expect(sizes).toEqual([2, 1, 1]);
});

test('a released batch comes again, marked, before what follows it', async () => {
  const { queue } = await openTestQueue({ maxLeases: 3 });
  for (const text of ['1', '2', '3']) await queue.put('c', bytes(text));
  const [first, second] = [await queue.take(1, KIB), await queue.take(1, KIB)];
  if (first === undefined || second === undefined) throw new Error('nothing');
  expect(await queue.release(first)).toBe(true);
  expect(await queue.ack(second)).toBe(false);
  expect(await drain(queue)).toEqual(['1*', '2*', '3']);
  expect(queue.stats()).toMatchObject({ items: 0, released: 2, acknowledged: 3 });
});

test('one batch of a channel at a time, unless more leases are allowed', async () => {
  const { queue } = await openTestQueue();
  await queue.put('c', bytes('1'));
  await queue.put('c', bytes('2'));
  const batch = await queue.take(1, KIB);
  expect(await queue.take(1, KIB)).toBeUndefined();
  await queue.ack(batch as NonNullable<typeof batch>);
  expect((await queue.take(1, KIB))?.items[0]?.bytes.toString()).toBe('2');
});

test('peek shows what comes next and hands out nothing', async () => {
  const { queue } = await openTestQueue();
  await queue.put('c', bytes('1'));
  expect((await queue.peek(5, KIB))?.items).toHaveLength(1);
  expect(await drain(queue)).toEqual(['1']);
  expect(await queue.peek(5, KIB)).toBeUndefined();
});

test('after a clean close exactly what was handed out and not acknowledged is marked', async () => {
  const { queue, fileSystem } = await openTestQueue();
  for (const text of ['1', '2', '3', '4']) await queue.put('c', bytes(text));
  const batch = await queue.take(1, KIB);
  await queue.ack(batch as NonNullable<typeof batch>);
  await queue.take(1, KIB);
  await queue.close();
  const next = await openTestQueue({ fileSystem: fileSystem.reboot('lost') });
  expect(next.queue.stats().items).toBe(3);
  expect(await drain(next.queue)).toEqual(['2*', '3', '4']);
});

test('acknowledgements are written down after a while, together, and when the queue closes', async () => {
  const { queue, clock, fileSystem } = await openTestQueue({ acknowledgeInterval: 200, maxLeases: 4 });
  for (const text of ['1', '2', '3', '4']) await queue.put('c', bytes(text));
  const known = async (disk = fileSystem.reboot('killed')) => drain((await openTestQueue({ fileSystem: disk })).queue);
  const ack = async () => queue.ack((await queue.take(1, KIB)) as Batch);
  const calls: string[] = [];
  fileSystem.plan = { fail: (_, name) => void calls.push(name) };
  await ack();
  await ack();
  expect(await known()).toEqual(['1*', '2*', '3*', '4*']);
  calls.length = 0;
  clock.advance(200);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect(calls).toEqual(['write']);
  expect(await known()).toEqual(['3*', '4*']);
  await ack();
  await queue.close();
  expect(await known()).toEqual(['4']);
});

test('items given in one turn share one write and one sync', async () => {
  const { queue } = await openTestQueue({ segmentBytes: 64 * KIB });
  await Promise.all(Array.from({ length: 100 }, (_, index) => queue.put('c', bytes(String(index)))));
  expect(queue.stats()).toMatchObject({ commits: 1, stored: 100 });
});

test('a producer that runs ahead is told, and waits for room', async () => {
  const { queue, reports } = await openTestQueue({ maxBufferedBytes: 100 });
  const results = await Promise.all([1, 2, 3, 4].map(() => queue.put('c', Buffer.alloc(20))));
  expect(results.map(({ stored }) => stored)).toEqual([true, true, false, false]);
  expect(results[3]).toEqual({ stored: false, reason: 'buffer-full' });
  expect(reports).toContainEqual({
    kind: 'dropped',
    reason: 'buffer-full',
    priority: 'normal',
    items: 1,
    channels: { c: 1 },
  });
  await queue.room();
  expect(await queue.put('c', Buffer.alloc(20))).toMatchObject({ stored: true });
});

test('a full queue drops the oldest of the lowest priority, counted and reported, and keeps alarms', async () => {
  const { queue, reports } = await openTestQueue({ maxBytes: 22 * KIB });
  for (let index = 0; index < 5; index++) await queue.put('alarm', bytes(`a${index}`), { priority: 'alarm' });
  let evicted = 0;
  for (let index = 0; index < 100; index++) {
    const result = await queue.put('telemetry', Buffer.from(String(index).padEnd(100)));
    if (result.stored) evicted += result.evicted;
  }
  const { bytes: used, dropped, items } = queue.stats();
  expect(used).toBeLessThanOrEqual(22 * KIB);
  expect(dropped['queue-full']).toBeGreaterThan(0);
  expect(evicted).toBe(dropped['queue-full']);
  expect(items).toBe(105 - evicted);
  expect(reports.filter(({ kind }) => kind === 'dropped').length).toBeGreaterThan(0);
  const texts = (await drain(queue)).map((text) => text.trim());
  expect(texts.slice(0, 5)).toEqual(['a0', 'a1', 'a2', 'a3', 'a4']);
  expect(texts.slice(5)).toEqual(Array.from({ length: 100 - evicted }, (_, index) => String(index + evicted)));
});

test('a full queue refuses what is less urgent than all it holds', async () => {
  const { queue } = await openTestQueue({ maxBytes: 20 * KIB });
  for (let index = 0; index < 60; index++) await queue.put('alarm', Buffer.alloc(100), { priority: 'alarm' });
  expect(await queue.put('telemetry', Buffer.alloc(400))).toEqual({ stored: false, reason: 'queue-full' });
});

test('with whenFull refuse, what is stored stays', async () => {
  const { queue } = await openTestQueue({ maxBytes: 18 * KIB, whenFull: 'refuse' });
  const results: boolean[] = [];
  for (let index = 0; index < 40; index++)
    results.push((await queue.put('c', bytes(String(index).padEnd(100)))).stored);
  const stored = results.indexOf(false);
  expect((await drain(queue)).map((text) => text.trim())).toEqual(
    Array.from({ length: stored }, (_, at) => String(at)),
  );
});

test('a full disk drops the oldest of the lowest priority, and all is well when there is space again', async () => {
  let capacity = 24 * KIB;
  const fileSystem = new FakeFileSystem({ capacity: () => capacity });
  const { queue } = await openTestQueue({ fileSystem });
  const stored: string[] = [];
  for (let index = 0; index < 120; index++) {
    const text = String(index).padEnd(90);
    if ((await queue.put('telemetry', bytes(text))).stored) stored.push(text);
  }
  const { dropped, items } = queue.stats();
  expect(dropped['disk-full']).toBeGreaterThan(0);
  expect(items).toBe(120 - dropped['disk-full']);
  capacity = 1024 * KIB;
  await queue.put('telemetry', bytes('space again'));
  const delivered = await drain(queue);
  expect(delivered).toEqual([...stored.slice(stored.length - items), 'space again']);
});

test('a disk that was full at the crash opens, and gives out what it has', async () => {
  let capacity = 20 * KIB;
  const fileSystem = new FakeFileSystem({ capacity: () => capacity });
  const { queue } = await openTestQueue({ fileSystem });
  for (let index = 0; index < 60; index++) await queue.put('c', bytes(String(index).padEnd(90)));
  const { items } = queue.stats();
  const disk = fileSystem.reboot('killed', { capacity: () => capacity });
  const next = await openTestQueue({ fileSystem: disk });
  expect(next.queue.stats().items).toBe(items);
  capacity = 100 * KIB;
  expect(await drain(next.queue)).toHaveLength(items);
});

test('old items are dropped, counted and reported', async () => {
  const { queue, clock, reports } = await openTestQueue({ maxAge: HOUR });
  for (let index = 0; index < 10; index++) await queue.put('c', bytes(`old ${index}`.padEnd(100)));
  clock.advance(HOUR / 2);
  await queue.put('c', bytes('new'));
  clock.advance(HOUR / 2 + 1);
  expect(await drain(queue)).toEqual(['new']);
  expect(queue.stats().dropped['too-old']).toBe(10);
  expect(reports.filter(({ kind }) => kind === 'dropped').length).toBeGreaterThan(0);
});

test('an item of a device that did not know the time does not grow old by learning it', async () => {
  const clock = new ManualClock(5_000);
  const { queue } = await openTestQueue({ maxAge: HOUR, clock });
  await queue.put('c', bytes('1970'));
  clock.set(Date.UTC(2026, 0, 1));
  expect(await drain(queue)).toEqual(['1970']);
});

test('a write that fails for another reason is tried once more in a new file, then told', async () => {
  let failing = 0;
  const { queue, fileSystem, reports } = await openTestQueue();
  await queue.put('c', bytes('before'));
  fileSystem.plan = {
    fail: (_, name, path) => (name === 'sync' && path.includes('segment') && failing-- > 0 ? 'EIO' : undefined),
  };
  failing = 1;
  expect(await queue.put('c', bytes('second try'))).toMatchObject({ stored: true });
  failing = 2;
  await expect(queue.put('c', bytes('told'))).rejects.toMatchObject({ code: 'WRITE_FAILED' });
  expect(await queue.put('c', bytes('after'))).toMatchObject({ stored: true });
  expect(reports.filter(({ kind }) => kind === 'write-failed')).toHaveLength(3);
  expect(await drain(queue)).toEqual(['before', 'second try', 'after']);
});

test('policy interval syncs after a while, never not at all', async () => {
  const { queue, clock, fileSystem } = await openTestQueue({ sync: 'interval', syncInterval: 1000 });
  await queue.put('c', bytes('1'));
  expect((await openTestQueue({ fileSystem: fileSystem.reboot('lost') })).queue.stats().items).toBe(0);
  clock.advance(1000);
  await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  expect((await openTestQueue({ fileSystem: fileSystem.reboot('lost') })).queue.stats().items).toBe(1);
  const never = await openTestQueue({ sync: 'never' });
  await never.queue.put('c', bytes('1'));
  expect((await openTestQueue({ fileSystem: never.fileSystem.reboot('killed') })).queue.stats().items).toBe(1);
  expect((await openTestQueue({ fileSystem: never.fileSystem.reboot('lost') })).queue.stats().items).toBe(0);
});

test('segments go when their items are acknowledged', async () => {
  const { queue, fileSystem } = await openTestQueue();
  for (let index = 0; index < 50; index++) await queue.put('c', Buffer.alloc(100));
  expect(queue.stats().segments).toBeGreaterThan(10);
  await drain(queue);
  expect(queue.stats().segments).toBeLessThanOrEqual(1);
  expect(fileSystem.paths.filter((path) => path.includes('segment')).length).toBeLessThanOrEqual(1);
});

test('a second instance is refused, the lock of a dead one is taken over', async () => {
  const first = testProcess();
  const { fileSystem, queue } = await openTestQueue({ process: first });
  await expect(openTestQueue({ fileSystem, process: testProcess([first.self]) })).rejects.toMatchObject({
    code: 'LOCKED',
  });
  const { queue: second } = await openTestQueue({ fileSystem: fileSystem.reboot('killed'), process: testProcess() });
  await second.close();
  await queue.close();
  expect(fileSystem.paths).not.toContain(`${DIRECTORY}/lock`);
});

test('available resolves with the next item, and when the queue closes', async () => {
  const { queue } = await openTestQueue();
  const waiting = queue.available();
  await queue.put('c', bytes('1'));
  await waiting;
  await drain(queue);
  const closed = queue.available();
  await queue.close();
  await closed;
  await expect(queue.put('c', bytes('2'))).rejects.toMatchObject({ code: 'CLOSED' });
});

test('arguments out of range are refused by name', async () => {
  const { queue } = await openTestQueue({ maxChannels: 2 });
  await expect(queue.put('', bytes('1'))).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  await expect(queue.put('c', Buffer.alloc(513))).rejects.toThrow('an item has at most 512 bytes, received 513');
  await expect(queue.take(0, 1)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  await expect(openTestQueue({ maxBytes: 100, syncInterval: 0 })).rejects.toThrow(/maxBytes.*syncInterval/);
  await queue.put('a', bytes('1'));
  await queue.put('b', bytes('1'));
  await expect(queue.put('c', bytes('1'))).rejects.toMatchObject({ code: 'TOO_MANY_CHANNELS' });
});
