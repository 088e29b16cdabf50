import cdkJson from '../../../cdk.json' with { type: 'json' };
import { pumpStation } from '../../../device-client/src/sensors/pump-station.ts';
import { alertRulesSchema } from './alert-rules.ts';
import { type DeviceModel, deviceModelSchema } from './model.ts';
import { play, type Situation } from './play.ts';
import { atRest, simulate } from './simulate.ts';
import type { Point } from './theil-sen.ts';
import type { WhatIf } from './what-if.ts';

const NOW = 1_700_000_000_000;
const pump = deviceModelSchema.parse(cdkJson.context.fleetwright.defaults.models['pump-station']);
const usual = { speed: 1_450, demand: 0.5, ambient: 14 };

/** One lagging measure that settles at its setting. */
function heater(own: object = {}): DeviceModel {
  return deviceModelSchema.parse({
    settings: { power: { default: 20, min: 0, max: 100, applySeconds: 5 } },
    measures: { temperature: { terms: [{ gain: 1, factors: [{ of: 'power' }] }], lagSeconds: 100, ...own } },
  });
}

function situation(model: DeviceModel, own: Partial<Situation> = {}): Situation {
  const rest = atRest(model, {
    ...Object.fromEntries(Object.entries(model.settings).map(([name, { default: value }]) => [name, value])),
    ...Object.fromEntries(Object.entries(model.conditions).map(([name, { value }]) => [name, value])),
  });
  const steady = (value: number): Point[] => [
    [NOW - 10_000, value],
    [NOW - 1_000, value],
  ];
  return {
    thingName: 'p1',
    deviceType: 'pump',
    model,
    rules: {},
    twin: { version: 7, desired: {}, reported: {} },
    recent: Object.fromEntries(Object.keys(model.measures).map((name) => [name, steady(rest[name] as number)])),
    alertState: {},
    driftAfterSeconds: 300,
    now: NOW,
    ...own,
  };
}

function played(own: Situation, desired: object, horizonSeconds: number, conditions = {}): WhatIf {
  const outcome = play(own, { desired: desired as never, horizonSeconds, conditions });
  if ('diverges' in outcome) throw new Error(outcome.diverges);
  return outcome;
}

describe('a simulation', () => {
  test('follows a first-order response to its exact solution', () => {
    const start = { values: { power: 80, temperature: 20 }, offsets: {} };
    for (const { seconds, values } of simulate(heater(), start, [], 300, 10)) {
      expect(values.temperature).toBeCloseTo(80 - 60 * Math.exp(-seconds / 100), 9);
    }
  });

  test('comes to rest where the model says', () => {
    const rest = atRest(pump, usual);
    const moments = simulate(pump, { values: { ...rest, rpm: 900, temperature: 14 }, offsets: {} }, [], 7_200, 10);
    for (const [name, value] of Object.entries(moments.at(-1)?.values ?? {})) {
      expect(value).toBeCloseTo(rest[name] as number, 3);
    }
  });

  test('is the same each time, and hardly another one with other steps', () => {
    const run = (every: number) =>
      simulate(
        pump,
        { values: { ...atRest(pump, usual), speed: 1_450, demand: 0.5, ambient: 14 }, offsets: {} },
        [{ setting: 'speed', value: 1_700, afterSeconds: 2 }],
        600,
        every,
      );
    expect(run(10)).toEqual(run(10));
    const [fine, coarse] = [run(1), run(60)];
    expect(coarse.at(-1)?.values.temperature).toBeCloseTo(fine.at(-1)?.values.temperature as number, 1);
  });

  test('changes a setting when it is applied', () => {
    const start = { values: { power: 20, temperature: 20 }, offsets: {} };
    const moments = simulate(
      heater({ lagSeconds: 0 }),
      start,
      [{ setting: 'power', value: 50, afterSeconds: 5 }],
      10,
      1,
    );
    expect(moments.map(({ values }) => values.temperature)).toEqual([20, 20, 20, 20, 20, 50, 50, 50, 50, 50, 50]);
  });
});

test('the model of the pump station is that of the simulated one, but for the weather and chance', () => {
  const start = Date.UTC(2026, 5, 1, 0);
  const station = pumpStation({ seed: 5, start });
  const gaps: Record<string, number[]> = {};
  for (let second = 0; second < 86_400; second += 60) {
    const time = start + second * 1_000;
    const day = (time / 86_400_000) % 1;
    const demand = 0.5 + 0.35 * Math.sin(4 * Math.PI * (day - 0.17));
    const ambient = 14 + 7 * Math.sin(2 * Math.PI * (day - 0.375));
    const rest = atRest(pump, { speed: 1_450, demand, ambient });
    if (second < 7_200) {
      station.read(time);
      continue;
    }
    for (const [name, value] of Object.entries(station.read(time)?.values ?? {})) {
      gaps[name] ??= [];
      gaps[name].push(Math.abs((value as number) - (rest[name] as number)) / (rest[name] as number));
    }
  }
  const worst = Object.fromEntries(Object.entries(gaps).map(([name, all]) => [name, all.sort((a, b) => a - b).at(-1)]));
  expect(worst.rpm).toBeLessThan(0.02);
  expect(worst.pressure).toBeLessThan(0.05);
  // Weather shifts it by some degrees, and it lags ten minutes behind.
  expect(worst.temperature).toBeLessThan(0.2);
  // Wear is the model's unexplained part.
  expect(worst.vibration).toBeLessThan(0.4);
});

describe('what would come of a proposal', () => {
  test('is a report of each setting, and where each measure ends', () => {
    const outcome = played(situation(heater()), { power: 80 }, 1_000);
    expect(outcome.settings).toEqual([{ setting: 'power', from: 20, to: 80, afterSeconds: 5 }]);
    const [temperature] = outcome.measures;
    expect(temperature).toMatchObject({ now: 20, endWithout: 20, unexplained: 0 });
    expect(temperature?.end).toBeCloseTo(80, 2);
    expect(temperature?.series.length).toBeLessThanOrEqual(62);
  });

  test('says what would be sent, and what the device would be told', () => {
    const own = situation(heater(), {
      twin: { version: 3, desired: { power: 30, mode: 'eco' }, reported: { power: 30, mode: 'eco' } },
    });
    expect(played(own, { power: 50 }, 60).wouldSend).toEqual({
      shadow: 'config',
      request: { state: { desired: { power: 50 } } },
      delta: { power: 50 },
      version: 3,
    });
  });

  test('takes what the model does not explain to stay', () => {
    const own = situation(heater(), { recent: { temperature: [[NOW - 1_000, 26]] } });
    const [temperature] = played(own, { power: 80 }, 2_000).measures;
    expect(temperature?.unexplained).toBeCloseTo(6, 9);
    expect(temperature?.end).toBeCloseTo(86, 2);
  });

  test('sees where a measure is heading that has not settled yet', () => {
    const recent = {
      temperature: Array.from({ length: 21 }, (_, at): Point => {
        const seconds = (at - 20) * 10;
        return [NOW + seconds * 1_000, 20 - 15 * Math.exp(-(seconds + 300) / 100)];
      }),
    };
    const [temperature] = played(situation(heater(), { recent }), { power: 80 }, 2_000).measures;
    expect(temperature?.unexplained).toBeCloseTo(0, 0);
    expect(temperature?.endWithout).toBeCloseTo(20, 0);
  });

  test('is an alert at the time at which its rule would raise it, told apart from one that comes anyway', () => {
    const rules = alertRulesSchema.parse({
      hot: { measure: 'temperature', above: { raise: 60, clear: 50 }, forSeconds: 60, severity: 'critical' },
      warm: { measure: 'temperature', above: { raise: 10, clear: 5 } },
    });
    const { alerts } = played(situation(heater(), { rules }), { power: 80 }, 600);
    // 80 - 60 exp(-(t - 5) / 100) is 60 at t = 115: the next sample is at 120, and a minute passes.
    expect(alerts).toMatchObject([
      { rule: 'warm', state: 'raised', afterSeconds: 0, alsoWithout: true },
      { rule: 'hot', state: 'raised', severity: 'critical', afterSeconds: 180, alsoWithout: false },
    ]);
  });

  test('clears an alert that stands, and does not raise it a second time', () => {
    const rules = alertRulesSchema.parse({ hot: { measure: 'temperature', above: { raise: 60, clear: 50 } } });
    const own = situation(heater(), {
      rules,
      twin: { desired: { power: 80 }, reported: { power: 80 } },
      recent: { temperature: [[NOW - 1_000, 80]] },
      alertState: { hot: { phase: 'raised', since: NOW - 60_000, seen: NOW - 60_000 } },
    });
    expect(played(own, { power: 20 }, 600).alerts).toMatchObject([
      { rule: 'hot', state: 'cleared', alsoWithout: false },
    ]);
    expect(played(own, { power: 90 }, 600).alerts).toEqual([]);
  });

  test('exceeds limits at a time, and by how much', () => {
    const { excesses } = played(situation(heater({ limits: { max: 70 } })), { power: 80 }, 1_000);
    expect(excesses).toMatchObject([{ measure: 'temperature', bound: 'max', limit: 70, alsoWithout: false }]);
    expect(excesses[0]?.worst).toBeCloseTo(80, 2);
    expect(excesses[0]?.afterSeconds).toBe(190);
  });

  test.each([
    [{ power: 120 }, 'above 100'],
    [{ power: -1 }, 'below 0'],
    [{ power: 'full' }, '"full" is no number'],
  ])('is nothing but drift when the device refuses %j', (desired, refused) => {
    const outcome = played(situation(heater()), desired, 600);
    expect(outcome.settings).toMatchObject([{ setting: 'power', from: 20, refused }]);
    expect(outcome.measures[0]?.end).toBeCloseTo(20, 9);
    expect(outcome.alerts).toEqual([
      { kind: 'drift', rule: 'drift', severity: 'warning', state: 'raised', afterSeconds: 300, alsoWithout: false },
    ]);
  });

  test('is refused where the device has said that it has no such setting', () => {
    const report = {
      version: 3,
      status: 'partly',
      errors: [{ setting: 'power', code: 'UNSUPPORTED', message: 'this device has no such setting' }],
    };
    const own = situation(heater(), { twin: { version: 4, desired: {}, reported: { _twin: report } } });
    const outcome = played(own, { power: 80 }, 600);
    expect(outcome.settings).toMatchObject([{ setting: 'power', refused: 'it has said that it has no such setting' }]);
    expect(outcome.measures[0]?.end).toBeCloseTo(20, 9);
    expect(played(own, { colour: 'red' }, 600)).toMatchObject({ settings: [], alerts: [] });
  });

  test('taking a desired value back leaves the device as it is', () => {
    const own = situation(heater(), { twin: { version: 1, desired: { power: 50 }, reported: { power: 20 } } });
    const outcome = played(own, { power: null }, 600);
    expect(outcome.settings).toEqual([]);
    expect(outcome.measures[0]).toMatchObject({ end: 20 });
    expect(outcome.measures[0]?.endWithout).toBeCloseTo(50, 0);
  });

  test('says what it does not know', () => {
    const rules = alertRulesSchema.parse({
      loud: { measure: 'noise', above: { raise: 1, clear: 1 } },
      brisk: { measure: 'temperature', above: { raise: 1, clear: 1 }, rate: { windowSeconds: 30 } },
    });
    const own = situation(heater(), { rules, recent: {} });
    expect(played(own, { power: 30, colour: 'red' }, 86_400).notes).toEqual([
      'the model says nothing of colour',
      'no recent sample tells of temperature: taken as the model has it at rest',
      'not predicted, because the model has not their measure: loud',
      'the time is too long to judge brisk: ask for a shorter one',
    ]);
    const stale = situation(heater(), { recent: { temperature: [[NOW - 500_000, 20]] } });
    expect(played(stale, { power: 30 }, 60).notes).toEqual(['the last sample is 500 s old']);
  });
});

test('a model that grows without bound is refused', () => {
  const growing = deviceModelSchema.parse({
    settings: { power: { default: 1 } },
    measures: {
      a: { terms: [{ gain: 100, factors: [{ of: 'b', power: 2 }, { of: 'power' }] }], lagSeconds: 1, base: 1 },
      b: { terms: [{ gain: 100, factors: [{ of: 'a', power: 2 }] }], lagSeconds: 1, base: 1 },
    },
  });
  const own = situation(growing, { recent: { a: [[NOW - 1, 5]], b: [[NOW - 1, 5]] } });
  expect(play(own, { desired: { power: 2 }, horizonSeconds: 3_600, conditions: {} })).toHaveProperty('diverges');
});
