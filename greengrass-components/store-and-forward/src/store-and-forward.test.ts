import { randomBytes } from 'node:crypto';
import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { telemetryMessageSchema, UPLOAD_TOPIC } from '@fleetwright/contracts';
import { FakeFileSystem } from '../../../durable-queue/src/testing/fake-file-system.ts';
import { configurationSchema } from './configuration.ts';
import { SpoolBench } from './testing/spool-bench.ts';

let bench: SpoolBench;
afterEach(() => bench.end());

const HOUR = 3_600_000;
const at = (time: number) => ({ samples: [{ time, values: { level_mean: time } }] });

test('an upload is answered once it is on disk, and arrives by its rule as a telemetry message', async () => {
  bench = await SpoolBench.start({ topicRoot: 'plant-dev' });
  const id = await bench.give(at(5));
  await bench.until(() => bench.isStored(id), 10);
  await bench.drained();
  const [message] = bench.arrived;
  expect(message?.topic).toBe('$aws/rules/plant_dev_telemetry/plant-dev/lakeside/edge-core/core-1/telemetry');
  expect(telemetryMessageSchema.parse(JSON.parse(message?.text ?? ''))).toEqual({
    version: 1,
    bootId: 1,
    sequence: 1,
    ...at(5),
  });
  expect(bench.component.stats).toMatchObject({ taken: 1, sent: 1, confirmed: 1, waiting: 0 });
});

test('a channel that is not in basicIngestChannels goes out on its ordinary topic', async () => {
  bench = await SpoolBench.start({ basicIngestChannels: ['event'], eventRule: 'own_rule' });
  await bench.give({ channel: 'telemetry' });
  await bench.give({ channel: 'event' });
  await bench.drained();
  expect(bench.arrived.map(({ topic }) => topic).sort()).toEqual([
    '$aws/rules/own_rule/fleetwright-dev/lakeside/edge-core/core-1/event',
    'fleetwright-dev/lakeside/edge-core/core-1/telemetry',
  ]);
});

test('uploads of one moment share a message up to its size, each channel and priority by itself', async () => {
  bench = await SpoolBench.start({ batch: { bytes: 1_000 } });
  for (let time = 1; time <= 100; time++) await bench.give(at(time));
  await bench.give({ ...at(101), channel: 'event' });
  await bench.drained();
  const telemetry = bench.arrived.filter(({ topic }) => topic.endsWith('/telemetry'));
  expect(telemetry.flatMap(({ samples }) => samples.map(({ time }) => time))).toEqual(
    Array.from({ length: 100 }, (_, index) => index + 1),
  );
  expect(telemetry.length).toBeGreaterThan(3);
  expect(telemetry.length).toBeLessThan(15);
  expect(telemetry.map(({ sequence }) => sequence)).toEqual(telemetry.map((_, index) => index + 1));
  for (const { text } of telemetry) expect(text.length).toBeLessThanOrEqual(1_000);
  expect(bench.component.stats?.taken).toBe(101);
});

test('alarms go before what waits', async () => {
  bench = await SpoolBench.start({ window: { messages: 1 } });
  bench.cloud.up = false;
  for (let time = 1; time <= 5; time++) {
    const id = await bench.give(at(time));
    await bench.until(() => bench.isStored(id));
  }
  const alarm = await bench.give({ ...at(100), channel: 'event', priority: 'alarm' });
  await bench.until(() => bench.isStored(alarm));
  bench.cloud.up = true;
  await bench.drained();
  expect(bench.times).toEqual([1, 100, 2, 3, 4, 5]);
});

test('the same upload again is the same samples: answered, and not stored twice, before and after restarts', async () => {
  bench = await SpoolBench.start();
  const uploadId = await bench.give(at(1));
  await bench.give({ uploadId, ...at(1) });
  await bench.drained();
  for (let round = 0; round < 3; round++) {
    bench = await bench.restart();
    await bench.give({ uploadId, ...at(1) });
  }
  await bench.drained();
  expect(bench.answers).toHaveLength(4);
  bench.cloud.up = false;
  const waiting = await bench.give(at(2));
  await bench.until(() => bench.isStored(waiting));
  bench = await bench.restart();
  await bench.give({ uploadId: waiting, ...at(2) });
  bench.cloud.up = true;
  await bench.drained();
  expect(new Set(bench.times)).toEqual(new Set([1, 2]));
  expect(new Set(bench.arrived.map(({ text }) => text)).size).toBe(2);
});

test('through an hour without the cloud nothing is lost, and the order stays', async () => {
  bench = await SpoolBench.start();
  const given: number[] = [];
  bench.cloud.up = false;
  for (let minute = 0; minute < 60; minute++) {
    given.push(bench.clock.now());
    await bench.give(at(bench.clock.now()));
    await bench.clock.advance(60_000);
  }
  expect(bench.times).toEqual([]);
  bench.cloud.up = true;
  await bench.drained();
  expect(bench.times).toEqual(given);
  expect(bench.arrived.map(({ sequence }) => sequence)).toEqual(given.map((_, index) => index + 1));
});

test('through a day without the cloud, two restarts and the death of the nucleus nothing is lost, and what comes twice is the same', async () => {
  bench = await SpoolBench.start({ window: { messages: 8 } });
  const given: number[] = [];
  let lost = 0;
  for (let step = 0; step < 144; step++) {
    if (step === 10) bench.cloud.up = false;
    if (step === 60 || step === 100) {
      // The nucleus dies with its spooler, and starts the component again.
      lost += bench.cloud.loseSpool();
      bench = await bench.restart({ window: { messages: 8 } });
    }
    given.push(bench.clock.now());
    const id = await bench.give(at(bench.clock.now()));
    await bench.until(() => bench.isStored(id));
    await bench.clock.advance(HOUR / 6);
  }
  expect(lost).toBeGreaterThan(8);
  bench.cloud.up = true;
  await bench.drained();
  const first = new Map(bench.arrived.map(({ bootId, sequence, text }) => [`${bootId}.${sequence}`, text]));
  for (const { bootId, sequence, text } of bench.arrived) expect(text).toBe(first.get(`${bootId}.${sequence}`));
  expect([...new Set(bench.times)]).toEqual(given);
  expect(bench.component.stats?.bootId).toBe(3);
}, 60_000);

test('what the cloud has not confirmed stays on disk', async () => {
  bench = await SpoolBench.start();
  bench.cloud.delay = 100;
  // The policy forbids the echo: the messages arrive, the probes do not.
  bench.cloud.forbidden = (topic) => topic.endsWith('/echo');
  await bench.give(at(1));
  await bench.until(() => bench.times.length === 1);
  await bench.clock.advance(HOUR);
  expect(bench.component.stats).toMatchObject({ waiting: 1, confirmed: 0 });
  expect(bench.host.log.messages('warn')).toContain('a probe is not taken');
  bench.cloud.forbidden = () => false;
  await bench.drained();
  expect(bench.times).toEqual([1]);
});

test('a nucleus whose spooler is full is asked again, in order', async () => {
  bench = await SpoolBench.start();
  let full = true;
  bench.cloud.forbidden = () => full;
  for (let time = 1; time <= 5; time++) await bench.give({ ...at(time), priority: 'alarm', channel: 'event' });
  await bench.clock.advance(60_000);
  expect(bench.times).toEqual([]);
  full = false;
  await bench.drained();
  expect(bench.times).toEqual([1, 2, 3, 4, 5]);
});

test('it never sends faster than it may, messages and bytes', async () => {
  bench = await SpoolBench.start({ rate: { messages: 10, bytes: 4_096 }, batch: { bytes: 1_024, linger: 0 } });
  bench.cloud.up = false;
  for (let time = 1; time <= 60; time++) await bench.give(at(time));
  await bench.until(() => bench.component.stats?.taken === 60);
  bench.cloud.up = true;
  await bench.drained();
  const times = bench.cloud.arrived.map(({ time }) => time).sort((a, b) => a - b);
  for (const [index, time] of times.entries()) {
    const second = times.slice(index).filter((other) => other < time + 1_000);
    // Half a second may be made up for. What the first window left with the nucleus comes at once.
    if (index >= 33) expect(second.length).toBeLessThanOrEqual(16);
  }
});

test.each([
  ['no object', 7],
  ['null', null],
  ['a message of another version', { version: 2, uploadId: 'a'.repeat(32) }],
  ['no samples', { version: 1, uploadId: 'b'.repeat(32), channel: 'telemetry', priority: 'normal', samples: [] }],
  [
    'a reserved measure',
    {
      version: 1,
      uploadId: 'c'.repeat(32),
      channel: 'telemetry',
      priority: 'normal',
      samples: [{ time: 1, values: { time: 1 } }],
    },
  ],
  [
    'an unknown priority',
    {
      version: 1,
      uploadId: 'd'.repeat(32),
      channel: 'telemetry',
      priority: 'now',
      samples: [{ time: 1, values: { a: 1 } }],
    },
  ],
])('rubbish is refused, with the reason where it has an id: %s', async (_what, message) => {
  bench = await SpoolBench.start();
  await bench.host.bus.publish(UPLOAD_TOPIC, message);
  await bench.clock.advance(1_000);
  const { uploadId } = (message ?? {}) as { uploadId?: string };
  expect(bench.answers).toEqual(
    uploadId === undefined ? [] : [{ version: 1, uploadId, ok: false, detail: expect.stringMatching(/./) }],
  );
  expect(bench.component.stats).toMatchObject({ refused: 1, taken: 0, waiting: 0 });
  const good = await bench.give();
  await bench.until(() => bench.isStored(good));
});

test('a flood of rubbish is counted, and does not flood the log', async () => {
  bench = await SpoolBench.start();
  for (let count = 0; count < 5_000; count++) await bench.host.bus.publish(UPLOAD_TOPIC, { rubbish: count });
  await bench.clock.advance(20_000);
  await bench.host.bus.publish(UPLOAD_TOPIC, 'more');
  await bench.clock.advance(1);
  expect(bench.component.stats?.refused).toBe(5_001);
  const warnings = bench.host.log.lines.filter(({ message }) => message === 'an upload is refused');
  expect(warnings.map(({ fields }) => fields.unsaid)).toEqual([undefined, 4_999]);
});

test('an upload larger than a message is refused with what it may have', async () => {
  bench = await SpoolBench.start();
  const values = Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`m${index}`, 'x'.repeat(20)]));
  await bench.give({ samples: Array.from({ length: 100 }, (_, time) => ({ time, values })) });
  await bench.clock.advance(1_000);
  expect(bench.answers[0]).toMatchObject({ ok: false, detail: expect.stringMatching(/^has \d+ bytes of samples/) });
});

test('a full spool drops the oldest of the least urgent, and tells the cloud how many', async () => {
  bench = await SpoolBench.start({ disk: { maxBytes: 4 * 1_048_576 }, batch: { bytes: 60_000, linger: 0 } });
  bench.cloud.up = false;
  await bench.give({ ...at(1), channel: 'event', priority: 'alarm' });
  const text = 'x'.repeat(2_000);
  for (let time = 1; time <= 120; time++) {
    const id = await bench.give({
      priority: 'bulk',
      samples: Array.from({ length: 25 }, (_, part) => ({ time: time * 100 + part, values: { text } })),
    });
    await bench.until(() => bench.isStored(id), 10);
  }
  const { bytes = 0, dropped = 0 } = bench.component.stats ?? {};
  expect(bytes).toBeLessThanOrEqual(4 * 1_048_576);
  expect(dropped).toBeGreaterThan(10);
  await bench.clock.advance(60_000);
  bench.cloud.up = true;
  await bench.drained();
  await bench.until(() => bench.arrived.some(({ samples }) => samples[0]?.values.spool_dropped !== undefined));
  const events = bench.arrived.filter(({ topic }) => topic.endsWith('/event'));
  expect(events[0]?.samples).toEqual(at(1).samples);
  expect(events[1]?.samples[0]?.values).toMatchObject({ spool_dropped: dropped, spool_refused: 0 });
  const kept = new Set(bench.times.map((time) => Math.floor(time / 100)));
  expect(kept.has(120)).toBe(true);
}, 60_000);

test('a disk that fails is no answer, and after a minute of nothing else the component is broken', async () => {
  const fileSystem = new FakeFileSystem();
  bench = await SpoolBench.start({ reportInterval: 86_400_000 }, { fileSystem });
  await bench.give(at(1));
  await bench.drained();
  fileSystem.plan = { fail: (_call, name, path) => (name === 'sync' && path.includes('segment') ? 'EIO' : undefined) };
  const id = await bench.give(at(2));
  await bench.until(() => bench.component.stats?.deferred === 1);
  expect(bench.isStored(id)).toBe(false);
  await bench.clock.advance(59_000);
  await bench.give({ uploadId: id, ...at(2) });
  await bench.until(() => bench.component.stats?.deferred === 2, 1);
  expect(bench.broken).toEqual([]);
  await bench.clock.advance(2_000);
  await bench.give({ uploadId: id, ...at(2) });
  await bench.until(() => bench.component.stats?.deferred === 3, 1);
  expect(bench.broken.map(({ message }) => message)).toEqual([
    expect.stringMatching(/^the disk has failed for 60 s: /),
  ]);
  fileSystem.plan = {};
  await bench.give({ uploadId: id, ...at(2) });
  await bench.drained();
  expect(bench.times).toEqual([1, 2]);
});

test('a flood is taken as far as there is room, and the rest when it is given again', async () => {
  bench = await SpoolBench.start({ reportInterval: 86_400_000 });
  const uploads = Array.from({ length: 3_000 }, (_, time) => ({
    uploadId: randomBytes(16).toString('hex'),
    samples: [{ time, values: { text: 'y'.repeat(700) } }],
  }));
  for (const upload of uploads) await bench.give(upload);
  await bench.until(() => (bench.component.stats?.taken ?? 0) + (bench.component.stats?.deferred ?? 0) === 3_000);
  const deferred = bench.component.stats?.deferred ?? 0;
  expect(deferred).toBeGreaterThan(0);
  const settled = () => (bench.component.stats?.taken ?? 0) + (bench.component.stats?.deferred ?? 0);
  const missing = () => uploads.filter(({ uploadId }) => !bench.isStored(uploadId)).slice(0, 100);
  for (let some = missing(); some.length > 0; some = missing()) {
    const before = settled();
    for (const upload of some) await bench.give(upload);
    await bench.until(() => settled() >= before + some.length);
  }
  await bench.drained(2_000);
  const telemetry = bench.arrived.filter(({ topic }) => topic.endsWith('/telemetry'));
  const times = new Set(telemetry.flatMap(({ samples }) => samples.map(({ time }) => time)));
  expect([...times].sort((a, b) => a - b)).toEqual(uploads.map((_, time) => time));
}, 60_000);

test('a changed address takes effect while it runs, and what waits goes there', async () => {
  bench = await SpoolBench.start();
  bench.cloud.up = false;
  const id = await bench.give(at(1));
  await bench.until(() => bench.isStored(id));
  expect(bench.host.configure({ site: 'hilltop' })).toBe(true);
  await bench.until(() => bench.cloud.filters.includes('fleetwright-dev/hilltop/edge-core/core-1/echo'));
  bench.cloud.up = true;
  await bench.until(() => bench.component.stats?.waiting === 0);
  expect(bench.arrived.at(-1)?.topic).toContain('/hilltop/');
  expect(bench.cloud.filters).toHaveLength(1);
});

test('damaged and missing notes are made up for: no start has a number that was used', async () => {
  bench = await SpoolBench.start();
  const { workDirectory } = bench.host;
  bench = await bench.restart();
  expect(bench.component.stats?.bootId).toBe(2);
  await bench.component.stop();
  writeFileSync(join(workDirectory, 'boot.json'), '{"bootId":');
  appendFileSync(join(workDirectory, 'uploads.ids'), 'torn');
  bench = await bench.restart();
  expect(bench.component.stats?.bootId).toBeGreaterThan(1_000_000);
  const id = await bench.give(at(1));
  await bench.until(() => bench.isStored(id));
});

test('configuration: defaults stand for what is not said, and a core without a site is refused', () => {
  const { rate, site } = configurationSchema.parse({ site: 'lakeside' });
  expect({ rate, site }).toEqual({ rate: { messages: 20, bytes: 131_072 }, site: 'lakeside' });
  expect(configurationSchema.safeParse({}).error?.issues[0]?.path).toEqual(['site']);
  expect(configurationSchema.safeParse({ site: 'a', rate: { messages: 101 } }).success).toBe(false);
});
