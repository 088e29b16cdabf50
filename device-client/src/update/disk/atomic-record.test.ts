import * as z from 'zod';
import { SimulatedDisk } from '../testing/simulated-disk.ts';
import { StoppingMachine } from '../testing/stopping-machine.ts';
import { AtomicRecord } from './atomic-record.ts';

const schema = z.object({ count: z.int() });
const recordOn = (disk: SimulatedDisk) => new AtomicRecord(disk, '/state', 'counter', schema);

test('the newest value is read, by this process and by the next', async () => {
  const disk = new SimulatedDisk();
  const record = recordOn(disk);
  expect(await record.read()).toBeUndefined();
  for (let count = 1; count <= 4; count++) await record.write({ count });
  expect(await record.read()).toEqual({ count: 4 });
  expect(await recordOn(disk).read()).toEqual({ count: 4 });
});

test('what a damaged file said is told by the one before', async () => {
  const disk = new SimulatedDisk();
  const record = recordOn(disk);
  await record.write({ count: 1 });
  await record.write({ count: 2 });
  const [newest = ''] = (await disk.list('/state')).sort().reverse();
  for (let bit = 0; bit < 8 * (disk.content(`/state/${newest}`)?.length ?? 0); bit++) {
    const copy = disk.reboot('killed', new StoppingMachine(), () => 0);
    const bytes = Buffer.from(copy.content(`/state/${newest}`) ?? []);
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    copy.overwrite(`/state/${newest}`, bytes);
    expect(await recordOn(copy).read()).toEqual({ count: 1 });
  }
});

test('a value that is written over a damaged one wins, and the whole one stays until then', async () => {
  const disk = new SimulatedDisk();
  const record = recordOn(disk);
  await record.write({ count: 1 });
  await record.write({ count: 2 });
  disk.overwrite('/state/counter.2', Buffer.from('torn'));
  const next = recordOn(disk);
  expect(await next.read()).toEqual({ count: 1 });
  await next.write({ count: 3 });
  expect(await recordOn(disk).read()).toEqual({ count: 3 });
  disk.overwrite('/state/counter.3', Buffer.from('torn'));
  expect(await recordOn(disk).read()).toEqual({ count: 1 });
});

test.each(['killed', 'lost', 'torn', 'lied'] as const)('a write that is stopped leaves a value (%s)', async (kind) => {
  for (let at = 1; ; at++) {
    const first = new SimulatedDisk();
    await recordOn(first).write({ count: 1 });
    await recordOn(first).write({ count: 2 });
    const machine = new StoppingMachine(at);
    const disk = first.reboot('killed', machine, () => 0.5);
    const record = recordOn(disk);
    await record.read();
    const ended = await Promise.race([record.write({ count: 3 }).then(() => 'written'), machine.stopped]);
    const after = disk.reboot(kind, new StoppingMachine(), () => 0.3);
    const counts = ended === 'written' && kind !== 'lied' ? [3] : [2, 3];
    expect(counts).toContain((await recordOn(after).read())?.count);
    if (ended === 'written') break;
  }
});

test('a write that fails leaves the value before', async () => {
  const disk = new SimulatedDisk();
  const record = recordOn(disk);
  await record.write({ count: 1 });
  disk.capacity = disk.bytes;
  await expect(record.write({ count: 2 })).rejects.toThrow('ENOSPC');
  expect(await record.read()).toEqual({ count: 1 });
});
