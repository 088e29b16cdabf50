import {
  ANOMALY_TOPIC,
  type FieldValue,
  fieldTopic,
  STORED_TOPIC,
  UPLOAD_TOPIC,
  type UploadMessage,
  uploadMessageSchema,
} from '@fleetwright/contracts';
import type * as z from 'zod';
import { TestHost, type TestHostOptions } from '../../shared/src/testing/test-host.ts';
import { configurationSchema } from './configuration.ts';
import { EdgeAggregator } from './edge-aggregator.ts';

type Host = TestHost<typeof configurationSchema>;
const hosts: Host[] = [];
afterEach(() => {
  for (const host of hosts.splice(0)) host.remove();
});

function newHost(configuration: z.input<typeof configurationSchema> = {}, options: TestHostOptions = {}): Host {
  const host = new TestHost(configurationSchema, configuration, options);
  hosts.push(host);
  return host;
}

/** A spool that stores all that it is given. */
async function withSpool(host: Host): Promise<void> {
  await host.local.subscribe(UPLOAD_TOPIC, (message) => {
    const { uploadId } = message as UploadMessage;
    void host.bus.publish(STORED_TOPIC, { version: 1, uploadId, ok: true });
  });
}

async function started(host: Host): Promise<EdgeAggregator> {
  const aggregator = new EdgeAggregator();
  await aggregator.start(host);
  return aggregator;
}

const uploads = (host: Host) => [
  ...new Map((host.bus.messages(UPLOAD_TOPIC) as UploadMessage[]).map((upload) => [upload.uploadId, upload])).values(),
];
const samples = (host: Host) => uploads(host).flatMap((upload) => upload.samples);

function put(host: Host, series: string, value: number, quality: FieldValue['quality'] = 'good'): Promise<void> {
  const values = [{ series, time: host.clock.now(), value, quality }];
  return host.bus.publish(fieldTopic('pump'), { version: 1, source: 'pump', values });
}

/** Work on the real disk ends outside the manual clock. */
async function until(host: Host, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come');
    await host.clock.advance(100);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

test('field values become one summary a minute, anomalies counted, and nothing else is uploaded', async () => {
  const host = newHost();
  await withSpool(host);
  const aggregator = await started(host);
  const begin = host.clock.now();
  for (let second = 0; second < 60; second++) {
    await put(host, 'pump_flow', second);
    await host.clock.advance(1_000);
  }
  const anomaly = { version: 1, series: 'pump_flow', time: begin + 1_000, value: 1, score: 1 };
  await host.bus.publish(ANOMALY_TOPIC, { ...anomaly, expected: { low: 0, high: 0 }, explanation: 'high' });
  await host.bus.publish(fieldTopic('pump'), { version: 1, source: 'pump', values: 'none' });
  await until(host, () => uploads(host).length > 0);
  expect(samples(host)).toEqual([
    {
      time: begin,
      values: {
        pump_flow_mean: 29.5,
        pump_flow_min: 0,
        pump_flow_max: 59,
        pump_flow_stddev: expect.closeTo(17.4642, 4),
        pump_flow_count: 60,
        pump_flow_anomalies: 1,
        pump_flow_p50: 29,
        pump_flow_p95: 56,
      },
    },
  ]);
  expect(uploads(host)[0]).toMatchObject({ channel: 'telemetry', priority: 'normal' });
  await aggregator.stop();
});

test('uploads keep the bounds of the contract, and of one message, whatever many series are', async () => {
  const host = newHost({ defaults: { window: { by: 'time', length: 10_000 } }, maxSeries: 900 });
  await withSpool(host);
  const aggregator = await started(host);
  for (let source = 0; source < 4; source++) {
    const values = Array.from({ length: 250 }, (_, index) => ({
      series: `s_${source * 250 + index}`,
      time: host.clock.now(),
      value: Math.PI * index,
      quality: 'good' as const,
    }));
    await host.bus.publish(fieldTopic('many'), { version: 1, source: 'many', values });
  }
  await host.clock.advance(61_000);
  const count = () =>
    samples(host).reduce(
      (sum, { values }) => sum + Object.keys(values).filter((name) => name.endsWith('_count')).length,
      0,
    );
  await until(host, () => count() === 900);
  for (const upload of host.bus.messages(UPLOAD_TOPIC)) {
    expect(uploadMessageSchema.safeParse(upload).success).toBe(true);
    expect(JSON.stringify(upload).length).toBeLessThan(7_500);
  }
  expect(host.log.lines.find(({ message }) => message === 'something was refused')?.fields).toMatchObject({
    seriesRefused: 100,
    valuesRefused: 100,
    series: 900,
  });
  await aggregator.stop();
});

test('raw values come on demand by the shadow, within its bounds, and what became of it is reported', async () => {
  const host = newHost({ raw: { maxValues: 3 } });
  await withSpool(host);
  await host.shadows.desire('aggregator', { other: 1 });
  const aggregator = await started(host);
  await put(host, 'pump_flow', 1);
  await host.clock.advance(100);
  expect(host.shadows.reported('aggregator')).toMatchObject({ raw: { state: 'none', version: 1 } });
  const until_ = host.clock.now() + 30_000;
  await host.shadows.desire('aggregator', { raw: { series: ['pump_*'], until: until_ } });
  await host.clock.advance(100);
  expect(host.shadows.reported('aggregator')).toMatchObject({
    raw: { state: 'active', series: ['pump_*'], until: until_, sent: 0 },
  });
  for (const value of [2, 3, 4, 5]) await put(host, 'pump_flow', value, value === 3 ? 'bad' : 'good');
  await put(host, 'fan_speed', 9);
  await until(host, () => uploads(host).some(({ priority }) => priority === 'bulk'));
  const raw = uploads(host).filter(({ priority }) => priority === 'bulk');
  expect(raw.flatMap((upload) => upload.samples.map(({ values }) => values))).toEqual([
    { pump_flow: 2 },
    { pump_flow: 3, pump_flow_quality: 'bad' },
    { pump_flow: 4 },
  ]);
  await host.clock.advance(31_000);
  expect(host.shadows.reported('aggregator')).toMatchObject({ raw: { state: 'over', sent: 3, leftOut: 1 } });
  await host.shadows.desire('aggregator', { raw: { series: ['pump_*'], until: host.clock.now() + 1e9 } });
  await host.clock.advance(100);
  expect(host.shadows.reported('aggregator')).toMatchObject({
    raw: { state: 'refused', detail: 'raw.until: must be at most 3600000 ms from now' },
  });
  await host.shadows.desire('aggregator', { raw: { series: ['Pump'], until: 'soon' } });
  await host.clock.advance(100);
  expect(host.shadows.reported('aggregator')).toMatchObject({
    raw: { state: 'refused', detail: expect.stringMatching(/raw\.series\.0: .*; raw\.until: /) },
  });
  await aggregator.stop();
});

test('after a restart windows go on, and so does a request for raw values', async () => {
  const host = newHost();
  await host.shadows.desire('aggregator', { raw: { series: ['raw_*'], until: host.clock.now() + 50_000 } });
  const first = await started(host);
  await host.clock.advance(100);
  await put(host, 'pump_flow', 1);
  await put(host, 'raw_a', 1);
  await host.clock.advance(100);
  await first.stop();
  const next = newHost({}, { workDirectory: host.workDirectory, clock: host.clock, shadows: host.shadows });
  await withSpool(next);
  const second = await started(next);
  await put(next, 'pump_flow', 3);
  await put(next, 'raw_a', 2);
  await next.clock.advance(1_000);
  expect(host.shadows.reported('aggregator')).toMatchObject({ raw: { state: 'active', sent: 1 } });
  await until(next, () => samples(next).some(({ values }) => values.pump_flow_count !== undefined));
  expect(samples(next).find(({ values }) => values.pump_flow_count !== undefined)?.values).toMatchObject({
    pump_flow_count: 2,
    pump_flow_mean: 2,
  });
  const raw = samples(next).flatMap(({ values }) => (values.raw_a === undefined ? [] : [values.raw_a]));
  expect(raw).toEqual([1, 2]);
  await second.stop();
});

test('a configuration is refused with all its problems at once', () => {
  expect(() =>
    newHost({
      defaults: { window: { by: 'time', length: 10_000, every: 3_000 }, percentiles: [0, 99.99] },
      series: { 'Pump*': {}, 'pump_*': { lateness: 3_600_000, window: { by: 'time', length: 1_000 } } },
      maxSeries: 0,
    }),
  ).toThrow(
    /defaults\.window: length must be a multiple of every; .*percentiles\.0: .*percentiles\.1: .*Pump.*maxSeries/,
  );
  expect(() =>
    newHost({ series: { 'pump_*': { lateness: 3_600_000, window: { by: 'time', length: 1_000 } } } }),
  ).toThrow(/series\.pump_\*\.lateness: must be at most 60 steps/);
});

test('a change of configuration ends what is open of the series that it concerns', async () => {
  const host = newHost();
  await withSpool(host);
  const aggregator = await started(host);
  await put(host, 'pump_flow', 1);
  await put(host, 'fan_speed', 2);
  await host.clock.advance(1_000);
  host.configure({ series: { 'pump_*': { mode: 'change' } } });
  await put(host, 'pump_flow', 5);
  await until(host, () => samples(host).length >= 2);
  const names = samples(host).flatMap(({ values }) => Object.keys(values));
  expect(names).toContain('pump_flow_mean');
  expect(names).toContain('pump_flow');
  expect(names).not.toContain('fan_speed_mean');
  await aggregator.stop();
});
