import { ANOMALOUS_KINDS, CALM_KINDS, syntheticSeries } from '../testing/synthetic-series.ts';
import { alarmSeverity, Detector, type Finding, LARGEST_VALUE } from './detector.ts';
import { explainFinding } from './explain-finding.ts';
import { EVENT_LEFT, STATE_LENGTH } from './series-state.ts';

const ALARM = 0.5;
const MINUTE = 60_000;
const SEEDS = Array.from({ length: 4 }, (_, index) => index + 1);

interface Alarm {
  readonly record: number;
  readonly score: number;
  readonly finding: Finding;
}

class Run {
  readonly state = new Float64Array(STATE_LENGTH);
  readonly detector = new Detector();
  readonly scores: number[] = [];
  readonly alarms: Alarm[] = [];

  take(time: number, value: number, sensitivity = 1): number {
    const score = this.detector.observe(this.state, 0, time, value, alarmSeverity(sensitivity));
    if (score >= ALARM) this.alarms.push({ record: this.scores.length, score, finding: this.detector.finding });
    this.scores.push(score);
    return score;
  }

  all(times: Float64Array, values: Float64Array, sensitivity = 1): this {
    for (const [record, value] of values.entries()) this.take(times[record] ?? 0, value, sensitivity);
    return this;
  }
}

/** A quiet series: the hour hardly matters, values lie between 9 and 11. */
function quiet(run: Run, records: number, from = 0): void {
  for (let record = from; record < from + records; record++) run.take(record * MINUTE, 10 + Math.sin(record * 1.7));
}

describe.each([300_000, 1_000])('with a value each %d ms and one set of defaults', (interval) => {
  test.each(Object.keys(ANOMALOUS_KINDS) as (keyof typeof ANOMALOUS_KINDS)[])('%s is found', (kind) => {
    const found = SEEDS.filter((seed) => {
      const { anomaly, times, values } = syntheticSeries(kind, { seed, interval });
      const { first, last } = anomaly ?? { first: 0, last: 0 };
      return new Run().all(times, values).alarms.some(({ record }) => record >= first && record <= last);
    });
    expect(found.length).toBeGreaterThanOrEqual(3);
  });

  test.each(Object.keys(CALM_KINDS) as (keyof typeof CALM_KINDS)[])('%s seldom gives a false alarm', (kind) => {
    let alarms = 0;
    let values = 0;
    for (const seed of SEEDS) {
      const series = syntheticSeries(kind, { seed, interval });
      alarms += new Run().all(series.times, series.values).alarms.length;
      values += series.values.length;
    }
    expect((alarms / values) * 10_000).toBeLessThan(12);
  });
});

test('a series that is read each second alarms no more often in the long run than a slow one', () => {
  const { times, values } = syntheticSeries('white noise', { seed: 3, interval: 1_000, records: 100_000 });
  const { alarms } = new Run().all(times, values);
  const half = alarms.filter(({ record }) => record >= 50_000).length;
  expect(alarms.length).toBeLessThan(25);
  expect(half).toBeLessThan(alarms.length / 2);
});

test('an event is reported once, and again only when it becomes much worse', () => {
  const run = new Run();
  quiet(run, 2_000);
  run.alarms.length = 0;
  for (let record = 2_000; record < 2_060; record++) run.take(record * MINUTE, 14 + Math.sin(record));
  expect(run.alarms).toHaveLength(1);
  for (let record = 2_060; record < 2_064; record++) run.take(record * MINUTE, 500);
  expect(run.alarms).toHaveLength(2);
  expect(run.scores.slice(2_001, 2_060).every((score) => score === 0)).toBe(true);
});

test('nothing is reported of the first values', () => {
  const run = new Run();
  for (let record = 0; record < 150; record++) run.take(record * MINUTE, record % 40 === 39 ? 1e6 : record % 7);
  expect(run.alarms).toEqual([]);
});

test('a sensor that freezes is found, one that is constant by nature is not', () => {
  const run = new Run();
  quiet(run, 3_000);
  run.alarms.length = 0;
  for (let record = 3_000; record < 3_300; record++) run.take(record * MINUTE, 10.2);
  expect(run.alarms.map(({ finding }) => finding.measure)).toContain('frozen');
  const constant = new Run();
  for (let record = 0; record < 10_000; record++) constant.take(record * MINUTE, 42);
  expect(constant.alarms).toEqual([]);
});

test('a lower sensitivity leaves the rarer findings', () => {
  const { times, values } = syntheticSeries('heavy tails', { seed: 5 });
  const counts = [0.1, 1, 2].map((sensitivity) => new Run().all(times, values, sensitivity).alarms.length);
  expect(counts[0]).toBeLessThan(counts[1] ?? 0);
  expect(counts[1]).toBeLessThan(counts[2] ?? 0);
});

describe('the expected range', () => {
  test.each(['spike', 'step within a daily rhythm', 'noise grows', 'drift'] as const)(
    'is left by exactly the values that alarm: %s',
    (kind) => {
      let checked = 0;
      for (const seed of SEEDS) {
        const { times, values } = syntheticSeries(kind, { seed });
        const run = new Run();
        values.forEach((value, record) => {
          const before = run.state.slice();
          const time = times[record] ?? 0;
          if (run.take(time, value) < ALARM) return;
          const { low, high, measure } = run.detector.finding;
          if (measure === 'frozen') return;
          expect(value < low || value > high).toBe(true);
          const margin = 1e-6 * Math.max(1, Math.abs(high - low));
          const nearest = value > high ? high : low;
          const inner = value > high ? high - margin : low + margin;
          const outer = value > high ? nearest + margin : nearest - margin;
          // The same series with the value just within: this measure does not alarm. Just outside, and in no event, there is an alarm.
          const other = new Detector();
          const score = other.observe(before.slice(), 0, time, inner);
          expect(score < ALARM || other.finding.measure !== measure).toBe(true);
          if (before[EVENT_LEFT] !== 0) return;
          expect(other.observe(before.slice(), 0, time, outer)).toBeGreaterThanOrEqual(ALARM);
          checked++;
        });
      }
      expect(checked).toBeGreaterThan(2);
    },
  );

  test('is explained in a sentence that fits the message', () => {
    const run = new Run();
    quiet(run, 2_000);
    run.alarms.length = 0;
    run.take(2_000 * MINUTE, 1e250);
    const [alarm] = run.alarms;
    if (alarm === undefined) throw new Error('no alarm');
    const text = explainFinding(alarm.finding, 2_000 * MINUTE);
    expect(text).toMatch(/as rare as 1 in more than a million values$/);
    expect(text.length).toBeLessThan(512);
  });
});

test('state that was stored goes on with the same scores', () => {
  for (const kind of ['daily rhythm', 'heavy tails', 'two states', 'drift'] as const) {
    const { times, values } = syntheticSeries(kind, { seed: 9, records: 3_000 });
    const whole = new Run().all(times, values);
    for (const at of [1, 2, 149, 777, 2_500]) {
      const first = new Run().all(times.subarray(0, at), values.subarray(0, at));
      const second = new Run();
      second.state.set(first.state);
      second.all(times.subarray(at), values.subarray(at));
      expect([...first.scores, ...second.scores]).toEqual(whole.scores);
    }
  }
});

test('values that are huge, tiny, equal or alternating keep the state and the scores finite', () => {
  const hostile = [
    LARGEST_VALUE,
    -LARGEST_VALUE,
    Number.MIN_VALUE,
    -Number.MIN_VALUE,
    0,
    -0,
    1e-300,
    Number.MAX_SAFE_INTEGER,
    0.1,
  ];
  for (const seed of SEEDS.slice(0, 4)) {
    const run = new Run();
    const { values } = syntheticSeries('white noise', { seed, records: 4_000 });
    values.forEach((draw, record) => {
      const value = hostile[Math.floor(Math.abs(draw) * 1_000) % hostile.length] ?? 0;
      // Time that stands, jumps and goes back.
      const time = Math.max(0, Math.floor(Math.abs(draw) * 1e4) % 7 === 0 ? 0 : record * MINUTE * (record % 5));
      const score = run.take(time, record % 50 < 40 ? value : draw);
      const { high, low } = run.detector.finding;
      if (!(score >= 0 && score < 1 && Number.isFinite(low) && Number.isFinite(high))) {
        throw new Error(`record ${record}: score ${score}, ${low} to ${high}`);
      }
    });
    expect(run.state.every(Number.isFinite)).toBe(true);
  }
});

test('a series writes nothing outside of its own place', () => {
  const state = new Float64Array(STATE_LENGTH * 3).fill(7);
  state.fill(0, STATE_LENGTH, 2 * STATE_LENGTH);
  const detector = new Detector();
  const { times, values } = syntheticSeries('heavy tails', { seed: 4 });
  for (const [record, value] of values.entries()) detector.observe(state, STATE_LENGTH, times[record] ?? 0, value);
  expect(state.subarray(0, STATE_LENGTH).every((field) => field === 7)).toBe(true);
  expect(state.subarray(2 * STATE_LENGTH).every((field) => field === 7)).toBe(true);
});
