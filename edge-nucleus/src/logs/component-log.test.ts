import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ComponentLog } from './component-log.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-log-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

test('lines come with time and stream, over restarts', async () => {
  const file = join(directory, 'a.log');
  for (const line of ['one', 'two']) {
    const log = new ComponentLog(file);
    log.write(0, 'stdout', line);
    await log.flush();
  }
  expect(readFileSync(file, 'utf8')).toBe('1970-01-01T00:00:00.000Z stdout one\n1970-01-01T00:00:00.000Z stdout two\n');
});

test('two files are all that a component fills, and what floods it is counted', async () => {
  const file = join(directory, 'a.log');
  const log = new ComponentLog(file, 1_000);
  for (let round = 0; round < 100; round++) {
    log.write(0, 'stdout', `line ${round} ${'x'.repeat(100)}`);
    await log.flush();
  }
  expect(statSync(file).size).toBeLessThanOrEqual(1_000);
  expect(statSync(`${file}.1`).size).toBeLessThanOrEqual(1_000);
  expect(existsSync(`${file}.2`)).toBe(false);
  expect(readFileSync(file, 'utf8')).toContain('line 99');

  const flooded = new ComponentLog(join(directory, 'b.log'), 10_000_000);
  for (let at = 0; at < 30; at++) flooded.write(0, 'stdout', 'y'.repeat(64 * 1024));
  await flooded.flush();
  flooded.write(0, 'stdout', 'after');
  await flooded.flush();
  expect(readFileSync(join(directory, 'b.log'), 'utf8')).toMatch(
    /nucleus 15 lines are left out: too many at once\n.* stdout after\n$/,
  );
});
