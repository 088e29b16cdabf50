import { createPublicKey, generateKeyPairSync, verify } from 'node:crypto';
import { readKeySet, signKeySet, trustedKey } from './key-set.ts';

const pem = (key: { export(options: object): string | Buffer }, type: 'pkcs8' | 'spki') =>
  key.export({ type, format: 'pem' }).toString();
const root = generateKeyPairSync('ed25519');
const otherRoot = generateKeyPairSync('ed25519');
const firmware = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const nextFirmware = generateKeyPairSync('ec', { namedCurve: 'P-256' });

const rootPem = pem(root.privateKey, 'pkcs8');
const first = trustedKey(pem(firmware.publicKey, 'spki'), 'firmware');
const second = trustedKey(pem(nextFirmware.publicKey, 'spki'), 'firmware');
const request = { rootPem, firmwareKeys: [first], furtherRoots: [], withdraw: [], now: 1_000 };

test('a key set is signed by its root key, over its canonical bytes', () => {
  const signed = signKeySet(request);
  const bytes = Buffer.from(signed.keySet, 'base64');
  const [signature] = signed.signatures;
  expect(signature?.algorithm).toBe('ED25519');
  const key = createPublicKey(pem(root.publicKey, 'spki'));
  expect(verify(null, bytes, key, Buffer.from(signature?.signature ?? '', 'base64'))).toBe(true);
  expect(bytes.toString().startsWith('{"format":1,"issuedAt":1000,"keys":[{"algorithm"')).toBe(true);
  expect(readKeySet(signed)).toMatchObject({ serial: 1 });
});

test('the next set keeps the keys of the one before, with a greater serial', () => {
  const previous = signKeySet(request);
  const next = readKeySet(signKeySet({ ...request, previous, firmwareKeys: [second] }));
  expect(next.serial).toBe(2);
  expect(next.keys.map(({ keyId }) => keyId)).toEqual(expect.arrayContaining([first.keyId, second.keyId]));
});

test('a key is withdrawn by its id', () => {
  const previous = signKeySet({ ...request, firmwareKeys: [first, second] });
  const next = readKeySet(signKeySet({ ...request, previous, firmwareKeys: [second], withdraw: [first.keyId] }));
  expect(next.keys.map(({ keyId }) => keyId)).not.toContain(first.keyId);
});

test.each([
  ['a root that the previous set has not', { rootPem: pem(otherRoot.privateKey, 'pkcs8') }, /devices would refuse/],
  ['a withdrawal of a key that nobody has', { withdraw: ['f'.repeat(32)] }, /no key of the previous set/],
  ['no firmware key', { firmwareKeys: [], withdraw: [first.keyId] }, /a root key and a firmware key/],
  [
    'a key that would be both',
    { firmwareKeys: [trustedKey(pem(root.publicKey, 'spki'), 'firmware')] },
    /root and firmware key/,
  ],
])('%s is refused', (_what, over, message) => {
  const previous = signKeySet(request);
  expect(() => signKeySet({ ...request, previous, ...over })).toThrow(message);
});

test('a second root may sign once a set has named it', () => {
  const further = trustedKey(pem(otherRoot.publicKey, 'spki'), 'root');
  const previous = signKeySet({ ...request, furtherRoots: [further] });
  const own = trustedKey(pem(root.publicKey, 'spki'), 'root');
  const next = signKeySet({
    ...request,
    previous,
    rootPem: pem(otherRoot.privateKey, 'pkcs8'),
    withdraw: [own.keyId],
  });
  expect(readKeySet(next).keys.filter(({ use }) => use === 'root')).toHaveLength(1);
});

test('keys that devices do not know are refused', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-384' });
  expect(() => trustedKey(pem(publicKey, 'spki'), 'firmware')).toThrow(/P-256 and Ed25519/);
});
