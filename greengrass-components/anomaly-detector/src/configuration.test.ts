import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';
import { configurationSchema, sensitivityOf } from './configuration.ts';

test('the defaults of the recipe are those of the schema', () => {
  const recipe = parse(readFileSync(join(__dirname, '..', 'recipe.yaml'), 'utf8'));
  const { accessControl, ...defaults } = recipe.ComponentConfiguration.DefaultConfiguration;
  expect(accessControl).toBeDefined();
  expect(configurationSchema.parse(defaults)).toEqual(configurationSchema.parse({}));
  expect(configurationSchema.parse({})).toEqual(defaults);
});

test('the first pattern that matches a series decides', () => {
  const configuration = configurationSchema.parse({
    sensitivity: 2,
    series: [
      { match: 'pump_1_level', sensitivity: 0.5 },
      { match: 'pump_*_level', watch: false },
      { match: 'pump_*' },
      { match: '*_a*b_*', sensitivity: 2.5 },
    ],
  });
  const expected = {
    pump_1_level: 0.5,
    pump_2_level: 0,
    pump__level: 0,
    pump_level: 2,
    oven: 2,
    x_a1b_: 2.5,
    x_ab_y: 2.5,
    x_b_a_: 2,
  };
  for (const [series, sensitivity] of Object.entries(expected))
    expect(sensitivityOf(configuration, series)).toBe(sensitivity);
});

test.each([{ sensitivity: 0 }, { maxSeries: 0 }, { series: [{ match: 'Pump' }] }, { saveInterval: 10 }, { speed: 1 }])(
  'it refuses %j',
  (configuration) => {
    expect(configurationSchema.safeParse(configuration).success).toBe(false);
  },
);
