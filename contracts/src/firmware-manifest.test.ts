import { firmwareManifestSchema, trustedKeySetSchema } from './firmware-manifest.ts';

const manifest = {
  format: 1,
  version: '2.1.0',
  minimumVersion: '2.0.0',
  deviceTypes: ['pump-station'],
  hardwareRevisions: ['rev-b'],
  issuedAt: 1,
  expiresAt: 2,
  image: { size: 10_000, sha256: 'a'.repeat(64), chunkSize: 4_096, chunks: ['00000000', '00000001', '00000002'] },
  deltas: [],
};

const key = (keyId: string, use: string) => ({
  keyId,
  algorithm: 'ED25519',
  publicKeyPem: '-----BEGIN PUBLIC KEY-----\n',
  use,
});

test('a whole manifest is taken', () => {
  expect(firmwareManifestSchema.parse(manifest)).toEqual(manifest);
});

test.each([
  ['a chunk without its checksum', { image: { ...manifest.image, chunks: ['00000000', '00000001'] } }, 'image.chunks'],
  ['a time that is over before it begins', { expiresAt: 1 }, 'expiresAt'],
  ['a floor above itself', { minimumVersion: '2.1.1' }, 'minimumVersion'],
  ['no hardware at all', { hardwareRevisions: [] }, 'hardwareRevisions'],
  ['a digest of another length', { image: { ...manifest.image, sha256: 'ab' } }, 'image.sha256'],
])('%s is refused with its place', (_what, change, place) => {
  const read = firmwareManifestSchema.safeParse({ ...manifest, ...change });
  expect(read.error?.issues.map(({ path }) => path.join('.'))).toEqual([place]);
});

test('a manifest with something unknown in it is refused: a device must not pass over what was signed', () => {
  expect(firmwareManifestSchema.safeParse({ ...manifest, force: true }).success).toBe(false);
});

test.each([
  ['two keys of one id', [key('a', 'root'), key('a', 'firmware')]],
  ['no root key', [key('a', 'firmware'), key('b', 'firmware')]],
  ['no firmware key', [key('a', 'root'), key('b', 'root')]],
])('a key set with %s is refused', (_what, keys) => {
  expect(trustedKeySetSchema.safeParse({ format: 1, serial: 1, issuedAt: 0, keys }).success).toBe(false);
});
