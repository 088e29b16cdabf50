import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { ModelStore } from './model-store.ts';
import { linearModel, placeModel, testKey, testManifest } from './testing/test-models.ts';
import { type VerifiedModel, verifyModel } from './verify-model.ts';

const { privateKey, trusted } = testKey();
let root: string;
let store: ModelStore;
let model: VerifiedModel;

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'fleetwright-store-'));
  store = new ModelStore(join(root, 'models'));
  const bytes = linearModel();
  placeModel(join(root, 'offered'), bytes, testManifest(bytes), privateKey);
  model = await verifyModel(join(root, 'offered'), { keys: trusted });
  await store.keep(model);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

test('what is kept is there after its source has gone, and is verified when it is read', async () => {
  rmSync(join(root, 'offered'), { recursive: true });
  expect((await store.read(model.digest, { keys: trusted })).bytes.equals(model.bytes)).toBe(true);
  await expect(store.read(model.digest, { keys: {} })).rejects.toMatchObject({ reason: 'KEY_UNKNOWN' });
  writeFileSync(join(root, 'models', model.digest, 'shaking.onnx'), model.bytes.subarray(1));
  await expect(store.read(model.digest, { keys: trusted })).rejects.toMatchObject({ reason: 'WRONG_FILE' });
});

test('kept again it is whole again', async () => {
  rmSync(join(root, 'models', model.digest, 'signatures.json'));
  await store.keep(model);
  expect((await store.read(model.digest, { keys: trusted })).digest).toBe(model.digest);
});

test('is not taken away while it is on its way into the state, and is afterwards', async () => {
  const place = join(root, 'models', model.digest);
  await store.prune(new Set());
  expect(existsSync(place)).toBe(true);
  store.released(model.digest);
  await store.prune(new Set([model.digest]));
  expect(existsSync(place)).toBe(true);
  await store.prune(new Set());
  expect(existsSync(place)).toBe(false);
});
