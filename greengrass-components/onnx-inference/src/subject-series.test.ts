import { expect, test } from '@jest/globals';
import { isInput, seriesOf, subjectsOf } from './subject-series.ts';

const inputs = {
  vibration: { series: '{subject}_vibration' },
  temperature: { series: '{subject}_temperature' },
  air: { series: 'ambient_temperature' },
};

test('a subject is what has all the series', () => {
  const known = [
    'pump_1_vibration',
    'pump_1_temperature',
    'pump_2_vibration',
    'ambient_temperature',
    'fan_temperature',
  ];
  expect(subjectsOf(inputs, new Set(known))).toEqual(['pump_1']);
});

test('series of a subject, and those that all share', () => {
  expect(seriesOf(inputs.vibration.series, 'pump_1')).toBe('pump_1_vibration');
  expect(seriesOf(inputs.air.series, 'pump_1')).toBe('ambient_temperature');
});

test.each([
  ['pump_1_vibration', true],
  ['ambient_temperature', true],
  ['_vibration', false],
  ['vibration', false],
  ['pump_1_vibration_mean', false],
])('whether %s can be an input: %s', (series, expected) => {
  expect(isInput(inputs, series)).toBe(expected);
});
