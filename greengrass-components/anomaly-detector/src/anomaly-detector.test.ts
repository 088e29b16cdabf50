import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ANOMALY_TOPIC,
  type AnomalyMessage,
  anomalyMessageSchema,
  type FieldValue,
  UPLOAD_TOPIC,
  type UploadMessage,
  uploadMessageSchema,
} from '@fleetwright/contracts';
import { TestHost } from '../../shared/src/testing/test-host.ts';
import { AnomalyDetector } from './anomaly-detector.ts';
import { configurationSchema } from './configuration.ts';
import { COUNT } from './detector/series-state.ts';
import { StateFile } from './state-file.ts';

type Host = TestHost<typeof configurationSchema>;

const hosts: Host[] = [];
const components: AnomalyDetector[] = [];

afterEach(async () => {
  for (const component of components.splice(0)) await component.stop();
  for (const host of hosts.splice(0)) host.remove();
});

async function start(
  configuration: object = {},
  options: object = {},
): Promise<{ host: Host; component: AnomalyDetector }> {
  const host = new TestHost(configurationSchema, configuration, options);
  const component = new AnomalyDetector();
  await component.start(host);
  hosts.push(host);
  components.push(component);
  return { host, component };
}

async function give(host: Host, values: readonly Partial<FieldValue>[]): Promise<void> {
  const whole = values.map((value) => ({ series: 'pump_level', time: host.clock.now(), quality: 'good', ...value }));
  await host.bus.publish('fleetwright/edge/field/pump', { version: 1, source: 'pump', values: whole });
}

/** Usual values, one each second. */
async function usual(host: Host, seconds: number, series = 'pump_level'): Promise<void> {
  for (let second = 0; second < seconds; second++) {
    await give(host, [{ series, value: 10 + Math.sin(second * 1.7) }]);
    await host.clock.advance(1_000);
  }
}

async function until(condition: () => boolean): Promise<void> {
  for (let attempt = 0; attempt < 1_000 && !condition(); attempt++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(condition()).toBe(true);
}

const anomalies = (host: Host) => host.bus.messages(ANOMALY_TOPIC) as AnomalyMessage[];
const uploads = (host: Host) => host.bus.messages(UPLOAD_TOPIC) as UploadMessage[];

test('an anomaly is told of on the core and given to the spool, with what was expected and why', async () => {
  const { component, host } = await start();
  await usual(host, 400);
  expect(anomalies(host)).toEqual([]);
  const time = host.clock.now();
  await give(host, [{ value: 55 }, { series: 'pump_flow', value: 1 }]);
  await until(() => anomalies(host).length > 0 && uploads(host).length > 0);
  const [message] = anomalies(host);
  expect(anomalyMessageSchema.parse(message)).toMatchObject({ series: 'pump_level', time, value: 55 });
  expect(message?.score).toBeGreaterThanOrEqual(0.5);
  expect(message?.expected.high).toBeLessThan(55);
  expect(message?.explanation).toMatch(/^beyond the values seen/);
  const [upload] = uploads(host);
  expect(uploadMessageSchema.parse(upload)).toMatchObject({ channel: 'event', priority: 'alarm' });
  expect(upload?.samples).toEqual([
    {
      time,
      values: {
        anomaly_series: 'pump_level',
        anomaly_reason: 'range',
        anomaly_score: message?.score,
        anomaly_value: 55,
        expected_low: message?.expected.low,
        expected_high: message?.expected.high,
        anomaly_explanation: message?.explanation,
      },
    },
  ]);
  expect(component.stats).toMatchObject({ values: 402, anomalies: 1, series: 2 });
});

test('booleans, values that are not good and malformed messages are left out and counted', async () => {
  const { component, host } = await start();
  await give(host, [
    { value: true },
    { value: 1e9, quality: 'bad' },
    { value: 1e9, quality: 'uncertain' },
    { value: 1.5e308 },
    { value: 10 },
  ]);
  await host.bus.publish('fleetwright/edge/field/pump', { version: 1, source: 'pump', values: 'none' });
  await host.clock.advance(0);
  expect(component.stats).toEqual({
    values: 1,
    anomalies: 0,
    booleans: 1,
    notGood: 2,
    tooLarge: 1,
    refused: 0,
    unwatched: 0,
    series: 1,
    malformed: 1,
  });
  expect(host.log.messages('warn')).toEqual(['a message is no field message']);
  await host.clock.advance(600_000);
  expect(host.log.lines.find(({ message }) => message === 'values of the field')?.fields).toMatchObject({ notGood: 2 });
});

test('series beyond the bound are refused and counted, known ones go on', async () => {
  const { component, host } = await start({ maxSeries: 2 });
  await give(
    host,
    ['a', 'b', 'c', 'd', 'a'].map((series) => ({ series, value: 1 })),
  );
  await host.clock.advance(0);
  expect(component.stats).toMatchObject({ series: 2, refused: 2, values: 3 });
  expect(host.configure({ maxSeries: 3 })).toBe(true);
  await give(host, [{ series: 'c', value: 1 }]);
  await host.clock.advance(0);
  expect(component.stats).toMatchObject({ series: 3, refused: 2 });
});

test('a deployment changes the sensitivity of series while it runs', async () => {
  const { component, host } = await start({ series: [{ match: 'pump_*', watch: false }] });
  await usual(host, 10);
  expect(component.stats).toMatchObject({ unwatched: 10, values: 0 });
  host.configure({ series: [] });
  await usual(host, 10);
  expect(component.stats).toMatchObject({ unwatched: 10, values: 10 });
});

test('after a restart it goes on with the scores that it would have had', async () => {
  const straight = await start();
  const first = await start();
  await usual(straight.host, 600);
  await usual(first.host, 300);
  await first.component.stop();
  const second = await start({}, { workDirectory: first.host.workDirectory, clock: first.host.clock });
  for (let at = 300; at < 600; at++) {
    await give(second.host, [{ value: 10 + Math.sin(at * 1.7) }]);
    await second.host.clock.advance(1_000);
  }
  for (const { host } of [straight, second]) await give(host, [{ value: 31 }]);
  await until(() => anomalies(straight.host).length === 1 && anomalies(second.host).length === 1);
  expect(anomalies(second.host)).toEqual(anomalies(straight.host));
});

test('what was learnt is copied to disk at intervals', async () => {
  const { host } = await start({ saveInterval: 5_000 });
  await usual(host, 200);
  const file = new StateFile(join(host.workDirectory, 'series.state'));
  await until(() => file.read()?.state[COUNT] === 200);
  expect(file.read()?.names).toEqual(['pump_level']);
});

test('state that is damaged is said to be, and it begins anew', async () => {
  const first = await start();
  await usual(first.host, 5);
  await first.component.stop();
  writeFileSync(join(first.host.workDirectory, 'series.state'), 'rubbish');
  const { component, host } = await start({}, { workDirectory: first.host.workDirectory });
  expect(component.stats?.series).toBe(0);
  expect(host.log.messages('warn')).toEqual(['what was learnt cannot be read; it begins anew']);
});

describe('a series that came regularly and is silent', () => {
  test('is told of once, and again after it has come back', async () => {
    const { host } = await start();
    await usual(host, 300);
    await host.clock.advance(58_000);
    expect(anomalies(host)).toEqual([]);
    await host.clock.advance(3_600_000);
    await until(() => anomalies(host).length === 1);
    expect(anomalies(host)[0]).toMatchObject({ series: 'pump_level' });
    expect(anomalies(host)[0]?.explanation).toMatch(/^silent: no value for 6\d s, where one comes each 1 s$/);
    await until(() => uploads(host).length > 0);
    expect(uploads(host)[0]?.samples[0]?.values.anomaly_reason).toBe('silent');
    await usual(host, 5);
    await host.clock.advance(3_600_000);
    await until(() => anomalies(host).filter(({ explanation }) => explanation.startsWith('silent')).length === 2);
  });

  test('is not told of when values never came regularly, or when it is switched off', async () => {
    const irregular = await start();
    for (let count = 0; count < 300; count++) {
      await give(irregular.host, [{ value: 10 + Math.sin(count) }]);
      await irregular.host.clock.advance(count % 9 === 0 ? 30_000 : 500);
    }
    const off = await start({ silence: { report: false } });
    await usual(off.host, 300);
    for (const { host } of [irregular, off]) await host.clock.advance(7_200_000);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect([...anomalies(irregular.host), ...anomalies(off.host)]).toEqual([]);
  });
});

test('an anomaly that the core cannot be told of is kept for the cloud', async () => {
  const { host } = await start();
  await usual(host, 400);
  const listening = host.bus.published.length;
  await give(host, [{ value: 99 }]);
  host.bus.down = true;
  await until(() => host.log.messages('error').length > 0);
  host.bus.down = false;
  await host.clock.advance(10_000);
  await until(() => uploads(host).length > 0);
  expect(host.bus.published.length).toBeGreaterThan(listening);
  expect(uploads(host)[0]?.samples[0]?.values.anomaly_value).toBe(99);
});
