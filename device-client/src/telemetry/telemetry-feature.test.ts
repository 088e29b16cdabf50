import { cpSync, rmSync } from 'node:fs';
import type { Sample, TelemetryMessage } from '@fleetwright/contracts';
import { StateDirectory } from '../state-directory.ts';
import { TelemetryFeature } from './telemetry-feature.ts';
import type { TelemetryOptions } from './telemetry-options.ts';
import { running, type TestContext, temporaryState, testContext } from './testing/feature-context.ts';
import { SimulatedClock } from './testing/simulated-clock.ts';
import { SimulatedLink } from './testing/simulated-link.ts';

const directories: string[] = [];
const features: TelemetryFeature[] = [];

afterEach(async () => {
  for (const feature of features.splice(0)) await feature.stop();
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true, force: true });
});

async function make(options: TelemetryOptions = {}, over: Partial<TestContext> = {}) {
  const context = testContext(over);
  directories.push(context.state.path);
  const feature = await running(new TelemetryFeature(options), context);
  features.push(feature);
  return { feature, context, clock: context.clock, link: context.link };
}

const sample = (time: number): Sample => ({ time, values: { v: time } });
const messages = ({ received }: SimulatedLink): TelemetryMessage[] =>
  received.map(({ payload }) => JSON.parse(payload.toString()) as TelemetryMessage);
const shape = (link: SimulatedLink) =>
  messages(link).map(({ bootId, samples, sequence }) => [bootId, sequence, ...samples.map(({ time }) => time)]);

/** Passes time in small steps: files need their turns. */
async function until(clock: TestContext['clock'], condition: () => boolean): Promise<void> {
  for (let step = 0; step < 5_000 && !condition(); step++) {
    await clock.pass(25);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  if (!condition()) throw new Error('the condition did not come true');
}

test.each(['disk', 'memory'] as const)('%s: samples gather up to the configured number, in order', async (storage) => {
  const { clock, feature, link } = await make({ storage, samplesPerMessage: 2 });
  link.connect();
  for (let time = 1; time <= 5; time++) feature.publish('telemetry', sample(time));
  const flushed = feature.flush();
  await until(clock, () => link.received.length === 3);
  await clock.pass(100);
  await flushed;
  expect(shape(link)).toEqual([
    [7, 1, 1, 2],
    [7, 2, 3, 4],
    [7, 3, 5],
  ]);
  expect(feature.stats).toMatchObject({ waiting: 0, inFlight: 0, acknowledgedMessages: 3, acknowledgedSamples: 5 });
});

test('a message that does not fill up goes when its first sample has waited long enough', async () => {
  const { clock, feature, link } = await make({ samplesPerMessage: 10, maxDelay: 5_000 });
  link.connect();
  await feature.put('telemetry', sample(1));
  await clock.pass(2_000);
  await feature.put('telemetry', sample(2));
  await clock.pass(2_900);
  expect(link.received).toHaveLength(0);
  await until(clock, () => link.received.length === 1);
  expect(shape(link)).toEqual([[7, 1, 1, 2]]);
});

test('a message is cut where the payload limit is', async () => {
  const { clock, feature, link } = await make({ samplesPerMessage: 500, maxPayloadBytes: 1024 });
  link.connect();
  const text = 'x'.repeat(300);
  for (let time = 1; time <= 4; time++) await feature.put('telemetry', { time, values: { text } });
  void feature.flush();
  await until(clock, () => link.received.length === 2);
  expect(link.received.every(({ payload }) => payload.length <= 1024)).toBe(true);
  expect(messages(link).map(({ samples }) => samples.length)).toEqual([2, 2]);
});

test('alarms go first, alone, as events; sequences of the channel stay unique', async () => {
  const { clock, feature, link } = await make({ samplesPerMessage: 1, limits: { inFlight: 1 } });
  for (const time of [1, 2]) await feature.put('telemetry', sample(time));
  for (const time of [3, 4]) await feature.put('event', sample(time));
  for (const time of [5, 6]) await feature.put('event', sample(time), { priority: 'alarm' });
  link.connect();
  await until(clock, () => link.received.length === 4);
  expect(link.received.map(({ topic }) => topic.split('/').at(-1))).toEqual(['event', 'event', 'event', 'telemetry']);
  expect(messages(link).map(({ samples }) => samples.map(({ time }) => time))).toEqual([[5], [6], [3, 4], [1, 2]]);
  const ofEvents = messages(link).slice(0, 3);
  expect(new Set(ofEvents.map(({ sequence }) => sequence)).size).toBe(3);
});

test('telemetry takes Basic Ingest and events the ordinary topic, as the configuration says', async () => {
  const { clock, feature, link } = await make();
  link.connect();
  await feature.put('telemetry', sample(1));
  await feature.put('event', sample(2));
  await until(clock, () => link.received.length === 2);
  expect(link.received.map(({ topic }) => topic).sort()).toEqual([
    '$aws/rules/telemetry_rule/fleet-test/north/pump/fleet-test-pump-1/telemetry',
    'fleet-test/north/pump/fleet-test-pump-1/event',
  ]);
});

test('a process that is killed makes the same messages again, byte for byte, and new ones under a new boot', async () => {
  const first = await make({ samplesPerMessage: 3, limits: { inFlight: 4 } });
  first.link.latency = 1e9;
  first.link.connect();
  for (let time = 1; time <= 7; time++) await first.feature.put('telemetry', sample(time));
  await until(first.clock, () => first.link.received.length === 2);
  // What a kill leaves: the files as they are, with one message open.
  const copy = temporaryState();
  cpSync(first.context.state.path, copy.path, { recursive: true });
  rmSync(new StateDirectory(copy.path).file('queue/lock'));
  const second = await make({ samplesPerMessage: 3 }, { state: copy, bootId: 8 });
  second.link.connect();
  await second.feature.put('telemetry', sample(8));
  void second.feature.flush();
  await until(second.clock, () => second.link.received.length === 4);
  const payloads = (link: SimulatedLink) => link.received.map(({ payload }) => payload.toString());
  expect(payloads(second.link).slice(0, 2)).toEqual(payloads(first.link));
  expect(shape(second.link)).toEqual([
    [7, 1, 1, 2, 3],
    [7, 2, 4, 5, 6],
    [7, 3, 7],
    [8, 1, 8],
  ]);
  await until(second.clock, () => second.feature.stats.acknowledgedMessages === 4);
  expect(second.feature.stats.repeatedMessages).toBeGreaterThanOrEqual(2);
});

test('a feature that stops and starts in one boot gives no sequence twice', async () => {
  const { clock, context, feature, link } = await make();
  link.connect();
  await feature.put('telemetry', sample(1));
  await until(clock, () => feature.stats.acknowledgedMessages === 1);
  await feature.stop();
  await feature.start(context);
  await feature.put('telemetry', sample(2));
  await until(clock, () => feature.stats.acknowledgedMessages === 2);
  expect(shape(link)).toEqual([
    [7, 1, 1],
    [7, 2, 2],
  ]);
});

test.each(['disk', 'memory'] as const)(
  '%s: what is not acknowledged at a stop is sent after the next start',
  async (storage) => {
    const { clock, context, feature, link } = await make({ storage });
    link.latency = 1e9;
    link.connect();
    await feature.put('telemetry', sample(1));
    await until(clock, () => link.received.length === 1);
    await feature.stop();
    link.latency = 10;
    await feature.start(context);
    await until(clock, () => feature.stats.acknowledgedMessages === 1);
    expect(shape(link)).toEqual([
      [7, 1, 1],
      [7, 1, 1],
    ]);
  },
);

test('after a refusal a lane goes on where it was, in order, and others are not held up', async () => {
  const acknowledged: number[] = [];
  const { clock, feature, link } = await make({
    limits: { inFlight: 2 },
    onAcknowledged: (channel, { sequence }) => void (channel === 'telemetry' && acknowledged.push(sequence)),
  });
  link.connect();
  let refusals = 0;
  link.judge = (topic, payload) =>
    topic.endsWith('/telemetry') && payload.includes('"sequence":2,') && ++refusals < 4 ? 'quota exceeded' : undefined;
  for (let time = 1; time <= 4; time++) feature.publish('telemetry', sample(time));
  feature.publish('event', sample(9));
  const flushed = feature.flush();
  await until(clock, () => feature.stats.acknowledgedMessages === 5);
  await flushed;
  expect(refusals).toBe(4);
  expect(acknowledged.filter((sequence) => sequence !== 3)).toEqual([1, 2, 4]);
  expect(acknowledged).toHaveLength(4);
});

test('a message lost with its connection is sent again with the same bytes and told once', async () => {
  const told: number[] = [];
  const { clock, feature, link } = await make({ onAcknowledged: (_, { sequence }) => void told.push(sequence) });
  link.connect();
  for (let time = 1; time <= 3; time++) feature.publish('telemetry', sample(time));
  await until(clock, () => link.received.length === 3);
  link.disconnect();
  await clock.pass(60_000);
  link.connect();
  await until(clock, () => told.length === 3);
  const payloads = link.received.map(({ payload }) => payload.toString());
  expect(payloads.slice(3)).toEqual(payloads.slice(0, 3));
  expect(told).toEqual([1, 2, 3]);
});

test('a full memory queue refuses its producer until there is room', async () => {
  const { clock, feature, link } = await make({ storage: 'memory', capacity: 3 });
  for (let time = 1; time <= 3; time++) feature.publish('telemetry', sample(time));
  expect(() => feature.publish('telemetry', sample(4))).toThrow(expect.objectContaining({ code: 'QUEUE_FULL' }));
  await expect(feature.put('telemetry', sample(4))).rejects.toMatchObject({ code: 'QUEUE_FULL' });
  let roomy = false;
  void feature.room('telemetry').then(() => {
    roomy = true;
  });
  link.connect();
  await until(clock, () => roomy);
  await feature.put('telemetry', sample(4));
});

test('a producer that runs ahead of the disk is refused at once, and told when there is room', async () => {
  const { feature } = await make({ sync: 'always' });
  const text = 'x'.repeat(2_000);
  let taken = 0;
  const refused = (): boolean => {
    try {
      feature.publish('telemetry', { time: ++taken, values: { text } });
      return false;
    } catch (error) {
      expect(error).toMatchObject({ code: 'QUEUE_FULL' });
      return true;
    }
  };
  while (!refused()) expect(taken).toBeLessThan(1_000);
  await feature.room('telemetry');
  await feature.put('telemetry', { time: taken, values: { text } });
  expect(feature.stats).toMatchObject({ waiting: taken, droppedSamples: 0 });
});

test('a queue over its size drops the oldest telemetry, keeps alarms, and tells the cloud how much', async () => {
  const { clock, context, feature, link } = await make({ maxBytes: 64 * 1024, backlogSamplesPerMessage: 10 });
  const text = 'x'.repeat(1_000);
  await feature.put('event', sample(1), { priority: 'alarm' });
  for (let time = 1; time <= 100; time++) await feature.put('telemetry', { time, values: { text } });
  const dropped = feature.stats.droppedSamples;
  expect(dropped).toBeGreaterThan(20);
  expect(feature.stats.waiting).toBe(101 - dropped);
  await clock.pass(60_000);
  link.connect();
  await until(clock, () => feature.stats.waiting === 0);
  const times = messages(link).flatMap(({ samples }) => samples.map(({ time, values }) => ({ time, values })));
  const telemetry = times.filter(({ values }) => 'text' in values).map(({ time }) => time);
  expect(telemetry).toEqual(Array.from({ length: 100 - dropped }, (_, index) => dropped + 1 + index));
  expect(times.filter(({ values }) => 'samples_dropped' in values).map(({ values }) => values)).toEqual([
    { samples_dropped: dropped, drop_reason: 'queue-full', drop_lane: 'telemetry' },
  ]);
  expect(times[0]?.values).toEqual({ v: 1 });
  expect(context.lines).toContain('warn telemetry queue: dropped');
});

test.each([
  ['no value', { time: 1, values: {} }],
  ['not a number', { time: 1, values: { v: Number.NaN } }],
  ['a reserved name', { time: 1, values: { sequence: 1 } }],
  ['a time that is none', { time: 1.5, values: { v: 1 } }],
  [
    'more than a message takes',
    { time: 1, values: Object.fromEntries(Array.from({ length: 99 }, (_, at) => [`v${at}`, 'x'.repeat(2048)])) },
  ],
])('a sample with %s is refused, so that its neighbours are not lost with it', async (_, wrong) => {
  const { feature } = await make();
  expect(() => feature.publish('telemetry', wrong)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
});

test.each([
  [{ samplesPerMessage: 501 }, 'samplesPerMessage must be 1 to 500, received 501'],
  [{ maxDelay: -1 }, 'maxDelay must be 0 to 86400000, received -1'],
  [{ limits: { publishesPerSecond: 101 } }, 'publishesPerSecond must be a whole number from 1 to 100, received 101'],
])('%j is refused', (options, message) => {
  expect(() => new TelemetryFeature(options)).toThrow(message);
});

test('samples of a device that started in 1970 get their time when it is known, the same in every process', async () => {
  const TRUE_START = Date.UTC(2026, 5, 1);
  const clock = new SimulatedClock(0);
  const monotonic = (): number => clock.elapsed;
  const { context, feature, link } = await make({ monotonic }, { clock });
  for (const time of [1_000, 2_000, 3_000]) {
    await clock.pass(1_000);
    await feature.put('telemetry', sample(time));
  }
  // Two seconds later the device is told the time.
  await clock.pass(2_000);
  clock.set(TRUE_START + clock.elapsed);
  await feature.put('telemetry', sample(clock.now()));
  link.latency = 1e9;
  link.connect();
  await until(clock, () => link.received.length === 1);
  const times = messages(link)[0]?.samples.map(({ time }) => time - TRUE_START);
  expect(times).toEqual([1_000, 2_000, 3_000, 5_000]);
  await feature.stop();
  const next = { ...context, bootId: 8, link: new SimulatedLink(clock) };
  const again = await running(new TelemetryFeature({ monotonic: () => 0 }), next);
  features.push(again);
  next.link.connect();
  await until(clock, () => next.link.received.length === 1);
  expect(next.link.received[0]?.payload).toEqual(link.received[0]?.payload);
});

test('whenever a process is killed, the next one has each message whole or not at all', async () => {
  const { clock, context, feature, link } = await make({ samplesPerMessage: 100, backlogSamplesPerMessage: 3 });
  for (let time = 1; time <= 198; time++) await feature.put('telemetry', sample(time));
  const sizes: number[] = [];
  link.latency = 30;
  link.connect();
  for (let step = 0; feature.stats.waiting > 0 && step < 400; step++) {
    await clock.pass(50);
    const copy = temporaryState();
    directories.push(copy.path);
    cpSync(context.state.path, copy.path, { recursive: true });
    rmSync(copy.file('queue/lock'));
    const next = await make({}, { state: copy, bootId: 8 });
    next.link.connect();
    await until(next.clock, () => next.feature.stats.waiting === 0);
    sizes.push(...messages(next.link).map(({ samples }) => samples.length));
    await next.feature.stop();
  }
  expect(feature.stats.waiting).toBe(0);
  expect(new Set(sizes)).toEqual(new Set([3]));
}, 60_000);
