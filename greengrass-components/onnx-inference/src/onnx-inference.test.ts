import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { manifestBytes } from '../training/sign-model.ts';
import { buildProgram } from './testing/build-program.ts';
import { InferenceCore } from './testing/inference-core.ts';
import {
  countingModel,
  linearModel,
  logarithmModel,
  placeModel,
  tableModel,
  testKey,
  testManifest,
} from './testing/test-models.ts';
import { sha256 } from './verify-model.ts';

let programs: Awaited<ReturnType<typeof buildProgram>>;
let core: InferenceCore;

beforeAll(async () => {
  programs = await buildProgram();
});
afterEach(() => core.remove());
afterAll(() => programs.remove());

const running = (version: string) => () => core.reported.version === version;

async function startWith(
  bytes: Buffer,
  ...more: Parameters<InferenceCore['offer']> extends [Buffer, ...infer R] ? R : never
) {
  core.offer(bytes, ...more);
  await core.start();
  await core.until(() => core.reported.state === 'running', 'a model that runs');
}

test('tells every window of each subject, raises an alarm and clears it', async () => {
  core = new InferenceCore(programs);
  await startWith(linearModel());
  await core.play(30);
  await core.play(20, () => 9);
  await core.play(30);
  await core.until(() => core.results.filter(({ changed }) => changed).length >= 4, 'the end of the alarm');
  const times = core.results.map(({ time }) => time);
  expect(times.every((time, at) => at === 0 || time - (times[at - 1] as number) === 5_000)).toBe(true);
  const changes = core.results.filter(({ changed }) => changed).map(({ verdict }) => verdict);
  expect(changes.slice(0, 4)).toEqual(['unknown', 'normal', 'alarm', 'normal']);
  expect(core.results.find(({ verdict }) => verdict === 'alarm')).toMatchObject({
    model: 'shaking',
    modelVersion: '1.0.0',
    subject: 'pump_1',
    length: 10_000,
    outputs: { level: 9 },
    explanation: 'level 9 (alarm above 5), by vibration last 9 (usually 0)',
  });
  const events = core.uploads('event').map(({ values }) => values);
  expect(events.slice(0, 2)).toMatchObject([
    {
      inference: 'alarm',
      alarm: 'shaking',
      alarm_state: 'raised',
      subject: 'pump_1',
      measure: 'pump_1_level',
      value: 9,
    },
    { inference: 'normal', alarm: 'shaking', alarm_state: 'cleared', value: 1 },
  ]);
  // One score a minute.
  expect(core.uploads('telemetry').length).toBeLessThanOrEqual(3);
  expect(core.uploads('telemetry')[0]?.values).toEqual({ pump_1_level: 1 });
}, 60_000);

test('a series that falls silent makes the verdict unknown, and the cloud hears of it when it lasts', async () => {
  core = new InferenceCore(programs);
  await startWith(linearModel());
  await core.play(20);
  await core.until(() => core.results.at(-1)?.verdict === 'normal', 'a first verdict');
  core.silence();
  await core.until(() => core.uploads('event').length > 0, 'news of silence');
  expect(core.results.at(-1)).toMatchObject({
    verdict: 'unknown',
    outputs: {},
    explanation: expect.stringMatching(/^vibration: /),
  });
  expect(core.uploads('event')[0]?.values).toMatchObject({ inference: 'unknown', subject: 'pump_1' });
  expect(core.uploads('event')[0]?.values).not.toHaveProperty('alarm_state');
}, 60_000);

test('values that are not good are no samples', async () => {
  core = new InferenceCore(programs);
  await startWith(linearModel());
  for (const quality of ['uncertain', 'bad']) {
    for (let time = core.clock.now() - 9_000; time < core.clock.now(); time += 1_000) {
      const values = [{ series: 'pump_1_vibration', time, value: 1, quality }];
      await core.bus.publish('fleetwright/edge/field/pump-1', { version: 1, source: 'pump-1', values });
    }
  }
  await core.play(4);
  core.silence();
  await core.until(() => core.results.length > 1, 'results');
  expect(core.results.every(({ verdict }) => verdict === 'unknown')).toBe(true);
}, 60_000);

test('a new version takes over between two windows, and none is missed', async () => {
  core = new InferenceCore(programs);
  await startWith(linearModel());
  await core.play(20);
  core.offer(linearModel(), { version: '1.1.0' });
  await core.until(() => core.results.at(-1)?.modelVersion === '1.1.0', 'the new version');
  await core.play(15);
  const said = core.results.filter(({ verdict }) => verdict !== 'unknown');
  const times = said.map(({ time }) => time);
  expect(times.every((time, at) => at === 0 || time - (times[at - 1] as number) === 5_000)).toBe(true);
  expect([...new Set(said.map(({ modelVersion }) => modelVersion))]).toEqual(['1.0.0', '1.1.0']);
  expect(core.results.slice(3).every(({ verdict }) => verdict === 'normal')).toBe(true);
}, 60_000);

test.each([
  ['gives what is no number', logarithmModel(), [0], -1, /NOT_FINITE/],
  ['throws', tableModel(), [0.5], 7, /THREW/],
] as const)(
  'a version that passes its test and then %s gives way to the last good one, which answers its windows',
  async (_, bytes, outputs, value, reason) => {
    core = new InferenceCore(programs);
    await startWith(linearModel());
    await core.play(20, () => value);
    await core.until(() => core.results.some(({ outputs: { level } }) => level === value), 'results');
    const test = { tolerance: 1e-4, vectors: [{ features: [1], outputs: [...outputs] }] };
    core.offer(bytes, { version: '2.0.0', test });
    await core.until(() => core.reported.state === 'fallback', 'the fallback');
    await core.play(15, () => value);
    expect(core.reported).toMatchObject({
      state: 'fallback',
      version: '1.0.0',
      refused: { version: '2.0.0', reason: 'MISBEHAVED', detail: expect.stringMatching(reason) },
    });
    const said = core.results.filter(({ verdict }) => verdict !== 'unknown');
    const times = said.map(({ time }) => time);
    expect(times.every((time, at) => at === 0 || time - (times[at - 1] as number) === 5_000)).toBe(true);
    expect(said.every(({ modelVersion }) => modelVersion === '1.0.0')).toBe(true);

    // It is not tried again, not after a restart either; other content is.
    await core.stop();
    await core.start();
    await core.until(
      () => (core.reported.refused as { reason?: string } | null)?.reason === 'MISBEHAVED',
      'the refusal',
    );
    expect(core.reported.version).toBe('1.0.0');
    core.offer(linearModel(3), {
      version: '2.0.1',
      test: { tolerance: 1e-4, vectors: [{ features: [1], outputs: [3] }] },
    });
    await core.until(running('2.0.1'), 'the next version');
    expect(core.reported.refused).toBeUndefined();
  },
  60_000,
);

test.each([
  ['another key', () => core.offer(linearModel(), { version: '2.0.0' }, testKey()), 'KEY_UNKNOWN'],
  ['a failed test', () => core.offer(linearModel(2), { version: '2.0.0' }), 'TEST_FAILED'],
  ['a known version with other content', () => core.offer(linearModel(), { description: 'another' }), 'VERSION_REUSED'],
  ['another name', () => core.offer(linearModel(), { version: '2.0.0', name: 'breaking' }), 'WRONG_MODEL'],
] as const)(
  'a model with %s is refused, told so, and the one before goes on',
  async (_, offer, reason) => {
    core = new InferenceCore(programs);
    await startWith(linearModel());
    offer();
    await core.until(() => (core.reported.refused as { reason?: string } | undefined)?.reason === reason, reason);
    expect(core.reported).toMatchObject({ state: 'running', version: '1.0.0' });
    expect(core.host.log.lines).toContainEqual(
      expect.objectContaining({ level: 'error', message: 'a model is refused' }),
    );
    await core.play(20);
    await core.until(() => core.results.at(-1)?.verdict === 'normal', 'results');
  },
  60_000,
);

test('goes on after a restart with nothing offered, and ends in time what nobody offers', async () => {
  core = new InferenceCore(programs, { keepWithdrawn: 60_000 });
  await startWith(linearModel());
  await core.play(10);
  core.withdraw();
  await core.stop();
  await core.start();
  await core.until(() => core.reported.state === 'withdrawn', 'the report');
  await core.play(20);
  await core.until(() => core.results.at(-1)?.verdict === 'normal', 'results');
  await core.until(() => core.reported.state === 'none', 'the end');
  expect(core.reported.version).toBeUndefined();
}, 60_000);

test('a key that is withdrawn takes its model with it', async () => {
  core = new InferenceCore(programs);
  await startWith(linearModel());
  const trustedKeys = Object.fromEntries(Object.keys(core.key.trusted).map((id) => [id, null]));
  expect(core.host.configure({ ...core.configuration, trustedKeys })).toBe(true);
  await core.until(() => core.reported.state === 'none', 'the end');
  expect(core.reported.refused).toMatchObject({ reason: 'KEY_UNKNOWN' });
}, 60_000);

test('an alarm that stands is not raised again by a restart, and is cleared after it', async () => {
  core = new InferenceCore(programs);
  await startWith(linearModel());
  await core.play(30, () => 9);
  await core.until(() => core.uploads('event').length === 1, 'the alarm');
  await core.stop();
  await core.start();
  await core.play(30, () => 9);
  expect(core.uploads('event')).toHaveLength(1);
  await core.play(30);
  await core.until(() => core.uploads('event').length === 2, 'the end of the alarm');
  expect(core.uploads('event')[1]?.values).toMatchObject({ alarm_state: 'cleared' });
}, 60_000);

test('a version that hangs loses its thread again and again, and gives way', async () => {
  core = new InferenceCore(programs, { runTimeout: 60_000 });
  const value = 2_000_000_000;
  await startWith(linearModel());
  await core.play(20, () => value);
  await core.until(() => core.results.some(({ verdict }) => verdict !== 'unknown'), 'results');
  const tensors = { input: 'x', output: 'y', batch: false };
  core.offer(countingModel(), { version: '2.0.0', tensors });
  await core.until(() => core.reported.state === 'fallback', 'the fallback');
  expect(core.reported).toMatchObject({ version: '1.0.0', refused: { version: '2.0.0', reason: 'MISBEHAVED' } });
  await core.play(20, () => value);
  const said = core.results.filter(({ verdict }) => verdict !== 'unknown');
  expect(said.every(({ modelVersion }) => modelVersion === '1.0.0')).toBe(true);
  // Each window is told once, in order. What waited for longer than the history lasts is told as unknown.
  const times = core.results.map(({ time }) => time);
  expect(times.every((time, at) => at === 0 || time - (times[at - 1] as number) === 5_000)).toBe(true);
}, 90_000);

test('a model that has ended the process while it was loaded, five times, is not loaded again', async () => {
  core = new InferenceCore(programs);
  core.offer(linearModel());
  const digest = sha256(manifestBytes(testManifest(linearModel())));
  core.remember({
    shaking: { trying: { digest, attempts: 5 }, proven: false, quarantined: {}, versions: {}, verdicts: {} },
  });
  await core.start();
  await core.until(() => core.reported.state === 'none', 'the report');
  expect(core.reported.refused).toMatchObject({ reason: 'MISBEHAVED', detail: expect.stringMatching(/ended 5 times/) });
}, 60_000);

test('a memory that cannot be read costs the memory, not the component', async () => {
  core = new InferenceCore(programs);
  core.offer(linearModel());
  core.remember('torn');
  await core.start();
  await core.until(() => core.reported.state === 'running', 'a model that runs');
  expect(core.host.log.messages('error')).toContain('what was remembered cannot be read and is forgotten');
}, 60_000);

test('two models never give outputs of one name; models come and go with the configuration', async () => {
  core = new InferenceCore(programs);
  await startWith(linearModel());
  const directory = join(core.root, 'second');
  const second = { name: 'second', version: '1.0.0' };
  placeModel(directory, linearModel(), testManifest(linearModel(), second), core.key.privateKey);
  const models = { ...core.configuration.models, second: { directory } };
  expect(core.host.configure({ ...core.configuration, models })).toBe(true);
  await core.until(() => core.reportOf('second').refused !== undefined, 'the refusal');
  expect(core.reportOf('second')).toMatchObject({ state: 'none', refused: { reason: 'OUTPUT_TAKEN' } });
  expect(core.host.configure({ ...core.configuration, models: { second: { directory } } })).toBe(true);
  await core.until(() => core.reported.state === undefined, 'the end of the first');
  await core.until(() => core.reportOf('second').state === 'running', 'the second');
}, 60_000);
