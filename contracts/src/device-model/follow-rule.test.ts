import { type AlertRule, alertRuleSchema, type DeviceAlertState } from './alert-rules.ts';
import { evaluateRules, type JudgedSample } from './evaluate-rules.ts';

const T = 1_700_000_000_000;

function rule(own: object): AlertRule {
  return alertRuleSchema.parse({ measure: 'temperature', ...own });
}

/** Values a second apart. */
function samples(values: readonly (number | boolean | string)[], from = 0, every = 1): JudgedSample[] {
  return values.map((value, at) => ({
    time: T + (from + at * every) * 1_000,
    channel: 'telemetry',
    values: { temperature: value },
  }));
}

function told(own: AlertRule, series: readonly JudgedSample[], state: DeviceAlertState = {}) {
  return evaluateRules({ hot: own }, 'pump', state, series).alerts.map(({ at, state: phase }) => [
    phase,
    (at - T) / 1_000,
  ]);
}

const hot = rule({ above: { raise: 80, clear: 75 } });

test('a value between the two levels changes nothing: hysteresis', () => {
  expect(told(hot, samples([79, 80, 81, 79, 76, 80.5, 75, 79, 80, 81]))).toEqual([
    ['raised', 2],
    ['cleared', 6],
    ['raised', 9],
  ]);
});

test('a condition below a level mirrors it', () => {
  const low = rule({ below: { raise: 2, clear: 3 } });
  expect(told(low, samples([2, 1.9, 2.5, 3, 2.5, 1]))).toEqual([
    ['raised', 1],
    ['cleared', 3],
    ['raised', 5],
  ]);
});

test('what must last is raised when it has, and one sample below the level begins it anew', () => {
  const lasting = rule({ above: { raise: 80, clear: 75 }, forSeconds: 3 });
  expect(told(lasting, samples([81, 81, 81]))).toEqual([]);
  expect(told(lasting, samples([81, 81, 79, 81, 81, 81, 81]))).toEqual([['raised', 6]]);
});

test('an alert is cleared when it has been over for long enough', () => {
  const slow = rule({ above: { raise: 80, clear: 75 }, clearForSeconds: 2 });
  expect(told(slow, samples([81, 70, 70, 79, 70, 70, 70]))).toEqual([
    ['raised', 0],
    ['cleared', 6],
  ]);
});

test('silence shows nothing: samples too far apart do not make a duration', () => {
  const lasting = rule({ above: { raise: 80, clear: 75 }, forSeconds: 60, maxGapSeconds: 30 });
  expect(told(lasting, samples([81, 81, 81], 0, 60))).toEqual([]);
  expect(told(lasting, samples([81, 81, 81], 0, 30))).toEqual([['raised', 60]]);
});

test('booleans count as 0 and 1, text and missing measures not at all', () => {
  const open = rule({ above: { raise: 0.5, clear: 0.5 } });
  expect(told(open, samples([false, true, 'true', false]))).toEqual([
    ['raised', 1],
    ['cleared', 3],
  ]);
  expect(told(open, [{ time: T, channel: 'telemetry', values: { pressure: 9 } }])).toEqual([]);
  expect(told(open, [{ time: T, channel: 'event', values: { temperature: 9 } }])).toEqual([]);
});

test('the same samples again, and older ones, change nothing', () => {
  const series = samples([79, 81, 70, 85, 60]);
  const first = evaluateRules({ hot }, 'pump', {}, series);
  expect(first.alerts).toHaveLength(4);
  const again = evaluateRules({ hot }, 'pump', first.state, series);
  expect(again).toMatchObject({ alerts: [], changed: false });
  expect(again.state).toEqual(first.state);
});

test.each([1, 2, 3, 5])('taken in %i at a time, from what was kept, samples lead to the same alerts', (size) => {
  const rules = {
    hot: rule({ above: { raise: 80, clear: 75 }, forSeconds: 2, clearForSeconds: 2 }),
    rising: rule({ above: { raise: 60, clear: 30 }, rate: { windowSeconds: 12, perSeconds: 60 } }),
  };
  const series = samples(Array.from({ length: 200 }, (_, at) => 70 + 20 * Math.sin(at / 7)));
  const whole = evaluateRules(rules, 'pump', {}, series);
  expect(whole.alerts.length).toBeGreaterThan(8);
  const alerts: unknown[] = [];
  let kept: DeviceAlertState = {};
  for (let at = 0; at < series.length; at += size) {
    const part = evaluateRules(rules, 'pump', kept, series.slice(at, at + size));
    alerts.push(...part.alerts);
    // As a restart finds it: only what had to be kept is there.
    if (part.changed) kept = JSON.parse(JSON.stringify(part.state));
  }
  expect(alerts).toEqual(whole.alerts);
});

test('a steady value demands no write, and neither does one that stays too high', () => {
  const calm = evaluateRules({ hot }, 'pump', {}, samples([50, 60, 70]));
  expect(calm).toMatchObject({ changed: false, state: {} });
  const high = evaluateRules({ hot }, 'pump', {}, samples([90]));
  expect(evaluateRules({ hot }, 'pump', high.state, samples([91, 92, 93], 1)).changed).toBe(false);
});

describe('a rate of change', () => {
  const rising = rule({ above: { raise: 5, clear: 2 }, rate: { windowSeconds: 60, perSeconds: 60 } });
  const ramp = (perMinute: number, seconds: number) =>
    Array.from({ length: seconds }, (_, at) => 20 + (perMinute * at) / 60);

  test('is raised by a slope above the level, with the rate as its value', () => {
    const { alerts } = evaluateRules({ rising }, 'pump', {}, samples(ramp(6, 120)));
    expect(alerts).toMatchObject([{ state: 'raised', basis: 'rate', limit: 5 }]);
    expect(alerts[0]?.value).toBeCloseTo(6, 6);
    expect(told(rising, samples(ramp(4.9, 120)))).toEqual([]);
  });

  test('is not known before half of the window is seen', () => {
    expect(told(rising, samples(ramp(600, 29)))).toEqual([]);
    expect(told(rising, samples(ramp(600, 31)))).toEqual([['raised', 30]]);
  });

  test('is not moved by one wild sample', () => {
    const values = ramp(0, 120).map((value, at) => (at === 50 ? 500 : value));
    expect(told(rising, samples(values))).toEqual([]);
  });

  test('is not taken over a silence longer than the window', () => {
    expect(told(rising, [...samples([20]), ...samples([90], 61), ...samples([160], 122)])).toEqual([]);
  });

  test('is cleared when the value levels out', () => {
    const values = [...ramp(6, 90), ...Array.from({ length: 90 }, () => 29)];
    expect(told(rising, samples(values)).map(([phase]) => phase)).toEqual(['raised', 'cleared']);
  });

  test('keeps a bounded number of points', () => {
    const { state } = evaluateRules({ rising }, 'pump', {}, samples(ramp(1, 1_000)));
    expect(state.rising?.points?.length).toBeLessThanOrEqual(7);
  });
});

test('an alert whose rule is gone is cleared', () => {
  const { state } = evaluateRules({ hot }, 'pump', {}, samples([90]));
  const after = evaluateRules({}, 'pump', state, [], T + 5_000);
  expect(after).toMatchObject({
    changed: true,
    state: {},
    alerts: [{ rule: 'hot', state: 'cleared', measure: 'temperature', at: T + 5_000 }],
  });
});

test('raising and clearing carry one id; the next time it is another', () => {
  const ids = evaluateRules({ hot }, 'pump', {}, samples([90, 70, 90])).alerts.map(({ alertId }) => alertId);
  expect(ids).toEqual([`telemetry/pump/hot/${T}`, `telemetry/pump/hot/${T}`, `telemetry/pump/hot/${T + 2_000}`]);
});

test.each([
  [{ measure: 'a' }, 'either above or below'],
  [{ measure: 'a', above: { raise: 1, clear: 1 }, below: { raise: 1, clear: 1 } }, 'either above or below'],
  [{ measure: 'a', above: { raise: 1, clear: 2 } }, 'clear must be at most raise'],
  [{ measure: 'a', below: { raise: 2, clear: 1 } }, 'clear must be at least raise'],
  [{ measure: 'load', channel: 'health', above: { raise: 1, clear: 1 } }, 'battery, signal, memoryFree'],
  [{ measure: 'sequence', above: { raise: 1, clear: 1 } }, 'reserved'],
])('the rule %j is refused', (raw, message) => {
  expect(alertRuleSchema.safeParse(raw).error?.message).toContain(message);
});
