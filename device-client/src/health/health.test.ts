import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { healthMessageSchema } from '@fleetwright/contracts';
import { testContext } from '../telemetry/testing/feature-context.ts';
import { HealthFeature } from './health-feature.ts';
import type { HealthReading } from './health-source.ts';
import { linuxHealth } from './linux-health.ts';
import { parseMemoryAvailable, parseProcessorTimes, parseWirelessSignal, processorLoad } from './proc-system.ts';

const FILES = {
  'proc/meminfo': 'MemTotal:        2048000 kB\nMemFree:          100000 kB\nMemAvailable:    1024000 kB\n',
  'proc/stat': 'cpu  100 0 50 800 50 0 0 0 0 0\ncpu0 100 0 50 800 50 0 0 0 0 0\nintr 1\n',
  'proc/uptime': '12345.67 20000.00\n',
  'proc/net/wireless':
    'Inter-| sta-|   Quality        |   Discarded packets               | Missed | WE\n' +
    ' face | tus | link level noise |  nwid  crypt   frag  retry   misc | beacon | 22\n' +
    ' wlan0: 0000   54.  -56.  -256        0      0      0      0      0        0\n',
  'sys/class/power_supply/AC/type': 'Mains\n',
  'sys/class/power_supply/BAT0/type': 'Battery\n',
  'sys/class/power_supply/BAT0/capacity': '87\n',
  'sys/class/thermal/thermal_zone0/temp': '41200\n',
  'sys/class/thermal/thermal_zone1/temp': '48350\n',
};

function fakeRoot(files: Record<string, string>): string {
  const root = mkdtempSync(join(tmpdir(), 'fleetwright-root-'));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, name)), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return root;
}

test('what Linux tells is read: memory, processors, disk, battery, radio, temperature, uptime', async () => {
  const root = fakeRoot(FILES);
  const source = linuxHealth({ directory: root, root });
  await source.read();
  writeFileSync(join(root, 'proc/stat'), 'cpu  160 0 65 915 60 0 0 0 0 0\n');
  const { diskFree, ...reading } = await source.read();
  // Of 200 ticks, 75 were neither idle nor waiting.
  expect(reading).toEqual({
    memoryFree: 1_024_000 * 1024,
    cpu: 37.5,
    uptime: 12_345,
    signal: -56,
    battery: 87,
    temperature: 48.4,
  });
  expect(diskFree).toBeGreaterThan(0);
  rmSync(root, { recursive: true });
});

test('what is not there is left out', async () => {
  const root = fakeRoot({});
  const reading = await linuxHealth({ directory: join(root, 'missing'), root }).read();
  expect(Object.keys(reading)).toEqual(['memoryFree']);
  rmSync(root, { recursive: true });
});

test('texts of other kernels are read or passed over', () => {
  expect(parseMemoryAvailable('MemFree:  10 kB\n')).toBe(10_240);
  expect(parseMemoryAvailable('')).toBeUndefined();
  expect(parseProcessorTimes('cpu  1 2 x 4')).toBeUndefined();
  expect(processorLoad({ busy: 5, total: 10 }, { busy: 5, total: 10 })).toBeUndefined();
  expect(parseWirelessSignal('a\nb\n wlan0: 0000 54 44 0')).toBeUndefined();
});

function make(reading: () => HealthReading, shadowInterval = 3_600_000) {
  const context = testContext({ random: () => 0 });
  const feature = new HealthFeature({
    firmware: '1.2.3',
    source: { read: async () => reading() },
    agent: () => ({ errors: 4, samplesWaiting: 9, samplesDropped: 0 }),
    interval: 60_000,
    shadowInterval,
  });
  const of = (end: string) =>
    context.link.received
      .filter(({ topic }) => topic.endsWith(end))
      .map(({ payload }) => JSON.parse(payload.toString()));
  return { context, feature, messages: () => of('/health'), shadows: () => of('/shadow/name/health/update') };
}

test('a message goes out with the connection and then at each interval, and none without one', async () => {
  const { context, feature, messages } = make(() => ({ memoryFree: 5, cpu: 12.5 }));
  await feature.start(context);
  await context.clock.pass(200_000);
  context.link.connect();
  await context.clock.pass(130_000);
  context.link.disconnect();
  await context.clock.pass(120_000);
  expect(messages()).toHaveLength(3);
  for (const message of messages()) healthMessageSchema.parse(message);
  expect(messages()[0]).toEqual({
    time: expect.any(Number),
    bootId: 7,
    sequence: 1,
    firmware: '1.2.3',
    memoryFree: 5,
    cpu: 12.5,
    errors: 4,
    samplesWaiting: 9,
    samplesDropped: 0,
  });
  expect(messages().map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  feature.setInterval(10_000);
  context.link.connect();
  await context.clock.pass(30_500);
  expect(messages()).toHaveLength(6);
  await feature.stop();
  await context.clock.pass(100_000);
  expect(messages()).toHaveLength(6);
  rmSync(context.state.path, { recursive: true });
});

test('the shadow is told less often, and only what changed', async () => {
  let battery = 80;
  const { context, feature, shadows } = make(() => ({ memoryFree: 5, battery }));
  await feature.start(context);
  context.link.connect();
  await context.clock.pass(3_500_000);
  expect(shadows()).toEqual([{ state: { reported: { memoryFree: 5, battery: 80, errors: 4, samplesDropped: 0 } } }]);
  battery = 79;
  await context.clock.pass(3_600_000);
  expect(shadows().slice(1)).toEqual([{ state: { reported: { battery: 79 } } }]);
  await context.clock.pass(7_200_000);
  expect(shadows()).toHaveLength(2);
  await feature.stop();
  rmSync(context.state.path, { recursive: true });
});

test('a reading of another shape is refused', async () => {
  const { context, feature } = make(() => ({ memoryFree: 5 }));
  await feature.start(context);
  await expect(feature.report({ memoryFree: 1, battery: 101 })).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  await expect(feature.report({ memoryFree: 1 })).rejects.toThrow('not connected');
  rmSync(context.state.path, { recursive: true });
});
