import type { SignedKeySet, TrustedKeySet } from '@fleetwright/contracts';
import { keySetOf, signBytes, signingKey } from '../testing/firmware-fixture.ts';
import { SimulatedDisk } from '../testing/simulated-disk.ts';
import { canonicalJson } from './canonical-json.ts';
import { TrustedKeys } from './trusted-keys.ts';

const root = signingKey('root-1', 'ED25519');
const nextRoot = signingKey('root-2');
const signer = signingKey('firmware-1');
const first = keySetOf(1, [root], [signer]);
const second = keySetOf(2, [nextRoot], [signer]);
const third = keySetOf(3, [nextRoot], [signingKey('firmware-2')]);

function signedBy(keySet: TrustedKeySet | string, ...keys: (typeof root)[]): SignedKeySet {
  const bytes = Buffer.from(typeof keySet === 'string' ? keySet : canonicalJson(keySet));
  return { keySet: bytes.toString('base64'), signatures: keys.map((key) => signBytes(bytes, key)) };
}

async function keysOn(disk: SimulatedDisk): Promise<TrustedKeys> {
  const keys = new TrustedKeys(disk, '/keys', first);
  await keys.load();
  return keys;
}

test('a newer set that a root key has signed is trusted, and still is after a restart', async () => {
  const disk = new SimulatedDisk();
  const keys = await keysOn(disk);
  expect(await keys.take(signedBy(second, root))).toMatchObject({ kind: 'rotated' });
  expect((await keysOn(disk)).current).toEqual(second);
});

test('a set is signed by a root of the set before: neither by its own nor by one that has gone', async () => {
  const keys = await keysOn(new SimulatedDisk());
  expect(await keys.take(signedBy(second, nextRoot))).toMatchObject({ kind: 'refused', reason: 'KEY_UNKNOWN' });
  await keys.take(signedBy(second, root));
  expect(await keys.take(signedBy(third, root))).toMatchObject({ kind: 'refused' });
  expect(await keys.take(signedBy(third, nextRoot))).toMatchObject({ kind: 'rotated' });
});

test('a firmware key signs no key set', async () => {
  const keys = await keysOn(new SimulatedDisk());
  expect(await keys.take(signedBy(second, signer))).toMatchObject({ kind: 'refused', reason: 'KEY_UNKNOWN' });
});

test('an older set, or the same, changes nothing', async () => {
  const keys = await keysOn(new SimulatedDisk());
  await keys.take(signedBy(second, root));
  expect(await keys.take(signedBy(first, root))).toEqual({ kind: 'unchanged' });
  expect(await keys.take(signedBy(second, root))).toEqual({ kind: 'unchanged' });
  expect(keys.current).toEqual(second);
});

test.each([
  ['a signature over other bytes', { ...signedBy(second, root), signatures: signedBy(third, root).signatures }],
  ['bytes that are not canonical', signedBy(JSON.stringify(second, undefined, 1), root)],
  ['what is no key set', signedBy('{"serial":9}', root)],
])('%s is refused', async (_what, signed) => {
  const keys = await keysOn(new SimulatedDisk());
  expect(await keys.take(signed)).toMatchObject({ kind: 'refused', reason: 'SIGNATURE_INVALID' });
  expect(keys.current).toEqual(first);
});

test('firmware that is made with a newer set than was kept brings it along', async () => {
  const disk = new SimulatedDisk();
  await (await keysOn(disk)).take(signedBy(second, root));
  const newer = new TrustedKeys(disk, '/keys', third);
  await newer.load();
  expect(newer.current).toEqual(third);
});
