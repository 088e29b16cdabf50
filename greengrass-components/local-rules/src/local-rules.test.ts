import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  ANOMALY_TOPIC,
  DECISION_TOPIC,
  type DecisionMessage,
  decisionMessageSchema,
  fieldTopic,
  INFERENCE_TOPIC,
  STORED_TOPIC,
  UPLOAD_TOPIC,
  type UploadMessage,
  uploadMessageSchema,
  type WriteRequest,
  writeRequestSchema,
  writeTopic,
  writtenTopic,
} from '@fleetwright/contracts';
import type * as z from 'zod';
import { TestHost, type TestHostOptions } from '../../shared/src/testing/test-host.ts';
import { configurationSchema } from './configuration.ts';
import { LocalRules } from './local-rules.ts';

type Host = TestHost<typeof configurationSchema>;
const hosts: Host[] = [];
const running: LocalRules[] = [];
afterEach(async () => {
  for (const rules of running.splice(0)) await rules.stop();
  for (const host of hosts.splice(0)) host.remove();
});

function newHost(configuration: z.input<typeof configurationSchema> = {}, options: TestHostOptions = {}): Host {
  const host = new TestHost(configurationSchema, configuration, options);
  hosts.push(host);
  return host;
}

async function started(host: Host): Promise<LocalRules> {
  const rules = new LocalRules();
  await rules.start(host);
  running.push(rules);
  return rules;
}

/** A gateway that answers as told, and a spool that stores. */
async function surround(host: Host, answer: () => boolean | undefined = () => true): Promise<void> {
  await host.local.subscribe(writeTopic('plc'), (message) => {
    const ok = answer();
    const { requestId } = message as WriteRequest;
    if (ok === undefined) return;
    const written = { version: 1, requestId, ok, time: host.clock.now(), ...(!ok && { detail: 'the plc is silent' }) };
    void host.bus.publish(writtenTopic('plc'), written);
  });
  await host.local.subscribe(UPLOAD_TOPIC, (message) => {
    const { uploadId } = message as UploadMessage;
    void host.bus.publish(STORED_TOPIC, { version: 1, uploadId, ok: true });
  });
}

const put = (host: Host, series: string, value: number | boolean): Promise<void> =>
  host.bus.publish(fieldTopic('plc'), {
    version: 1,
    source: 'plc',
    values: [{ series, value, quality: 'good', time: host.clock.now() }],
  });
const writes = (host: Host) => host.bus.messages(writeTopic('plc')) as WriteRequest[];
const decisions = (host: Host) => host.bus.messages(DECISION_TOPIC) as DecisionMessage[];
const samples = (host: Host) =>
  [
    ...new Map(
      (host.bus.messages(UPLOAD_TOPIC) as UploadMessage[]).map((upload) => [upload.uploadId, upload]),
    ).values(),
  ].flatMap((upload) => upload.samples);
const logLines = (host: Host) =>
  readFileSync(join(host.workDirectory, 'decisions', 'decisions.log'), 'utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text));

/** Work on the real disk ends outside the manual clock. */
async function until(host: Host, condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 10_000;
  while (!condition()) {
    if (Date.now() > deadline) throw new Error('it did not come');
    await host.clock.advance(10);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
}

const RULES = {
  hot: {
    priority: 1,
    when: { series: 'boiler_temperature', above: 80, hysteresis: 5 },
    whenUnknown: 'begin',
    severity: 'critical',
    begin: [{ source: 'plc', point: 'fan', value: true }],
    end: [{ source: 'plc', point: 'fan', value: false }],
  },
};
const configured = (rules: object = RULES) => ({ rules: rules as never });

test('a message leads to a write, a decision, a line in the log and an upload', async () => {
  const host = newHost(configured());
  await surround(host);
  await started(host);
  await put(host, 'boiler_temperature', 81);
  await host.clock.advance(0);
  expect(writes(host)).toEqual([
    {
      version: 1,
      requestId: expect.stringMatching(/^[0-9a-f]{32}$/),
      point: 'fan',
      value: true,
      expiresAt: host.clock.now() + 5_000,
    },
  ]);
  expect(writeRequestSchema.safeParse(writes(host)[0]).success).toBe(true);
  expect(decisions(host)).toEqual([
    {
      version: 1,
      rule: 'hot',
      state: 'begun',
      time: host.clock.now(),
      latency: 0,
      inputs: { boiler_temperature: 81 },
      actions: [{ source: 'plc', point: 'fan', value: true }],
    },
  ]);
  expect(decisionMessageSchema.safeParse(decisions(host)[0]).success).toBe(true);
  await until(host, () => samples(host).length > 0);
  expect(uploadMessageSchema.safeParse(host.bus.messages(UPLOAD_TOPIC)[0]).success).toBe(true);
  expect(host.bus.messages(UPLOAD_TOPIC)[0]).toMatchObject({ channel: 'event', priority: 'alarm' });
  expect(samples(host)[0]?.values).toEqual({
    alarm: 'hot',
    alarm_state: 'raised',
    severity: 'critical',
    decision: 1,
    latency_us: 0,
    measure: 'boiler_temperature',
    value: 81,
    inputs: '{"boiler_temperature":81}',
    writes: '{"plc/fan":true}',
  });
  await until(host, () => logLines(host).some(({ kind }) => kind === 'uploaded'));
  expect(logLines(host).map(({ kind, outcome }) => outcome ?? kind)).toEqual(
    expect.arrayContaining(['state', 'decision', 'latency', 'written', 'uploaded']),
  );
});

test('a write is repeated until it is written: the same when there is no answer, a new one after a failure', async () => {
  const host = newHost(configured());
  let answer: boolean | undefined;
  await surround(host, () => answer);
  await started(host);
  await put(host, 'boiler_temperature', 81);
  await host.clock.advance(1_100);
  expect(writes(host)).toHaveLength(3);
  expect(new Set(writes(host).map(({ requestId }) => requestId)).size).toBe(1);
  answer = false;
  await host.clock.advance(1_000);
  answer = true;
  await host.clock.advance(1_000);
  expect(writes(host)).toHaveLength(6);
  expect(new Set(writes(host).map(({ requestId }) => requestId)).size).toBe(3);
  expect(new Set(writes(host).map(({ expiresAt }) => expiresAt)).size).toBe(1);
  await host.clock.advance(10_000);
  expect(writes(host).filter(({ value }) => value === true)).toHaveLength(6);
});

test('a write that is not done in time is given up, and told', async () => {
  const host = newHost(configured({ hot: { ...RULES.hot, staleAfter: 3_600_000 } }));
  await surround(host, () => false);
  await started(host);
  await put(host, 'boiler_temperature', 81);
  await until(host, () => samples(host).some(({ values }) => values.write_failed !== undefined));
  expect(samples(host).find(({ values }) => values.write_failed !== undefined)?.values).toEqual({
    write_failed: 'plc/fan',
    write_value: 1,
    alarm: 'hot',
  });
  expect(logLines(host).find(({ outcome }) => outcome !== undefined)).toMatchObject({
    outcome: 'expired',
    detail: 'the plc is silent',
  });
  const count = writes(host).length;
  await host.clock.advance(10_000);
  expect(writes(host)).toHaveLength(count);
});

test('time alone decides too: a value that becomes old, and a duration, by the monotonic clock', async () => {
  const host = newHost(configured({ hot: { ...RULES.hot, staleAfter: 2_000 } }));
  await surround(host);
  await started(host);
  await put(host, 'boiler_temperature', 20);
  host.clock.jump(3_600_000);
  await host.clock.advance(1_999);
  expect(decisions(host)).toEqual([]);
  await host.clock.advance(1);
  expect(decisions(host)).toMatchObject([{ rule: 'hot', state: 'begun', latency: 0 }]);
});

test('anomalies and verdicts of models decide', async () => {
  const host = newHost(
    configured({
      odd: { when: { anomaly: 'pump_vibration', score: 0.9 }, whenUnknown: 'end' },
      worn: { when: { inference: 'pump' }, whenUnknown: 'end' },
    }),
  );
  await surround(host);
  await started(host);
  const time = host.clock.now();
  const anomaly = {
    version: 1,
    series: 'pump_vibration',
    time,
    value: 9,
    expected: { low: 0, high: 1 },
    explanation: '',
  };
  await host.bus.publish(ANOMALY_TOPIC, { ...anomaly, score: 0.8 });
  await host.bus.publish(ANOMALY_TOPIC, { ...anomaly, score: 0.95 });
  const verdict = { version: 1, model: 'wear', modelVersion: '1.0.0', subject: 'pump', time, length: 1, changed: true };
  await host.bus.publish(INFERENCE_TOPIC, { ...verdict, verdict: 'alarm', outputs: { wear: 0.9 }, explanation: '' });
  await host.clock.advance(0);
  expect(decisions(host).map(({ rule, state }) => `${rule} ${state}`)).toEqual(['odd begun', 'worn begun']);
  await host.clock.advance(60_000);
  expect(
    decisions(host)
      .map(({ rule, state }) => `${rule} ${state}`)
      .slice(2),
  ).toEqual(['odd ended']);
});

test('rules come by the shadow: good ones are in force and kept, bad ones refused with their places', async () => {
  const host = newHost(configured());
  await surround(host);
  await started(host);
  await host.shadows.desire('rules', {
    rules: { cold: { when: { series: 'boiler_temperature', below: 5 }, whenUnknown: 'end' } },
  });
  await until(host, () => (host.shadows.reported('rules') as { source?: string } | undefined)?.source === 'shadow');
  expect(host.shadows.reported('rules')).toEqual({
    version: expect.any(Number),
    state: 'active',
    source: 'shadow',
    count: 1,
  });
  await put(host, 'boiler_temperature', 1);
  await put(host, 'boiler_temperature', 90);
  await host.clock.advance(0);
  expect(decisions(host).map(({ rule, state }) => `${rule} ${state}`)).toEqual(['cold begun', 'cold ended']);
  await host.shadows.desire('rules', { rules: { cold: { when: { series: 'X' } }, hot: { when: {} } } });
  await until(host, () => (host.shadows.reported('rules') as { state?: string }).state === 'refused');
  const { version } = (await host.shadows.get('rules')) as { version: number };
  expect(host.shadows.reported('rules')).toMatchObject({
    version: version - 1,
    source: 'shadow',
    count: 1,
    problems: expect.stringMatching(/rules\.cold\.when\.series: .*rules\.hot\.when: /),
  });
  await put(host, 'boiler_temperature', 2);
  await host.clock.advance(0);
  expect(decisions(host)).toHaveLength(3);
});

test('the last good rules are used after a restart without the cloud; without any, those of the configuration', async () => {
  const host = newHost(configured());
  await host.shadows.desire('rules', {
    rules: { cold: { when: { series: 'boiler_temperature', below: 5 }, whenUnknown: 'hold' } },
  });
  const first = await started(host);
  await until(
    host,
    () => host.shadows.reported('rules') !== undefined && existsSync(join(host.workDirectory, 'rules.json')),
  );
  await put(host, 'boiler_temperature', 1);
  await host.clock.advance(0);
  await first.stop();
  running.splice(0);
  const next = newHost(configured(), { workDirectory: host.workDirectory, clock: host.clock });
  next.shadows.get = () => Promise.reject(new Error('offline'));
  await surround(next);
  await started(next);
  await put(next, 'boiler_temperature', 90);
  await next.clock.advance(0);
  // It had begun before the restart, and ends once.
  expect(decisions(next).map(({ rule, state }) => `${rule} ${state}`)).toEqual(['cold ended']);
  // The decision of before reaches the cloud once it can.
  await until(next, () => samples(next).length === 2);
  expect(samples(next).map(({ values }) => values.alarm_state)).toEqual(['raised', 'cleared']);
});

test('writes that were under way at a restart go on', async () => {
  const host = newHost(configured());
  await surround(host, () => undefined);
  const first = await started(host);
  await put(host, 'boiler_temperature', 90);
  await host.clock.advance(1_000);
  await first.stop();
  running.splice(0);
  const next = newHost(configured(), { workDirectory: host.workDirectory, clock: host.clock });
  await surround(next);
  await started(next);
  await next.clock.advance(100);
  expect(writes(next)).toMatchObject([{ point: 'fan', value: true, expiresAt: writes(host)[0]?.expiresAt }]);
  await until(next, () => logLines(next).some(({ outcome }) => outcome === 'written'));
});

test('only named sources are listened to, and rubbish is nobody’s decision', async () => {
  const host = newHost({ ...configured(), sources: ['plc'] });
  await started(host);
  expect(host.bus.filters).toContain(fieldTopic('plc'));
  expect(host.bus.filters).not.toContain(fieldTopic('+'));
  await host.bus.publish(fieldTopic('plc'), { version: 1, source: 'plc', values: [{ series: 'boiler_temperature' }] });
  await host.bus.publish(ANOMALY_TOPIC, 'rubbish');
  await host.clock.advance(0);
  expect(decisions(host)).toEqual([]);
  host.configure({ ...configured(), sources: ['plc', 'coap'] });
  await host.clock.advance(0);
  expect(host.bus.filters.filter((filter) => filter.includes('/field/'))).toEqual([
    fieldTopic('plc'),
    fieldTopic('coap'),
  ]);
});
