import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { endCommands, fleetwright } from '../support/command.ts';
import { temporaryDirectory } from '../support/platform.ts';

let directory: string;
beforeEach(() => {
  directory = temporaryDirectory();
});
afterEach(async () => {
  await endCommands();
  rmSync(directory, { recursive: true, force: true });
});

const FREE_PORTS = ['--port', '0', '--mqtt-port', '0'];

test('a bounded run onboards, publishes, finds every acknowledged sample, and says so as JSON', async () => {
  const run = fleetwright(
    'start',
    '--once',
    '--devices',
    '3',
    '--seconds',
    '3',
    '--json',
    '--data-dir',
    directory,
    ...FREE_PORTS,
  );
  const { exitCode, stdout, stderr } = await run.result;
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  const summary = JSON.parse(stdout.trim().split('\n').at(-1) as string);
  expect(summary).toMatchObject({ devicesOnboarded: 3, devicesProvisioned: 3, recordsRejected: 0, deadLetters: 0 });
  expect(summary.samplesAcknowledged).toBeGreaterThan(0);
  expect(summary.recordsStored).toBe(summary.samplesAcknowledged);
  expect(summary.healthStored).toBe(summary.healthAcknowledged);
  expect(summary.firstRowMs).toBeGreaterThan(0);
  expect(summary.work['lambda.invocations']).toBeGreaterThan(0);
}, 90_000);

test('Ctrl-C ends a run cleanly; queries work meanwhile; the next run finds the state', async () => {
  const options = ['--devices', '2', '--data-dir', directory, ...FREE_PORTS];
  const run = fleetwright('start', ...options);
  await run.printed('Try in another terminal');
  await run.printed('first row queryable');
  const query = await fleetwright(
    'query',
    '--data-dir',
    directory,
    '--csv',
    `SELECT count(DISTINCT thing_name) AS things FROM "fleetwright-dev"."telemetry" WHERE measure_name = 'telemetry'`,
  ).result;
  expect(query).toMatchObject({ exitCode: 0, stdout: 'things\r\n2\r\n' });
  const broken = await fleetwright('query', '--data-dir', directory, 'SELECT nothing FROM nowhere').result;
  expect(broken.exitCode).toBe(1);
  expect(broken.stderr).toContain('fleetwright: the query failed:');
  const second = await fleetwright('start', ...options).result;
  expect(second.exitCode).toBe(1);
  expect(second.stderr).toContain('is in use by a local cloud');
  run.interrupt();
  const { exitCode, stderr } = await run.result;
  expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
  expect(stderr).toContain('state is kept');

  const again = await fleetwright('start', '--once', '--seconds', '1', '--json', ...options).result;
  expect(again.exitCode).toBe(0);
  expect(JSON.parse(again.stdout.trim())).toMatchObject({ devicesOnboarded: 2, devicesProvisioned: 0 });
}, 120_000);

test('a port in use is named, with what to do', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => holder.once('listening', resolve));
  const { port } = holder.address() as { port: number };
  for (const flags of [
    ['--port', String(port), '--mqtt-port', '0'],
    ['--port', '0', '--mqtt-port', String(port)],
  ]) {
    const { exitCode, stderr } = await fleetwright('cloud', '--data-dir', directory, ...flags).result;
    expect(exitCode).toBe(1);
    expect(stderr).toContain(String(port));
    expect(stderr).toMatch(/in use/i);
  }
  holder.close();
}, 60_000);

test('a data directory that cannot be used is named', async () => {
  const file = join(directory, 'file');
  writeFileSync(file, '');
  const { exitCode, stderr } = await fleetwright('cloud', '--data-dir', join(file, 'data'), ...FREE_PORTS).result;
  expect(exitCode).toBe(1);
  expect(stderr).toContain(`cannot use the data directory ${join(file, 'data')}`);
}, 60_000);

test('every command explains itself, and a wrong option says what was expected', async () => {
  for (const command of [[], ['start'], ['cloud'], ['query'], ['device', 'run']]) {
    const { exitCode, stdout } = await fleetwright(...command, '--help').result;
    expect(exitCode).toBe(0);
    expect(stdout).toContain('Usage: fleetwright');
  }
  const { exitCode, stderr } = await fleetwright('start', '--devices', 'many').result;
  expect(exitCode).not.toBe(0);
  expect(stderr).toContain('expected a whole number from 1 to 10000');
}, 60_000);

test('a query without a running cloud says how to start one', async () => {
  const { exitCode, stderr } = await fleetwright('query', '--data-dir', directory, 'SELECT 1').result;
  expect(exitCode).toBe(1);
  expect(stderr).toContain('npm start');
});
