import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openStore } from './store.ts';

test('collections and logs are there again after a restart, and log ids never repeat', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-store-'));
  const first = openStore(directory);
  first.collection<{ n: number }>('things').put('a', { n: 1 });
  first.collection<{ n: number }>('things').put('b', { n: 2 });
  first.collection<{ n: number }>('things').delete('a');
  const id = first.log('queue').append(Buffer.from('one'));
  const later = first.log('queue').append(Buffer.from('two'));
  expect(later).toBe(id + 1);
  first.log('queue').remove(id);
  await first.durable();
  await first.close();

  const second = openStore(directory);
  expect([...second.collection('things').entries()]).toEqual([['b', { n: 2 }]]);
  expect([...second.log('queue').entries()].map(([key, value]) => [key, value.toString()])).toEqual([[later, 'two']]);
  expect(second.log('queue').append(Buffer.from('three'))).toBeGreaterThan(later);
  await second.close();
});

test('a value is visible to its own process before it is durable', async () => {
  const store = openStore(mkdtempSync(join(tmpdir(), 'fleetwright-store-')));
  const log = store.log('queue');
  const id = log.append(Buffer.from('now'));
  await store.durable();
  expect(log.get(id)?.toString()).toBe('now');
  await store.close();
});
