import { parseExpression } from './expression.ts';
import type { MathValue } from './functions.ts';

const SERIES: Record<string, MathValue> = {
  m1: [1, undefined, 3, 5],
  m2: [2, 2, 0, 10],
  e: [undefined, undefined, undefined, undefined],
};
const value = (text: string) => parseExpression(text).evaluate({ period: 60, count: 4, lookUp: (id) => SERIES[id] });

// User guide, "Using metric math".
test.each<[string, MathValue]>([
  ['1 + 2 * 3 ^ 2', 19],
  ['-(2 + 3) * 2', -10],
  ['2 ^ -1', 0.5],
  ['m1 + m2', [3, undefined, 3, 15]],
  ['m2 / m1 * 100', [200, undefined, 0, 200]],
  ['m1 / m2', [0.5, undefined, undefined, 0.5]],
  ['m1 > 2 AND m2 == 0', [0, undefined, 1, 0]],
  ['SUM(m1)', 9],
  ['AVG(m1)', 3],
  ['MAX(m1) - MIN(m1)', 4],
  ['FILL(m1, 0)', [1, 0, 3, 5]],
  ['FILL(m1, REPEAT)', [1, 1, 3, 5]],
  ['FILL(m1, LINEAR)', [1, 2, 3, 5]],
  ['FILL(e, 7)', [7, 7, 7, 7]],
  ['RATE(m1)', [undefined, undefined, 2 / 120, 2 / 60]],
  ['DIFF(m2)', [undefined, 0, -2, 10]],
  ['IF(m2 > 1, m2, 0)', [2, 2, 0, 10]],
  ['CEIL(1.2) + FLOOR(1.8) + ABS(-3)', 6],
  ['m2 / PERIOD(m2)', [2 / 60, 2 / 60, 0, 10 / 60]],
])('%s', (text, expected) => {
  expect(value(text)).toEqual(expected);
});

test.each(['m1 +', '(1', '1 2', 'M1', '1 $ 2', 'FILL(m1)', ''])('"%s" is refused', (text) => {
  expect(() => parseExpression(text)).toThrow(expect.objectContaining({ code: 'ValidationError' }));
});

test.each(['ANOMALY_DETECTION_BAND(m1)', 'SEARCH(1)', 'SELECT AVG(x) FROM y'])(
  '"%s" is refused as not built',
  (text) => {
    expect(() => parseExpression(text)).toThrow(expect.objectContaining({ code: 'NotImplemented' }));
  },
);
