import { expect, test } from '@jest/globals';
import { edgeSeriesSchema } from '../../../contracts/src/index.ts';
import { fieldMessagesOf, type PlantMoment, plantSamples } from './plant-samples.ts';
import type { ProcessFault } from './process-faults.ts';

const FROM = Date.UTC(2026, 0, 10, 9);
const MINUTE = 60_000;

function samples(faults: readonly ProcessFault[] = [], seconds = 1_800, seed = 1): PlantMoment[] {
  return [...plantSamples(seed, FROM, seconds, faults)];
}

/** Mean of a series over the last minutes. */
function mean(moments: readonly PlantMoment[], series: string, last = 300): number {
  const values = moments.slice(-last).map(({ values }) => Number(values[series]));
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

test('the same seed gives the same samples, another seed others', () => {
  expect(samples([], 60)).toEqual(samples([], 60));
  expect(samples([], 60)).not.toEqual(samples([], 60, 2));
});

test('a wider interval shows the same plant less often', () => {
  const each = samples([], 60);
  const tenth = [...plantSamples(1, FROM, 60, [], { interval: 10 })];
  expect(tenth).toEqual(each.filter((_, at) => at % 10 === 0));
});

test('two pumps hold the level of a usual day, and the third stands', () => {
  const day = [...plantSamples(3, FROM, 86_400, [], { interval: 60 })];
  const levels = day.map(({ values }) => values.tank_level as number);
  expect(Math.min(...levels)).toBeGreaterThan(1.5);
  expect(Math.max(...levels)).toBeLessThan(3.2);
  expect(day.every(({ values }) => values.pump_3_flow === 0 && values.pump_3_running === false)).toBe(true);
  expect(
    day.every(({ values, faults }) => (values.pump_1_vibration as number) < 2.8 && Object.keys(faults).length === 0),
  ).toBe(true);
});

test('a fault leaves what comes before it untouched, to the last digit', () => {
  const fault = { kind: 'cavitation', pump: 2, from: FROM + 10 * MINUTE } as const;
  expect(samples([fault]).slice(0, 600)).toEqual(samples().slice(0, 600));
  expect(samples([fault])[600]?.faults).toEqual({ 'cavitation of pump-2': 1 });
});

test('cavitation shakes the pump and costs head and flow', () => {
  const [well, ill] = [samples(), samples([{ kind: 'cavitation', pump: 1, from: FROM }])];
  expect(mean(ill, 'pump_1_vibration')).toBeGreaterThan(2 * mean(well, 'pump_1_vibration'));
  expect(mean(ill, 'pump_1_flow')).toBeLessThan(0.8 * mean(well, 'pump_1_flow'));
});

test('bearing wear grows', () => {
  const worn = samples([{ kind: 'bearing-wear', pump: 1, from: FROM, until: FROM + 30 * MINUTE }]);
  const early = mean(worn.slice(0, 600), 'pump_1_vibration');
  const late = mean(worn, 'pump_1_vibration');
  expect(late).toBeGreaterThan(early + 2);
  expect(mean(worn, 'pump_1_temperature')).toBeGreaterThan(mean(samples(), 'pump_1_temperature') + 5);
});

test('a dead-headed pump gives no flow at its highest pressure and heats up', () => {
  const [well, shut] = [samples(), samples([{ kind: 'dead-head', pump: 1, from: FROM }])];
  expect(mean(shut, 'pump_1_flow')).toBeLessThan(2);
  expect(mean(shut, 'pump_1_pressure')).toBeGreaterThan(mean(well, 'pump_1_pressure') + 0.3);
  expect(mean(shut, 'pump_1_temperature')).toBeGreaterThan(mean(well, 'pump_1_temperature') + 10);
});

test('a storm fills the tank although two pumps run, and less with three', () => {
  const storm = [{ kind: 'high-inflow', from: FROM }] as const;
  const level = (running: readonly (1 | 2 | 3)[]) =>
    [...plantSamples(1, FROM, 7_200, storm, { running })].at(-1)?.values.tank_level as number;
  expect(level([1, 2])).toBeGreaterThan(3.2);
  expect(level([1, 2, 3])).toBeLessThan(level([1, 2]) - 0.1);
});

test('series are those of the contract, and messages carry them by source', () => {
  const [moment] = samples([], 1) as [PlantMoment];
  for (const series of Object.keys(moment.values)) expect(edgeSeriesSchema.safeParse(series).success).toBe(true);
  const messages = fieldMessagesOf(moment);
  expect(messages.map(({ source }) => source)).toEqual(['pump-1', 'pump-2', 'pump-3', 'tank', 'ambient', 'quality']);
  expect(messages.flatMap(({ values }) => values.map(({ series }) => series))).toEqual(Object.keys(moment.values));
});
