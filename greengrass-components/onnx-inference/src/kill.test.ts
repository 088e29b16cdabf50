import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type InferenceMessage, inferenceMessageSchema, type UploadMessage } from '@fleetwright/contracts';
import { afterAll, expect, test } from '@jest/globals';
import { until } from '../../../edge-nucleus/src/testing/test-core.ts';
import { BuiltCore } from '../../build/testing/built-core.ts';
import { createLocalBus } from '../../shared/src/ipc/ipc-buses.ts';
import { systemClock } from '../../shared/src/system-clock.ts';
import { TestLog } from '../../shared/src/testing/test-log.ts';
import { linearModel, placeModel, testKey, testManifest, vibration } from './testing/test-models.ts';

/**
 * The built components as processes under a nucleus: a model component hands its model over, another model comes from a
 * directory, and the inference component is killed again and again meanwhile, in the middle of changes of versions too.
 */

const INFERENCE = 'com.fleetwright.OnnxInference';
const MODEL = 'com.fleetwright.PumpModel';
const PLANT = 'com.example.Plant';
const ROUNDS = 6;

const built = new BuiltCore();
const { core } = built;
const root = mkdtempSync(join(tmpdir(), 'fleetwright-kill-'));
const models = join(root, 'shaking');
const { privateKey, trusted } = testKey();
const found: InferenceMessage[] = [];
const uploads = new Map<string, UploadMessage>();
/** Uploads with one id and two contents. */
const contradictions: string[] = [];
let level = 1;
let beat: NodeJS.Timeout | undefined;

afterAll(async () => {
  clearInterval(beat);
  await core.remove();
  rmSync(root, { recursive: true, force: true });
});

function place(version: string): void {
  const bytes = linearModel();
  const window = { length: 1_000, step: 1_000, minSamples: 2, maxGap: 1_000 };
  placeModel(models, bytes, testManifest(bytes, { version, window }), privateKey);
}

/** Values ten times a second; what is found; and a spool that stores every other time. */
async function connectPlant(): Promise<void> {
  clearInterval(beat);
  const local = createLocalBus(await core.client(PLANT), { clock: systemClock, log: new TestLog() });
  await local.subscribe(
    'fleetwright/edge/inference',
    (message) => void found.push(inferenceMessageSchema.parse(message)),
  );
  await local.subscribe('fleetwright/edge/upload', (message) => {
    const upload = message as UploadMessage;
    const known = uploads.get(upload.uploadId);
    uploads.set(upload.uploadId, upload);
    if (known === undefined) return;
    if (JSON.stringify(known) !== JSON.stringify(upload)) contradictions.push(upload.uploadId);
    void local.publish('fleetwright/edge/stored', { version: 1, uploadId: upload.uploadId, ok: true }).catch(() => {});
  });
  beat = setInterval(() => {
    void local.publish('fleetwright/edge/field/pump-1', vibration(Date.now(), level)).catch(() => {});
  }, 100);
}

async function startCore(): Promise<void> {
  await core.start();
  const merge = { models: { shaking: { directory: models } }, trustedKeys: trusted, scanInterval: 200, lateness: 200 };
  const components = {
    [INFERENCE]: { version: '1.0.0', configurationUpdate: { merge } },
    [MODEL]: { version: '1.0.0' },
    [PLANT]: { version: '1.0.0' },
  };
  expect(await core.nucleus.deploy({ components })).toMatchObject({ status: 'SUCCESSFUL' });
  await connectPlant();
}

const last = () => found.at(-1);

test('six kills, three deaths of the nucleus: the newest good model goes on, and each change of verdict is told once', async () => {
  mkdirSync(root, { recursive: true });
  place('1.0.0');
  await built.install('device-sdk', 'onnx-inference', 'pump-model');
  core.plain(PLANT, '1.0.0', {
    accessControl: {
      'aws.greengrass.ipc.pubsub': {
        'plant:1': { operations: ['aws.greengrass#PublishToTopic'], resources: ['fleetwright/edge/*'] },
        'plant:2': { operations: ['aws.greengrass#SubscribeToTopic'], resources: ['fleetwright/edge/*'] },
      },
    },
  });
  await startCore();
  await until(() => last()?.verdict === 'normal', 30_000);
  // The model component has handed its model over.
  await until(() => /"a model runs".*pump-bearing|pump-bearing.*"a model runs"/.test(built.log(INFERENCE)), 10_000);

  level = 9;
  await until(() => last()?.verdict === 'alarm', 20_000);
  for (let round = 0; round < ROUNDS; round++) {
    const version = `1.0.${round + 1}`;
    place(version);
    const starts = built.startsOf(INFERENCE);
    // At times before the change, in the middle of it, and after.
    await new Promise((resolve) => setTimeout(resolve, round * 150));
    expect(built.kill(INFERENCE)).toBe(true);
    // A third failure within the hour would leave it broken: every other time the nucleus goes too.
    if (round % 2 === 1) {
      await core.stop();
      await startCore();
    }
    await built.runs(INFERENCE, starts);
    const seen = found.length;
    await until(
      () => found.slice(seen).some(({ modelVersion, verdict }) => modelVersion === version && verdict === 'alarm'),
      30_000,
    );
  }
  level = 1;
  await until(() => last()?.verdict === 'normal', 20_000);
  const events = () =>
    [...uploads.values()].filter(({ channel }) => channel === 'event').flatMap(({ samples }) => samples);
  await until(() => events().some(({ values }) => values.alarm_state === 'cleared'), 20_000);
  expect(events().map(({ values }) => values.alarm_state)).toEqual(['raised', 'cleared']);
  expect(contradictions).toEqual([]);
  const state = JSON.parse(readFileSync(join(core.root, 'work', INFERENCE, 'state.json'), 'utf8'));
  expect(state.models.shaking.quarantined).toEqual({});
}, 175_000);
