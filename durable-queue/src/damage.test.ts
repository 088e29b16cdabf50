import { crc32, plainCrc32 } from './crc32.ts';
import type { FakeFileSystem } from './testing/fake-file-system.ts';
import { drain, openTestQueue, seededDraw } from './testing/test-queue.ts';

const segments = (disk: FakeFileSystem): string[] => disk.paths.filter((path) => path.endsWith('.segment'));

async function filled(count: number): Promise<FakeFileSystem> {
  const { queue, fileSystem } = await openTestQueue({ segmentBytes: 1024 });
  for (let index = 0; index < count; index++) await queue.put('c', Buffer.from(`item ${index} `.padEnd(60, 'z')));
  return fileSystem;
}
const numbers = (texts: readonly string[]): number[] => texts.map((text) => Number(text.split(' ')[1]));

test('the CRC has the check value of CRC-32, with and without the native one', () => {
  // source: Rocksoft model "CRC-32/ISO-HDLC", check value of "123456789"
  expect(plainCrc32(Buffer.from('123456789'))).toBe(0xcbf43926);
  expect(crc32(Buffer.from('123456789'))).toBe(0xcbf43926);
  expect(plainCrc32(Buffer.from('789'), 77)).toBe(crc32(Buffer.from('789'), 77));
});

test('one flipped bit anywhere costs one item at most, and is reported', async () => {
  const draw = seededDraw(7);
  for (let round = 0; round < 150; round++) {
    const disk = (await filled(30)).reboot('killed');
    const path = segments(disk)[round % segments(disk).length] as string;
    const data = Buffer.from(disk.content(path));
    const at = Math.floor(draw() * data.length);
    data[at] = (data[at] as number) ^ (1 << Math.floor(draw() * 8));
    disk.overwrite(path, data);
    const { queue, reports } = await openTestQueue({ fileSystem: disk });
    const found = numbers(await drain(queue));
    expect(found).toHaveLength(29);
    expect(found).toEqual([...found].sort((left, right) => left - right));
    expect(reports.map(({ kind }) => kind)).toContainEqual(expect.stringMatching(/damaged|torn/));
  }
});

test('rot that comes while the queue is open costs the item, not its neighbours', async () => {
  const { queue, fileSystem, reports } = await openTestQueue({ segmentBytes: 1024 });
  for (let index = 0; index < 30; index++) await queue.put('c', Buffer.from(`item ${index} `.padEnd(60, 'z')));
  const path = segments(fileSystem)[0] as string;
  const data = Buffer.from(fileSystem.content(path));
  data[200] = 0;
  fileSystem.overwrite(path, data);
  expect(await drain(queue)).toHaveLength(29);
  expect(queue.stats()).toMatchObject({ items: 0, damagedItems: 1 });
  expect(reports).toContainEqual(expect.objectContaining({ kind: 'damaged' }));
});

test.each([1, 20, 60, 84, 85])('a tail torn by %d bytes is cut off once, and all before it is kept', async (cut) => {
  const disk = (await filled(30)).reboot('killed');
  const path = segments(disk).at(-1) as string;
  const data = disk.content(path);
  disk.overwrite(path, Buffer.from(data.subarray(0, data.length - cut)));
  const { queue, fileSystem } = await openTestQueue({ fileSystem: disk });
  expect(queue.stats().tornBytes).toBe(cut === 85 ? 0 : 85 - cut);
  const next = await openTestQueue({ fileSystem: fileSystem.reboot('killed') });
  expect(next.queue.stats().tornBytes).toBe(0);
  expect(numbers(await drain(next.queue))).toEqual(Array.from({ length: 29 }, (_, index) => index));
});

test('a record within the content of an item is never taken for an item, even when its surroundings rot', async () => {
  const disk = await filled(3);
  const inner = Buffer.from(disk.content(segments(disk)[0] as string));
  const { queue, fileSystem } = await openTestQueue({ segmentBytes: 1024 });
  await queue.put('c', inner);
  await queue.put('c', Buffer.from('item 99'));
  const path = segments(fileSystem)[0] as string;
  const data = Buffer.from(fileSystem.content(path));
  data[0] = (data[0] as number) ^ 0xff;
  fileSystem.overwrite(path, data);
  expect(await drain((await openTestQueue({ fileSystem: fileSystem.reboot('killed') })).queue)).toEqual(['item 99']);
});

test('without its notes a queue delivers everything, marked', async () => {
  const { queue, fileSystem } = await openTestQueue();
  for (const text of ['1', '2']) await queue.put('c', Buffer.from(text));
  await queue.take(1, 100);
  const disk = fileSystem.reboot('killed');
  for (const path of disk.paths.filter((name) => name.includes('state'))) disk.overwrite(path, Buffer.alloc(100, 7));
  expect(await drain((await openTestQueue({ fileSystem: disk })).queue)).toEqual(['1*', '2*']);
});
