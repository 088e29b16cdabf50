import { rmSync } from 'node:fs';
import { configShadowSchema, type EdgeConfigInput, edgeConfigSchema, type Sample } from '@fleetwright/contracts';
import { gaussian, seededRandom } from '../sensors/random.ts';
import { testContext } from '../telemetry/testing/feature-context.ts';
import { EdgeFeature } from './edge-feature.ts';
import { MovingAverage } from './moving-average.ts';
import { RobustScore } from './robust-score.ts';

interface Sent {
  readonly channel: string;
  readonly sample: Sample;
  readonly isAlarm: boolean;
}

function make(config: EdgeConfigInput = {}) {
  const sent: Sent[] = [];
  const feature = new EdgeFeature({
    config,
    publish: (channel, sample, options) => void sent.push({ channel, sample, isAlarm: options?.priority === 'alarm' }),
  });
  const put = (time: number, temperature: number, more: Sample['values'] = {}) =>
    feature.publish({ time, values: { temperature, ...more } });
  const telemetry = () => sent.filter(({ channel }) => channel === 'telemetry').map(({ sample }) => sample);
  const alarms = () => sent.filter(({ isAlarm }) => isAlarm).map(({ sample }) => sample);
  return { alarms, feature, put, sent, telemetry };
}

test('what is not configured goes as it is', () => {
  const { put, sent } = make();
  put(1, 20, { door: 'open' });
  expect(sent).toEqual([
    { channel: 'telemetry', isAlarm: false, sample: { time: 1, values: { temperature: 20, door: 'open' } } },
  ]);
});

test('a dead-band leaves out what tells nothing new, until silence has lasted too long', () => {
  const { feature, put, telemetry } = make({ temperature: { deadBand: { absolute: 0.5, maxSilence: 10_000 } } });
  put(0, 20);
  put(1_000, 20.4);
  put(2_000, 20.5);
  put(3_000, 20.6);
  put(4_000, 20.2);
  put(13_000, 20.3);
  put(14_000, 20.3, { door: 'open' });
  expect(telemetry()).toEqual([
    { time: 0, values: { temperature: 20 } },
    { time: 3_000, values: { temperature: 20.6 } },
    { time: 13_000, values: { temperature: 20.3 } },
    { time: 14_000, values: { door: 'open' } },
  ]);
  expect(feature.status()).toMatchObject({ valuesLeftOut: 4 });
});

test('a dead-band in percent is of the value sent last; with two widths the narrower one counts', () => {
  const { put, telemetry } = make({ temperature: { deadBand: { percent: 10, absolute: 5 } } });
  for (const [time, value] of [100, 104, 106, 10, 10.9, 11.1].entries()) put(time, value);
  expect(telemetry().map(({ values }) => values.temperature)).toEqual([100, 106, 10, 11.1]);
});

test('a moving average goes beside the value or in its place, over the window', () => {
  const beside = make({ temperature: { average: { window: 3_000 } } });
  const instead = make({ temperature: { average: { window: 3_000, replace: true } } });
  for (const [index, value] of [1, 2, 3, 4].entries()) {
    beside.put(index * 1_000, value);
    instead.put(index * 1_000, value);
  }
  expect(beside.telemetry().map(({ values }) => values)).toEqual([
    { temperature: 1, temperature_avg: 1 },
    { temperature: 2, temperature_avg: 1.5 },
    { temperature: 3, temperature_avg: 2 },
    { temperature: 4, temperature_avg: 3 },
  ]);
  expect(instead.telemetry().map(({ values }) => values)).toEqual(
    [1, 1.5, 2, 3].map((temperature_avg) => ({ temperature_avg })),
  );
});

test('a moving average does not drift, nor keep what was before a clock was set back', () => {
  const average = new MovingAverage(1_000);
  let last = 0;
  for (let time = 0; time < 100_000; time++) last = average.add(time, time % 2 === 0 ? 1e9 : 0.1);
  expect(last).toBeCloseTo((1e9 + 0.1) / 2, 4);
  expect(average.add(5, 7)).toBe(7);
});

test('an alarm is raised beyond its limit after its time, and cleared well inside', () => {
  const { alarms, put } = make({
    temperature: { thresholds: { hot: { above: 80, hysteresis: 5, for: 2_000, severity: 'critical' } } },
  });
  for (const [second, value] of [81, 79, 82, 83, 84, 90, 79, 76, 75, 81].entries()) put(second * 1_000, value);
  expect(alarms()).toEqual([
    {
      time: 4_000,
      values: { alarm: 'hot', alarm_state: 'raised', severity: 'critical', measure: 'temperature', value: 84 },
    },
    {
      time: 8_000,
      values: { alarm: 'hot', alarm_state: 'cleared', severity: 'critical', measure: 'temperature', value: 75 },
    },
  ]);
});

test('an alarm below a limit, of the average, goes before the sample, and its value is sent whatever the dead-band', () => {
  const { put, sent } = make({
    temperature: {
      average: { window: 2_000, replace: true },
      deadBand: { absolute: 100 },
      thresholds: { cold: { below: 5, of: 'average' } },
    },
  });
  put(0, 10);
  put(1_000, 3);
  put(2_000, 4);
  expect(sent.map(({ channel, sample }) => [channel, sample.time])).toEqual([
    ['telemetry', 0],
    ['event', 2_000],
    ['telemetry', 2_000],
  ]);
  expect(sent[1]?.sample.values).toMatchObject({ alarm: 'cold', value: 3.5 });
  expect(sent[2]?.sample.values).toEqual({ temperature: 4, temperature_avg: 3.5 });
});

test('a raised alarm is on disk: after a restart it is cleared, not raised again', async () => {
  const config = { temperature: { thresholds: { hot: { above: 80 } } } };
  const context = testContext();
  const first = make(config);
  await first.feature.start(context);
  first.put(0, 90);
  const second = make(config);
  await second.feature.start(context);
  second.put(1_000, 91);
  second.put(2_000, 70);
  expect([...first.alarms(), ...second.alarms()].map(({ time, values }) => [time, values.alarm_state])).toEqual([
    [0, 'raised'],
    [2_000, 'cleared'],
  ]);
  rmSync(context.state.path, { recursive: true });
});

test('an alarm whose threshold is taken away is cleared', async () => {
  const context = testContext();
  const { alarms, feature, put } = make({ temperature: { thresholds: { hot: { above: 80 }, hotter: { above: 85 } } } });
  await feature.start(context);
  put(0, 90);
  feature.configure({ temperature: { thresholds: { hotter: { above: 85 } } } });
  feature.configure(undefined);
  expect(alarms().map(({ values }) => [values.alarm, values.alarm_state])).toEqual([
    ['hot', 'raised'],
    ['hotter', 'raised'],
    ['hot', 'cleared'],
    ['hotter', 'cleared'],
  ]);
  rmSync(context.state.path, { recursive: true });
});

test('a change of one measure keeps what others have learnt', () => {
  const { feature, put, telemetry } = make({ temperature: { deadBand: { absolute: 1 } } });
  put(0, 20);
  feature.configure({ temperature: { deadBand: { absolute: 1 } }, pressure: { deadBand: { absolute: 1 } } });
  put(1, 20.5);
  expect(telemetry()).toHaveLength(1);
});

test('a wrong configuration is refused with its place, and the old one stays', () => {
  const { feature, put, telemetry } = make({ temperature: { deadBand: { absolute: 1 } } });
  for (const [config, problem] of [
    [{ temperature: { deadBand: {} } }, 'edge.temperature.deadBand: must have a width'],
    [{ temperature: { thresholds: { hot: {} } } }, 'edge.temperature.thresholds.hot: must have a limit'],
    [
      { temperature: { thresholds: { hot: { above: 1, of: 'average' } } } },
      'edge.temperature: has a threshold of an average',
    ],
    [{ temperature: { unknown: 1 } }, 'edge.temperature: '],
    [{ ['t'.repeat(57)]: {} }, 'at most 56 characters'],
  ] as const) {
    expect(() => feature.configure(config)).toThrow(
      expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining(problem) }),
    );
  }
  put(0, 20);
  put(1, 20.5);
  expect(telemetry()).toHaveLength(1);
});

test('the shadow of the configuration knows the section', () => {
  const edge = { temperature: { deadBand: { absolute: 1 } } };
  expect(configShadowSchema.parse({ edge }).edge).toEqual(edgeConfigSchema.parse(edge));
  expect(configShadowSchema.safeParse({ edge: { temperature: { deadBand: {} } } }).success).toBe(false);
});

/** A daily swing with noise. */
function signal(seed: number) {
  const random = seededRandom(seed);
  return (index: number): number => 20 + 2 * Math.sin((2 * Math.PI * index) / 288) + 0.2 * gaussian(random);
}

const OPTIONS = { pace: 5, memory: 1_000, resolution: 0 };

test('noise on a daily swing is not flagged, whichever it is', () => {
  let highest = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const value = signal(seed);
    const score = new RobustScore(OPTIONS);
    for (let index = 0; index < 5_000; index++) highest = Math.max(highest, score.add(value(index)) ?? 0);
  }
  expect(highest).toBeGreaterThan(2);
  expect(highest).toBeLessThan(8);
});

test('a spike is flagged alone, and a step until it has become normal', () => {
  const value = signal(3);
  const score = new RobustScore(OPTIONS);
  const flagged: number[] = [];
  for (let index = 0; index < 4_000; index++) {
    const reading = value(index) + (index === 2_000 ? 6 : 0) + (index >= 3_000 ? 8 : 0);
    if ((score.add(reading) ?? 0) >= 10) flagged.push(index);
  }
  expect(flagged[0]).toBe(2_000);
  expect(flagged[1]).toBe(3_000);
  expect(flagged.length).toBeLessThan(20);
  expect(Math.max(...flagged)).toBeLessThan(3_020);
});

test('outliers do not teach the score that outliers are normal', () => {
  const value = signal(4);
  const score = new RobustScore(OPTIONS);
  let seen = 0;
  for (let index = 0; index < 5_000; index++) {
    const isOutlier = index > 100 && index % 50 === 0;
    const result = score.add(value(index) + (isOutlier ? 20 : 0)) ?? 0;
    if (isOutlier && result >= 10) seen++;
  }
  expect(seen).toBe(97);
});

test('a slow drift is not seen: that is not what the score is for', () => {
  const value = signal(5);
  const score = new RobustScore(OPTIONS);
  let highest = 0;
  for (let index = 0; index < 5_000; index++) highest = Math.max(highest, score.add(value(index) + index / 200) ?? 0);
  expect(highest).toBeLessThan(8);
});

test('a flagged value is sent with its score and raises an alarm where that is wanted', () => {
  const { alarms, put, telemetry } = make({
    temperature: { deadBand: { absolute: 50 }, anomaly: { alarm: true, resolution: 0.1 } },
  });
  for (let second = 0; second < 100; second++) put(second * 1_000, 20);
  put(100_000, 25);
  for (let second = 101; second < 110; second++) put(second * 1_000, 20);
  expect(telemetry().map(({ time, values }) => [time, values])).toEqual([
    [0, { temperature: 20 }],
    [100_000, { temperature: 25, temperature_anomaly: 50 }],
    // The alarm is cleared, and the value that did it sent.
    [103_000, { temperature: 20 }],
  ]);
  expect(alarms().map(({ time, values }) => [time, values])).toEqual([
    [100_000, { alarm: 'anomaly', alarm_state: 'raised', severity: 'warning', measure: 'temperature', value: 25 }],
    [103_000, { alarm: 'anomaly', alarm_state: 'cleared', severity: 'warning', measure: 'temperature', value: 20 }],
  ]);
});
