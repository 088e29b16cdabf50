import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { signManifest } from '../training/sign-model.ts';
import { canonicalJson } from './canonical-json.ts';
import { linearModel, placeModel, testKey, testManifest } from './testing/test-models.ts';
import { type ModelExpectations, verifyModel } from './verify-model.ts';

const bytes = linearModel();
const good = testManifest(bytes);
const { privateKey, trusted } = testKey();
const other = testKey();
let root: string;
let directory: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleetwright-models-'));
  directory = join(root, 'model');
  placeModel(directory, bytes, good, privateKey);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(name: string, content: Buffer | string): void {
  writeFileSync(join(directory, name), content);
}

/** Signs what the writer of manifests would not write. */
function signed(text: string): void {
  write('manifest.jcs', text);
  write('signatures.json', JSON.stringify(signManifest(Buffer.from(text), privateKey).signatures));
}

function manifest(changes: object): string {
  return canonicalJson({ ...good, ...changes });
}

test.each(['ED25519', 'ECDSA'] as const)('takes a model that a trusted key has signed: %s', async (algorithm) => {
  const key = testKey(algorithm);
  placeModel(directory, bytes, good, key.privateKey);
  const model = await verifyModel(directory, { keys: key.trusted });
  expect(model.manifest).toEqual(good);
  expect(model.keyId).toBe(Object.keys(key.trusted)[0]);
  expect(model.bytes.equals(bytes)).toBe(true);
});

const file = good.file;
const escaped = (name: string) => manifest({ file: { ...file, name } });

test.each<[string, () => void, Partial<ModelExpectations>, string, RegExp]>([
  ['no files', () => rmSync(directory, { recursive: true }), {}, 'NOT_READABLE', /ENOENT/],
  ['no signatures', () => rmSync(join(directory, 'signatures.json')), {}, 'NOT_READABLE', /signatures.json: ENOENT/],
  [
    'an empty list of signatures',
    () => write('signatures.json', '{"signatures":[]}'),
    {},
    'SIGNATURE_INVALID',
    /cannot be read/,
  ],
  ['a key that is not trusted', () => {}, { keys: other.trusted }, 'KEY_UNKNOWN', /no trusted key/],
  [
    'a key that was withdrawn',
    () => {},
    { keys: { [Object.keys(trusted)[0] ?? '']: null } },
    'KEY_UNKNOWN',
    /no trusted key/,
  ],
  [
    'a trusted key under the id of another',
    () => {},
    { keys: { [Object.keys(trusted)[0] ?? '']: Object.values(other.trusted)[0] ?? null } },
    'SIGNATURE_INVALID',
    /no signature is over this manifest/,
  ],
  [
    'a manifest that was changed afterwards',
    () => write('manifest.jcs', manifest({ version: '9.0.0' })),
    {},
    'SIGNATURE_INVALID',
    /no signature/,
  ],
  [
    'a manifest that is not canonical',
    () => signed(JSON.stringify(good, undefined, 1)),
    {},
    'MANIFEST_INVALID',
    /canonical/,
  ],
  [
    'a member that is given twice',
    () => signed(manifest({}).replace('"format":1', '"format":1,"format":1')),
    {},
    'MANIFEST_INVALID',
    /canonical/,
  ],
  ['a member that nobody knows', () => signed(manifest({ more: 1 })), {}, 'MANIFEST_INVALID', /more/],
  ['a path for the file', () => signed(escaped('../../etc/passwd.onnx')), {}, 'MANIFEST_INVALID', /plain file name/],
  [
    'an absolute path for the file',
    () => signed(escaped('/etc/passwd.onnx')),
    {},
    'MANIFEST_INVALID',
    /plain file name/,
  ],
  [
    'a file that is bigger than any may be',
    () => signed(manifest({ file: { ...file, size: 67_108_865 } })),
    {},
    'MANIFEST_INVALID',
    /file.size/,
  ],
  [
    'a feature of a role that it has not',
    () => signed(manifest({ features: [{ of: 'noise', kind: 'mean', offset: 0, scale: 1 }] })),
    {},
    'MANIFEST_INVALID',
    /no role/,
  ],
  [
    'test vectors of another width',
    () => signed(manifest({ test: { tolerance: 1, vectors: [{ features: [1, 2], outputs: [1] }] } })),
    {},
    'MANIFEST_INVALID',
    /must be 1 numbers/,
  ],
  [
    'a scale of nothing',
    () => signed(manifest({ features: [{ of: 'vibration', kind: 'mean', offset: 0, scale: 0 }] })),
    {},
    'MANIFEST_INVALID',
    /scale/,
  ],
  [
    'another file than its digest says',
    () => write(file.name, Buffer.from(bytes).fill(7, 20, 21)),
    {},
    'WRONG_FILE',
    /digest/,
  ],
  ['a file that is cut off', () => write(file.name, bytes.subarray(1)), {}, 'WRONG_FILE', /bytes of/],
  ['a file that goes on', () => write(file.name, Buffer.concat([bytes, bytes])), {}, 'NOT_READABLE', /bytes of/],
  [
    'a link in place of the file',
    () => {
      rmSync(join(directory, file.name));
      writeFileSync(join(root, 'elsewhere'), bytes);
      symlinkSync(join(root, 'elsewhere'), join(directory, file.name));
    },
    {},
    'NOT_READABLE',
    /is a link/,
  ],
  ['the name of another model', () => {}, { name: 'pumping' }, 'WRONG_MODEL', /for pumping/],
  ['a version below the lowest', () => {}, { minimumVersion: '1.0.1' }, 'DOWNGRADE', /below 1.0.1/],
  ['a version that was another model', () => {}, { digestOf: () => '0'.repeat(64) }, 'VERSION_REUSED', /other content/],
])('refuses %s', async (_, spoil, expected, reason, detail) => {
  spoil();
  const error = await verifyModel(directory, { keys: trusted, ...expected }).catch((thrown) => thrown);
  expect(error).toMatchObject({ name: 'ModelRefusal', reason, message: expect.stringMatching(detail) });
});

test('looks at nothing of a manifest that nobody vouches for', async () => {
  write('manifest.jcs', '{ this is no JSON');
  await expect(verifyModel(directory, { keys: trusted })).rejects.toMatchObject({ reason: 'SIGNATURE_INVALID' });
});
