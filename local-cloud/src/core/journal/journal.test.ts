import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CloudError } from '../errors.ts';
import type { DurableLog } from '../store.ts';
import { type FailureReport, Journal } from './journal.ts';

const MIB = 1024 * 1024;
const made: string[] = [];
const directory = () => {
  made.push(mkdtempSync(join(tmpdir(), 'fleetwright-journal-')));
  return made.at(-1) as string;
};
const reports: unknown[] = [];

function open(place: string): Journal {
  const failure: FailureReport & { error: CloudError | undefined } = {
    error: undefined,
    report(error) {
      reports.push(error);
      failure.error ??= new CloudError('DATA_DIRECTORY_UNUSABLE', String(error));
      return failure.error;
    },
  };
  return new Journal(place, failure);
}

afterAll(() => {
  for (const place of made) rmSync(place, { recursive: true, force: true });
});
const files = (place: string) => readdirSync(place).sort();
const texts = (log: DurableLog) => [...log.entries()].map(([, value]) => value.toString());

/** What a new process finds, as if this one had been killed now. */
function reopened(place: string): Journal {
  const copy = directory();
  for (const file of files(place)) writeFileSync(join(copy, file), readFileSync(join(place, file)));
  return open(copy);
}

test('what was written before durable() resolved is found by a process that starts after a kill', async () => {
  const place = directory();
  const journal = open(place);
  const [first, second] = [journal.log('first'), journal.log('second')];
  const gone = first.append(Buffer.from('gone'));
  first.append(Buffer.from('kept'));
  second.append(Buffer.alloc(0));
  second.append(Buffer.alloc(3 * MIB, 7));
  await journal.durable();
  first.remove(gone);
  await journal.durable();
  const next = reopened(place);
  expect(texts(next.log('first'))).toEqual(['kept']);
  const [empty, large] = [...next.log('second').entries()].map(([, value]) => value);
  expect(empty).toHaveLength(0);
  expect(large?.equals(Buffer.alloc(3 * MIB, 7))).toBe(true);
});

test('everything of one turn, in all logs, is one write', async () => {
  const place = directory();
  const journal = open(place);
  const log = journal.log('a');
  const promises = [1, 2, 3].map(() => {
    log.append(Buffer.from('x'));
    return journal.durable();
  });
  expect(new Set(promises).size).toBe(1);
  await Promise.all(promises);
});

test('entries can be read before, while and after they are written', async () => {
  const journal = open(directory());
  const log = journal.log('a');
  const early = log.append(Buffer.from('early'));
  const durable = journal.durable();
  expect(log.get(early)?.toString()).toBe('early');
  await new Promise((resolve) => setImmediate(resolve));
  const late = log.append(Buffer.from('late'));
  expect([early, late].map((id) => log.get(id)?.toString())).toEqual(['early', 'late']);
  await durable;
  await journal.durable();
  expect([early, late].map((id) => log.get(id)?.toString())).toEqual(['early', 'late']);
  log.remove(early);
  expect(log.get(early)).toBeUndefined();
});

test.each([1, 5, 11, 20])(
  'a last batch cut off by %d bytes is left out, and what follows a restart is kept',
  async (cut) => {
    const place = directory();
    const journal = open(place);
    journal.log('a').append(Buffer.from('whole'));
    await journal.durable();
    journal.log('a').append(Buffer.from('torn'));
    await journal.durable();
    const [file] = files(place);
    const path = join(place, file as string);
    truncateSync(path, statSync(path).size - cut);
    const second = open(place);
    expect(texts(second.log('a'))).toEqual(['whole']);
    second.log('a').append(Buffer.from('new'));
    await second.durable();
    expect(texts(open(place).log('a'))).toEqual(['whole', 'new']);
  },
);

test('rubbish behind the last batch is left out', async () => {
  const place = directory();
  const journal = open(place);
  journal.log('a').append(Buffer.from('whole'));
  await journal.durable();
  appendFileSync(join(place, files(place)[0] as string), Buffer.alloc(100, 0xff));
  expect(texts(open(place).log('a'))).toEqual(['whole']);
});

test('damage in a segment that others follow refuses to start', async () => {
  const place = directory();
  const journal = open(place);
  for (let index = 0; index < 5; index++) {
    journal.log('a').append(Buffer.alloc(8 * MIB, index));
    await journal.durable();
  }
  await journal.close();
  const [first] = files(place);
  expect(files(place).length).toBeGreaterThan(1);
  const path = join(place, first as string);
  const bytes = readFileSync(path);
  bytes[5000] = (bytes[5000] as number) ^ 1;
  writeFileSync(path, bytes);
  expect(() => open(place)).toThrow(expect.objectContaining({ code: 'DATA_DIRECTORY_UNUSABLE' }));
});

test('ids grow across restarts even when nothing is left of the log', async () => {
  const place = directory();
  const journal = open(place);
  const id = journal.log('a').append(Buffer.from('x'));
  journal.log('a').remove(id);
  await journal.close();
  expect(open(place).log('a').append(Buffer.from('y'))).toBeGreaterThan(id);
});

test('files go when their entries are removed, though one entry of the first stays for ever', async () => {
  const place = directory();
  const journal = open(place);
  const keeper = journal.log('dead letters');
  const log = journal.log('busy');
  const kept = keeper.append(Buffer.from('for ever'));
  const alive: number[] = [];
  for (let index = 0; index < 200; index++) {
    alive.push(log.append(Buffer.alloc(2 * MIB, index)));
    if (alive.length > 3) log.remove(alive.shift() as number);
    await journal.durable();
  }
  const size = files(place).reduce((sum, file) => sum + statSync(join(place, file)).size, 0);
  expect(size).toBeLessThan(250 * MIB);
  expect(keeper.get(kept)?.toString()).toBe('for ever');
  const next = reopened(place);
  expect([...next.log('dead letters').entries()].map(([id, value]) => [id, value.toString()])).toEqual([
    [kept, 'for ever'],
  ]);
  expect([...next.log('busy').entries()].map(([id]) => id)).toEqual(alive);
  expect(
    next
      .log('busy')
      .get(alive[0] as number)
      ?.equals(log.get(alive[0] as number) as Buffer),
  ).toBe(true);
});

test('a write that fails is told once, and nothing counts as durable from then on', async () => {
  const place = directory();
  const journal = open(place);
  const log = journal.log('a');
  rmSync(place, { recursive: true });
  const before = reports.length;
  log.append(Buffer.from('one'));
  await expect(journal.durable()).rejects.toThrow(/ENOENT/);
  log.append(Buffer.from('two'));
  await expect(journal.durable()).rejects.toThrow(/ENOENT/);
  await expect(journal.close()).rejects.toThrow(/ENOENT/);
  expect(reports.length - before).toBe(1);
});
