import type { FirmwareManifest } from '@fleetwright/contracts';
import {
  digestOf,
  ISSUED,
  keySetOf,
  manifestBytes,
  manifestOf,
  signBytes,
  signingKey,
} from '../testing/firmware-fixture.ts';
import { checkManifest, type DeviceFacts } from './check-manifest.ts';

const root = signingKey('root', 'ED25519');
const signer = signingKey('signer');
const offline = signingKey('offline', 'ED25519');
const keys = keySetOf(1, [root], [signer, offline]);
const image = Buffer.alloc(5_000, 7);
const facts: DeviceFacts = {
  deviceType: 'pump-station',
  hardwareRevision: 'rev-b',
  running: { version: '1.4.0', sha256: digestOf(Buffer.from('old')) },
  floor: '1.2.0',
  now: ISSUED + 1,
};

function check(changes: Partial<FirmwareManifest> = {}, device: Partial<DeviceFacts> = {}, key = signer) {
  const manifest = manifestOf(image, '2.0.0', changes);
  const bytes = manifestBytes(manifest);
  const document = { firmwareVersion: manifest.version, signatures: [signBytes(bytes, key)] };
  return checkManifest(bytes, document, keys, { ...facts, ...device });
}

test.each([signer, offline])('a manifest that $keyId has signed with $algorithm is taken', (key) => {
  expect(check({}, {}, key)).toMatchObject({ ok: true, keyId: key.keyId, manifest: { version: '2.0.0' } });
});

test.each<[string, Partial<FirmwareManifest>, Partial<DeviceFacts>, string]>([
  ['another device type', { deviceTypes: ['valve', 'meter'] }, {}, 'WRONG_DEVICE_TYPE'],
  ['another hardware', { hardwareRevisions: ['rev-c'] }, {}, 'WRONG_HARDWARE'],
  ['a time that is over', {}, { now: ISSUED + 86_400_001 }, 'EXPIRED'],
  ['a version below the floor', { version: '1.1.9', minimumVersion: '1.0.0' }, {}, 'DOWNGRADE'],
  ['a step that is left out', { installableFrom: '1.5.0' }, {}, 'NOT_INSTALLABLE_FROM'],
  ['another image of the version that runs', { version: '1.4.0', minimumVersion: '1.4.0' }, {}, 'MANIFEST_INVALID'],
])('%s is refused', (_what, changes, device, reason) => {
  expect(check(changes, device)).toMatchObject({ ok: false, reason });
});

test('a version below the one that runs, and not below the floor, is a way back that was left open', () => {
  expect(check({ version: '1.3.0', minimumVersion: '1.0.0' })).toMatchObject({ ok: true });
});

test('a manifest of another version than the job orders is refused', () => {
  const bytes = manifestBytes(manifestOf(image, '2.0.0'));
  const document = { firmwareVersion: '2.0.1', signatures: [signBytes(bytes, signer)] };
  expect(checkManifest(bytes, document, keys, facts)).toMatchObject({ ok: false, reason: 'MANIFEST_INVALID' });
});

const signed = (bytes: Buffer, ...by: (typeof signer)[]) =>
  checkManifest(bytes, { firmwareVersion: '2.0.0', signatures: by.map((key) => signBytes(bytes, key)) }, keys, facts);

test.each<[string, (text: string) => string]>([
  ['white space', (text) => text.replace('{', '{ ')],
  ['another order of names', (text) => text.replace(/^\{("deltas":\[\]),(.*)\}$/, '{$2,$1}')],
  ['a name that is there twice', (text) => text.replace(/^\{/, '{"deltas":[],')],
  ['a number in another notation', (text) => text.replace('"format":1,', '"format":1e0,')],
  ['a byte order mark', (text) => `\uFEFF${text}`],
  ['an unknown member', (text) => text.replace(/\}$/, ',"zzz":1}')],
])('signed bytes with %s are refused: they are not the canonical form of a manifest', (_what, change) => {
  const text = manifestBytes(manifestOf(image, '2.0.0')).toString();
  expect(change(text)).not.toBe(text);
  expect(signed(Buffer.from(change(text)), signer)).toMatchObject({ ok: false, reason: 'MANIFEST_INVALID' });
});

test('nothing is read of bytes that no trusted key has signed', () => {
  const bytes = Buffer.from('not even JSON');
  expect(signed(bytes, signingKey('stranger'))).toMatchObject({ ok: false, reason: 'KEY_UNKNOWN' });
  expect(signed(bytes, { ...signingKey('signer'), keyId: 'signer' })).toMatchObject({ reason: 'SIGNATURE_INVALID' });
});

test('a root key signs no firmware', () => {
  expect(check({}, {}, root)).toMatchObject({ ok: false, reason: 'KEY_UNKNOWN' });
});

test('one signature by a trusted key is enough, whatever stands beside it', () => {
  const bytes = manifestBytes(manifestOf(image, '2.0.0'));
  expect(signed(bytes, signingKey('stranger'), signer)).toMatchObject({ ok: true, keyId: 'signer' });
});

test('an algorithm that is not that of the key is not tried', () => {
  const bytes = manifestBytes(manifestOf(image, '2.0.0'));
  const lying = { ...signBytes(bytes, signer), algorithm: 'ED25519' as const };
  const document = { firmwareVersion: '2.0.0', signatures: [lying] };
  expect(checkManifest(bytes, document, keys, facts)).toMatchObject({ ok: false, reason: 'KEY_UNKNOWN' });
});

test('a key of another curve than its algorithm says verifies nothing', () => {
  const bytes = manifestBytes(manifestOf(image, '2.0.0'));
  const mixed = {
    ...keys,
    keys: keys.keys.map((key) => (key.keyId === 'signer' ? { ...key, publicKeyPem: offline.publicKeyPem } : key)),
  };
  const document = {
    firmwareVersion: '2.0.0',
    signatures: [{ ...signBytes(bytes, offline), keyId: 'signer', algorithm: signer.algorithm }],
  };
  expect(checkManifest(bytes, document, mixed, facts)).toMatchObject({ ok: false, reason: 'SIGNATURE_INVALID' });
});
