import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { systemClock } from '../../shared/src/system-clock.ts';
import { buildPumpModel } from '../training/build-pump-model.ts';
import { FULL_FIT, fitPumpModel, seedsFrom, TEST_SEEDS } from '../training/fit-pump-model.ts';
import { playRun } from '../training/plant-runs.ts';
import { PUMP_MODEL_ISSUED_AT, PUMP_MODEL_VERSION } from '../training/pump-model.ts';
import { confusionAt, precisionOf, recallOf, scoreAlarms } from '../training/score-predictions.ts';
import { configurationSchema } from './configuration.ts';
import { ModelRunner } from './model-runner.ts';
import { buildProgram } from './testing/build-program.ts';
import { type VerifiedModel, verifyModel } from './verify-model.ts';

const DIRECTORY = fileURLToPath(new URL('../../pump-model', import.meta.url));

let programs: Awaited<ReturnType<typeof buildProgram>>;
let model: VerifiedModel;
let runner: ModelRunner;

beforeAll(async () => {
  const recipe = parse(readFileSync(join(DIRECTORY, '../onnx-inference/recipe.yaml'), 'utf8')) as {
    ComponentConfiguration: { DefaultConfiguration: { accessControl: unknown } };
  };
  const { accessControl, ...defaults } = recipe.ComponentConfiguration.DefaultConfiguration;
  // What the recipe trusts is what must have signed the model.
  const { trustedKeys } = configurationSchema.parse(defaults);
  expect(accessControl).toBeDefined();
  model = await verifyModel(DIRECTORY, { keys: trustedKeys, name: 'pump-bearing' });
  programs = await buildProgram();
  runner = await ModelRunner.start(model.manifest, model.bytes, {
    ...programs,
    clock: systemClock,
    loadTimeout: 20_000,
  });
});
afterAll(async () => {
  await runner.close();
  programs.remove();
});

test('the committed model is of the version that the training says', () => {
  expect(model.manifest.version).toBe(PUMP_MODEL_VERSION);
  expect(model.manifest.issuedAt).toBe(PUMP_MODEL_ISSUED_AT);
  const probabilities = model.manifest.test.vectors.map(({ outputs }) => outputs[0] as number);
  expect(Math.min(...probabilities)).toBeLessThan(0.01);
  expect(Math.max(...probabilities)).toBeGreaterThan(0.99);
});

test('in the runtime that the core has, it finds what it was measured to find, on runs that nobody has seen', async () => {
  const fresh = seedsFrom(9_001, 5);
  expect(TEST_SEEDS).not.toContain(fresh[0]);
  const scored = [];
  for (const history of fresh.flatMap((seed) => playRun(seed, 120_000))) {
    const results = await runner.run(
      history.windows.map(({ features }) => features),
      20_000,
    );
    scored.push({ history, scores: results.map(([probability]) => probability as number) });
  }
  const confusion = confusionAt(scored, 0.66);
  // Of the README: 0.93 and 0.86, on many more runs.
  expect(precisionOf(confusion)).toBeGreaterThan(0.8);
  expect(recallOf(confusion)).toBeGreaterThan(0.75);
  const alarm = model.manifest.outputs[0]?.alarm;
  if (alarm === undefined) throw new Error('the model has no alarm');
  const { failures, falseAlarms, pumpDays, warned } = scoreAlarms(scored, alarm);
  expect(failures).toBeGreaterThan(2);
  expect(warned).toBe(failures);
  expect(falseAlarms / pumpDays).toBeLessThan(0.5);
}, 120_000);

test('the same seeds give the same model, to the last bit; another seed another', () => {
  const runs = new Map([1, 3].map((seed) => [seed, playRun(seed, 120_000, 10_800_000)]));
  const play = (seed: number) => runs.get(seed) ?? [];
  const small = { trainSeeds: [1], validationSeeds: [3], step: 120_000, hidden: [4], epochs: 5 };
  const build = (seed: number) =>
    buildPumpModel(fitPumpModel({ ...small, seed, batch: 16, rate: 0.01, decay: 0 }, play), '0.0.1', 0);
  const [first, second, other] = [build(5), build(5), build(6)];
  expect(second.bytes.equals(first.bytes)).toBe(true);
  expect(second.manifest).toEqual(first.manifest);
  expect(other.bytes.equals(first.bytes)).toBe(false);
}, 60_000);

test('no run is in two of the parts', () => {
  const all = [...FULL_FIT.trainSeeds, ...FULL_FIT.validationSeeds, ...TEST_SEEDS];
  expect(new Set(all).size).toBe(all.length);
});
