import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { eventually } from '../support/eventually.ts';
import { EVENT_EVERY, type KilledDeviceOrder } from '../support/killed-device.ts';
import { busiestSecond, runOutage, storedNumbers } from '../support/outage.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';

let platform: TestPlatform;

beforeAll(async () => {
  platform = await startTestPlatform();
}, 120_000);
afterAll(() => platform?.stop());

test('what a device takes during an outage, and before a restart in it, arrives once, in order, alarms first', async () => {
  const backlog = 600;
  const account = await runOutage({
    platform,
    serialNumber: 'OUT-0001',
    outage: 8_000,
    backlog,
    samplesPerMessage: 4,
    patience: 40_000,
    restart: true,
  });
  const all = Array.from({ length: backlog }, (_, number) => number);
  expect(account.sent[0]).toBe('event 2 1');
  expect(account.numbers).toEqual(all);
  expect([...account.acknowledged].sort()).toEqual([...account.sent].sort());
  const ofBoot = (boot: number) => account.sent.filter((text) => text.startsWith(`telemetry ${boot} `));
  expect(ofBoot(1)).toEqual(ofBoot(1).map((_, index) => `telemetry 1 ${index + 1}`));
  expect(ofBoot(2)).toEqual(ofBoot(2).map((_, index) => `telemetry 2 ${index + 1}`));
  expect(ofBoot(1).length + ofBoot(2).length).toBe(backlog / 4);
  expect(busiestSecond(account.sentAt)).toBeLessThanOrEqual(100);
  expect(account.refusedConnections).toBeGreaterThan(0);
  await eventually('all samples in the store', async () => {
    const stored = await storedNumbers(platform, account.thingName);
    return stored.length >= backlog && stored;
  });
  expect(await storedNumbers(platform, account.thingName)).toEqual(all);
  expect((await platform.ledger.read()).deadLetters).toBe(0);
}, 90_000);

const PROGRAM = fileURLToPath(new URL('../support/killed-device.ts', import.meta.url));

/** One life of the device. Answers the last number that it has promised to keep, and its exit code. */
async function live(order: KilledDeviceOrder, lifetime: number): Promise<{ last: number; code: number | null }> {
  const child = spawn(process.execPath, ['--import', 'tsx', PROGRAM, JSON.stringify(order)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let last = order.from - 1;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    if (line === 'started' && !order.drain) setTimeout(() => child.kill('SIGKILL'), lifetime);
    if (line.startsWith('p ')) last = Number(line.slice(2));
  });
  const closed = once(lines, 'close');
  const [code] = (await once(child, 'exit')) as [number | null];
  await closed;
  return { last, code };
}

test('a device that is killed while it sends loses nothing that it took, and nothing is stored twice or refused', async () => {
  const { claim, description, directory, reader, telemetryTable } = platform;
  const before = await platform.ledger.read();
  const order = {
    host: description.mqttHost,
    port: description.mqttPort,
    caFile: description.caFile,
    claim,
    stateDirectory: join(directory, 'devices', 'KILL-0001'),
    serialNumber: 'KILL-0001',
    start: Date.now() - 7_200_000,
  };
  let from = 0;
  const promised: number[] = [];
  for (const lifetime of [300, 900, 600]) {
    const { code, last } = await live({ ...order, from, drain: false }, lifetime);
    expect(code).toBeNull();
    for (let number = from; number <= last; number++) promised.push(number);
    // What was given and not promised may have been stored: it is not given again.
    from = last + 101;
  }
  expect(await live({ ...order, from, drain: true }, 0)).toMatchObject({ code: 0 });
  expect(promised.length).toBeGreaterThan(100);
  const thingName = 'fleetwright-dev-pump-station-KILL-0001';
  const numbersOf = async (channel: string): Promise<number[]> => {
    const { rows } = await reader.query(
      `SELECT number FROM ${telemetryTable} WHERE thing_name = '${thingName}' AND measure_name = '${channel}' ORDER BY time`,
    );
    return rows.map(([number]) => Number(number));
  };
  const events = promised.filter((number) => number % EVENT_EVERY === 0);
  await eventually('all that was promised in the store', async () => {
    const [telemetry, event] = await Promise.all([numbersOf('telemetry'), numbersOf('event')]);
    const has = new Set(telemetry);
    return promised.every((number) => has.has(number)) && events.every((number) => event.includes(number));
  });
  for (const channel of ['telemetry', 'event']) {
    const stored = await numbersOf(channel);
    expect(stored).toEqual([...new Set(stored)].sort((left, right) => left - right));
  }
  expect((await platform.ledger.read()).deadLetters).toBe(before.deadLetters);
}, 120_000);
