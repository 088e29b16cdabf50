import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { systemClock } from '../../shared/src/system-clock.ts';
import { ModelRefusal } from './model-refusal.ts';
import { ModelRunner, type RunFailure, type RunnerOptions } from './model-runner.ts';
import { buildProgram } from './testing/build-program.ts';
import { countingModel, linearModel, logarithmModel, tableModel, testManifest } from './testing/test-models.ts';

type Changes = Parameters<typeof testManifest>[1];

let programs: Awaited<ReturnType<typeof buildProgram>>;
let runner: ModelRunner | undefined;

beforeAll(async () => {
  programs = await buildProgram();
});
afterEach(async () => {
  await runner?.close();
  runner = undefined;
});
afterAll(() => programs.remove());

function options(): RunnerOptions {
  return { ...programs, clock: systemClock, loadTimeout: 20_000 };
}

async function start(bytes: Buffer, changes: Changes = {}): Promise<ModelRunner> {
  runner = await ModelRunner.start(testManifest(bytes, changes), bytes, options());
  return runner;
}

test('a model gives what it computes of the scaled features, row by row', async () => {
  const features = [{ of: 'vibration', kind: 'last', offset: 1, scale: 2 }] as const;
  const vectors = [{ features: [3], outputs: [10] }];
  const running = await start(linearModel(10), { features: [...features], test: { tolerance: 1e-4, vectors } });
  expect(await running.run([[1], [2], [5]], 5_000)).toEqual([[0], [5], [20]]);
});

const twice: Changes = {
  features: [...testManifest(linearModel()).features, { of: 'vibration', kind: 'mean', offset: 0, scale: 1 }],
  test: { tolerance: 1, vectors: [{ features: [1, 1], outputs: [1] }] },
};
const renamed: Changes = { tensors: { input: 'z', output: 'y', batch: true } };
const negative: Changes = { test: { tolerance: 1e5, vectors: [{ features: [-1], outputs: [0] }] } };

test.each<[string, Buffer, Changes, string, RegExp]>([
  ['rubbish', Buffer.from('no model at all'), {}, 'NOT_LOADABLE', /protobuf/],
  ['another name of the input', linearModel(), renamed, 'SHAPE_MISMATCH', /has x/],
  ['another width', linearModel(), twice, 'SHAPE_MISMATCH', /any number of × 2, is rows × 1/],
  ['one row where the manifest says many', countingModel(), {}, 'SHAPE_MISMATCH', /any number of/],
  ['another result for a test vector', linearModel(2), {}, 'TEST_FAILED', /must give 1, gave 2/],
  ['no number for a test vector', logarithmModel(), negative, 'TEST_FAILED', /gave NaN/],
])('refuses a model with %s', async (_, bytes, changes, reason, detail) => {
  const error = await ModelRunner.start(testManifest(bytes, changes), bytes, options()).catch((thrown) => thrown);
  expect(error).toBeInstanceOf(ModelRefusal);
  expect(error).toMatchObject({ reason, message: expect.stringMatching(detail) });
});

test('a result that is no number is a failure, and the model goes on', async () => {
  const running = await start(logarithmModel(), {
    test: { tolerance: 1e-4, vectors: [{ features: [1], outputs: [0] }] },
  });
  const failure = (await running.run([[1], [-1]], 5_000).catch((error) => error)) as RunFailure;
  expect(failure.reason).toBe('NOT_FINITE');
  expect(await running.run([[1]], 5_000)).toEqual([[0]]);
});

test('an error of the runtime is a failure, and the model goes on', async () => {
  const running = await start(tableModel(), {
    test: { tolerance: 1e-4, vectors: [{ features: [1], outputs: [0.5] }] },
  });
  const failure = (await running.run([[7]], 5_000).catch((error) => error)) as RunFailure;
  expect(failure.reason).toBe('THREW');
  expect(await running.run([[0]], 5_000)).toEqual([[0.25]]);
});

test('a model that takes too long loses its thread, and holds up nobody meanwhile', async () => {
  const tensors = { input: 'x', output: 'y', batch: false };
  const running = await start(countingModel(), { tensors });
  expect(await running.run([[3], [4]], 5_000)).toEqual([[3], [4]]);
  let beats = 0;
  const beat = setInterval(() => beats++, 10);
  const failure = (await running.run([[2_000_000_000]], 300).catch((error) => error)) as RunFailure;
  clearInterval(beat);
  expect(failure.reason).toBe('TIMEOUT');
  expect(beats).toBeGreaterThan(5);
  expect(running.alive).toBe(false);
  await expect(running.run([[1]], 1_000)).rejects.toMatchObject({ reason: 'TIMEOUT' });
});
