import { rmSync } from 'node:fs';
import type { ReportingSchedule } from '../telemetry/telemetry-options.ts';
import { testContext } from '../telemetry/testing/feature-context.ts';
import { runPowerPlan } from './command.ts';
import { explainPowerPlan } from './explain-power-plan.ts';
import { PowerFeature } from './power-feature.ts';
import { allowedCurrent, averageCurrent, type PowerBudget, powerPlan, replan } from './power-plan.ts';

/** A sample every 10 s takes 8 ms at 500 µA: 0.08 % of the time. */
const BUDGET: PowerBudget = {
  capacity: 2_400,
  life: 5,
  sleep: 3,
  sense: { current: 500, duration: 8 },
  transmit: { current: 20_000, duration: 2_000 },
  sampleInterval: 10_000,
};

function command(...argv: string[]) {
  let text = '';
  const code = runPowerPlan(argv, (more) => {
    text += more;
  });
  return { code, text };
}

test('2,400 mAh over 5 years allow 54.8 µA', () => {
  expect(allowedCurrent(2_400, 5)).toBeCloseTo(54.8, 1);
});

test('99.9 % at 3 µA, 0.08 % at 500 µA and 0.02 % at 20 mA average 7.4 µA', () => {
  const average = averageCurrent([
    { name: 'sleep', current: 3, share: 0.999 },
    { name: 'sense', current: 500, share: 0.0008 },
    { name: 'transmit', current: 20_000, share: 0.0002 },
  ]);
  expect(average).toBeCloseTo(7.4, 2);
});

test('the report interval is the shortest that the battery allows, in whole samples', () => {
  const plan = powerPlan(BUDGET);
  if (!plan.feasible) throw new Error(plan.reason);
  // 54.79 - 3 - 0.0008 × 497 = 51.40 µA are left for sending; 2 s × 19,997 µA / 51.40 µA = 778 s.
  expect(plan.reportInterval).toBe(780_000);
  expect(plan.samplesPerReport).toBe(78);
  expect(plan.average).toBeLessThanOrEqual(plan.allowed);
  expect(averageCurrent(plan.duties)).toBe(plan.average);
  const shorter = powerPlan({ ...BUDGET, mostReportInterval: 770_000 });
  expect(shorter.feasible).toBe(false);
  expect(shorter.average).toBeGreaterThan(plan.allowed);
  expect(shorter.expectedLife).toBeLessThan(5);
});

test('a duty cycle with a known average is found again', () => {
  // 200 ms of sending in 1,000 s is 0.02 %: with what is then allowed, that interval comes out.
  const allowed = 0.999 * 3 + 0.0008 * 500 + 0.0002 * 20_000;
  const capacity = (allowed * 5 * 8_760) / 1_000;
  const plan = powerPlan({ ...BUDGET, capacity, transmit: { current: 20_000, duration: 200 } });
  expect(plan).toMatchObject({ feasible: true, reportInterval: 1_000_000 });
  expect(plan.average).toBeCloseTo(7.397, 3);
});

test('what each sample adds to sending counts, and so do usable capacity and self-discharge', () => {
  const of = (over: Partial<PowerBudget>) => {
    const plan = powerPlan({ ...BUDGET, ...over });
    if (!plan.feasible) throw new Error(plan.reason);
    return plan.reportInterval;
  };
  const plain = of({});
  expect(of({ transmit: { ...BUDGET.transmit, durationPerSample: 5 } })).toBeGreaterThan(plain);
  expect(of({ usable: 0.8 })).toBeGreaterThan(plain);
  expect(of({ selfDischarge: 2 })).toBeGreaterThan(plain);
  expect(of({ leastReportInterval: 3_600_000 })).toBe(3_600_000);
});

test.each<[string, Partial<PowerBudget>, RegExp]>([
  ['sleeping', { sleep: 60 }, /sleeping alone/],
  ['sampling', { sampleInterval: 60 }, /sample at most every 77 ms/],
  ['sending', { mostReportInterval: 60_000 }, /report less often/],
])('a battery that cannot last because of %s is told so', (_, over, reason) => {
  const plan = powerPlan({ ...BUDGET, ...over });
  expect(plan).toMatchObject({ feasible: false, reason: expect.stringMatching(reason) });
});

test('what is left of battery and life decides: who has drawn more reports less often', () => {
  const interval = (charge: number, age: number) => {
    const plan = replan(BUDGET, charge, age);
    return plan.feasible ? plan.reportInterval : undefined;
  };
  expect(interval(100, 0)).toBe(780_000);
  expect(interval(50, 2.5)).toBe(780_000);
  expect(interval(40, 2.5)).toBeGreaterThan(780_000);
  expect(interval(70, 2.5)).toBeLessThan(780_000);
  expect(interval(0, 2.5)).toBeUndefined();
});

test('the explanation shows the arithmetic', () => {
  expect(explainPowerPlan(powerPlan(BUDGET))).toBe(`Allowed
  2,400 mAh over 5 years of 8,760 h = 54.8 µA on average
Drawn
  sleep     99.7 % of the time at 3 µA = 2.99 µA
  sense     0.08 % of the time at 500 µA = 0.4 µA
  transmit  0.256 % of the time at 20,000 µA = 51.3 µA
  together 54.7 µA on average: the battery lasts 5.01 years
Plan
  a sample every 10 s, a report every 13 min with 78 samples
`);
});

test('the command averages a duty cycle and compares it with the battery', () => {
  const parts = ['--duty', 'sleep:3:99.9', '--duty', 'sense:500:0.08', '--duty', 'transmit:20000:0.02'];
  expect(command(...parts, '--capacity', '2400', '--life', '5')).toEqual({
    code: 0,
    text: `  sleep: 99.9 % of the time at 3 µA = 3 µA
  sense: 0.08 % of the time at 500 µA = 0.4 µA
  transmit: 0.02 % of the time at 20,000 µA = 4 µA
  together 7.4 µA on average
  2400 mAh over 5 years allow 54.8 µA: enough
`,
  });
});

test('the command plans, and names every option that is missing or wrong', () => {
  const given = ['--capacity', '2400', '--life', '5', '--sleep', '3', '--sense', '500', '--sense-time', '8'];
  const sending = ['--transmit', '20000', '--transmit-time', '2000', '--sample-interval', '10000'];
  expect(command(...given, ...sending)).toMatchObject({ code: 0, text: expect.stringContaining('every 13 min') });
  expect(command(...given, ...sending, '--most-interval', '60000').code).toBe(1);
  const incomplete = command('--capacity', '0', '--life', '5', '--sleep', '3', '--sense', '500', '--sense-time', '8');
  expect(incomplete.code).toBe(2);
  for (const name of ['capacity', 'transmit', 'transmit-time', 'sample-interval']) {
    expect(incomplete.text).toContain(`--${name}: `);
  }
  expect(command('--duty', 'sleep:3:50')).toMatchObject({ code: 2, text: expect.stringContaining('50 % of the time') });
  expect(command('--capacity', 'much')).toMatchObject({ code: 2, text: expect.stringContaining("received 'much'") });
});

test('the schedule follows the battery, over restarts', async () => {
  const context = testContext();
  const schedules: ReportingSchedule[] = [];
  let charge: number | undefined = 100;
  const options = {
    budget: BUDGET,
    charge: () => charge,
    target: { setSchedule: (schedule: ReportingSchedule) => void schedules.push(schedule) },
  };
  let feature = new PowerFeature(options);
  await feature.start(context);
  expect(schedules).toEqual([{ samplesPerMessage: 78, maxDelay: 780_000 }]);
  await feature.stop();
  await context.clock.pass(2.5 * 8_760 * 3_600_000);
  charge = 40;
  feature = new PowerFeature(options);
  await feature.start(context);
  expect(schedules.at(-1)?.maxDelay).toBeGreaterThan(780_000);
  charge = 60;
  await context.clock.pass(3_600_000);
  expect(schedules.at(-1)?.maxDelay).toBeLessThan(780_000);
  charge = 0;
  await context.clock.pass(3_600_000);
  expect(schedules.at(-1)).toEqual({ samplesPerMessage: 500, maxDelay: 5_000_000 });
  expect(context.lines).toContain('warn the battery will not last as long as it should');
  await feature.stop();
  rmSync(context.state.path, { recursive: true, force: true });
});
