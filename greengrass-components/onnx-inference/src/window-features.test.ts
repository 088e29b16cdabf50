import type { ModelFeature } from '@fleetwright/contracts';
import { expect, test } from '@jest/globals';
import { readWindow, scaled } from './window-features.ts';

const MINUTE = 60_000;
const window = { length: 4 * MINUTE, step: MINUTE, minSamples: 4, maxGap: 90_000 };
const inputs = { speed: { series: '{subject}_speed' } };
const samples = { speed: { times: [0, 1, 2, 3].map((at) => at * MINUTE), values: [1, 4, 2, 5] } };

function featureOf(kind: ModelFeature['kind'], points = 2): ModelFeature {
  const common = { of: 'speed', offset: 0, scale: 1 };
  return kind === 'raw' ? { ...common, kind, points } : { ...common, kind };
}

test.each<[ModelFeature['kind'], number]>([
  ['mean', 3],
  ['std', Math.sqrt(2.5)],
  ['min', 1],
  ['max', 5],
  ['range', 4],
  ['rms', Math.sqrt(46 / 4)],
  ['median', 3],
  ['first', 1],
  ['last', 5],
  // By least squares: (−1.5·−2 − 0.5·1 + 0.5·−1 + 1.5·2) / 5 a minute.
  ['slope', 60],
])('%s', (kind, expected) => {
  const reading = readWindow({ inputs, window, features: [featureOf(kind)] }, samples, 0);
  expect(reading).toEqual({ kind: 'features', values: [expect.closeTo(expected, 9)] });
});

test('the raw window: at even distances, what was measured last', () => {
  const reading = readWindow({ inputs, window, features: [featureOf('raw', 8)] }, samples, 0);
  expect(reading).toEqual({ kind: 'features', values: [1, 4, 4, 2, 2, 5, 5, 5] });
});

test('each feature is scaled by its own offset and scale, the raw window by one', () => {
  const features: ModelFeature[] = [
    { of: 'speed', kind: 'mean', offset: 1, scale: 2 },
    { of: 'speed', kind: 'raw', points: 2, offset: 10, scale: 10 },
  ];
  expect(scaled(features, [5, 20, 30])).toEqual([2, 1, 2]);
});

test.each([
  ['nothing of a role', {}, /speed: 0 good samples of 4/],
  ['too few samples', { speed: { times: [0, 1], values: [1, 2] } }, /2 good samples of 4/],
  ['a gap', { speed: { times: [0, 1, 2, 200_000], values: [1, 2, 3, 4] } }, /nothing for 199998 ms/],
  ['silence at the end', { speed: { times: [0, 1, 2, 80_000], values: [1, 2, 3, 4] } }, /silent for 160000 ms/],
  [
    'silence at the beginning',
    { speed: { times: [99_000, 1e5, 2e5, 23e4], values: [1, 2, 3, 4] } },
    /nothing for 99000 ms/,
  ],
])('says nothing with %s', (_, given, detail) => {
  const reading = readWindow({ inputs, window, features: [featureOf('mean')] }, given, 0);
  expect(reading).toEqual({ kind: 'missing', detail: expect.stringMatching(detail) });
});
