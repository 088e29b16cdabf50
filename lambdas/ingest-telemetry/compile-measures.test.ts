import { measureSchemasSchema } from '@fleetwright/contracts';
import { compileMeasures } from './compile-measures.ts';

const measures = {
  temperature: { type: 'number', unit: '°C', min: -40, max: 150, required: true },
  starts: { type: 'integer', min: 0 },
  open: { type: 'boolean' },
  state: { type: 'text' },
};
const checks = compileMeasures(
  measureSchemasSchema.parse({
    lax: { measures },
    strict: { unknown: 'reject', measures },
  }),
);
const judge = (values: Record<string, number | boolean | string>, deviceType = 'lax', isWhole = true) =>
  checks.get(deviceType)?.(values, isWhole);

test.each([[{ temperature: 20 }], [{ temperature: -40 }], [{ temperature: 150, starts: 0, open: false, state: '' }]])(
  '%j holds what is required, in its range',
  (values) => {
    expect(judge(values)).toBeUndefined();
  },
);

test.each([
  [{ temperature: 150.1 }, 'temperature is 150.1 °C, above 150 °C'],
  [{ temperature: -41 }, 'temperature is -41 °C, below -40 °C'],
  [{ temperature: 'hot' }, 'temperature is a string, not a number'],
  [{ temperature: 1, starts: 1.5 }, 'starts is 1.5, not a whole number'],
  [{ temperature: 1, starts: -1 }, 'starts is -1, below 0'],
  [{ temperature: 1, open: 1 }, 'open is a number, not a boolean'],
  [{ temperature: 1, state: true }, 'state is a boolean, not a string'],
  [{ starts: 1 }, 'temperature is missing'],
])('%j is refused: %s', (values, problem) => {
  expect(judge(values)).toBe(problem);
});

test('an unknown measure is taken or refused by the policy of its device type', () => {
  const values = { temperature: 1, humidity: 50 };
  expect(judge(values)).toBeUndefined();
  expect(judge(values, 'strict')).toBe('humidity is not a measure of strict');
});

test('an event need not hold what is required and may hold more, but what it holds has its type and range', () => {
  expect(judge({ code: 5 }, 'strict', false)).toBeUndefined();
  expect(judge({ temperature: 1_000 }, 'strict', false)).toContain('above 150');
});

test('a name that every object has is no measure', () => {
  expect(judge({ temperature: 1, constructor: 2 }, 'strict')).toBe('constructor is not a measure of strict');
});

test('a device type without measures may send anything', () => {
  expect(checks.get('other')).toBeUndefined();
});
