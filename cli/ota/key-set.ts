import { createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import {
  MAX_TRAVELLING_KEY_SET_BYTES,
  type SignedKeySet,
  signedKeySetSchema,
  type TrustedKeySet,
  trustedKeySetSchema,
} from '@fleetwright/contracts';
import { keyIdOf } from '@fleetwright/contracts/signatures';
import { z } from 'zod';
import { Failure } from '../failure.ts';
import { canonicalJson } from './canonical-json.ts';

type TrustedKey = TrustedKeySet['keys'][number];

/** A public key, or that of a certificate, for a key set. @throws Failure for a kind of key that devices do not know */
export function trustedKey(pem: string, use: TrustedKey['use']): TrustedKey {
  const key = createPublicKey(pem);
  const { asymmetricKeyDetails, asymmetricKeyType } = key;
  const p256 = asymmetricKeyType === 'ec' && asymmetricKeyDetails?.namedCurve === 'prime256v1';
  if (!p256 && asymmetricKeyType !== 'ed25519') {
    throw new Failure(`devices trust P-256 and Ed25519 keys, not ${asymmetricKeyType ?? 'this one'}`);
  }
  return {
    keyId: keyIdOf(key),
    algorithm: p256 ? 'ECDSA_P256_SHA256' : 'ED25519',
    publicKeyPem: key.export({ type: 'spki', format: 'pem' }).toString().trim(),
    use,
  };
}

export interface KeySetRequest {
  /** Private key, PEM: of a root that devices trust already, or of the first. */
  readonly rootPem: string;
  readonly firmwareKeys: readonly TrustedKey[];
  readonly furtherRoots: readonly TrustedKey[];
  /** Set that devices have now. */
  readonly previous?: SignedKeySet | undefined;
  /** Keys of the previous set that devices must no longer trust. */
  readonly withdraw: readonly string[];
  /** ms since the epoch */
  readonly now: number;
}

/**
 * The next key set, signed. It keeps the keys of the one before, but those that are withdrawn.
 * @throws Failure when devices would refuse it
 */
export function signKeySet(request: KeySetRequest): SignedKeySet {
  const root = createPrivateKey(request.rootPem);
  const own = trustedKey(createPublicKey(root).export({ type: 'spki', format: 'pem' }).toString(), 'root');
  const before = request.previous === undefined ? undefined : readKeySet(request.previous);
  if (before?.keys.some(({ keyId, use }) => keyId === own.keyId && use === 'root') === false) {
    throw new Failure(`the root key ${own.keyId} is not in the previous set: devices would refuse what it signs`);
  }
  const missing = request.withdraw.find((keyId) => before?.keys.some((key) => key.keyId === keyId) !== true);
  if (missing !== undefined) throw new Failure(`${missing} is no key of the previous set`);
  const keys = new Map<string, TrustedKey>();
  for (const key of [...(before?.keys ?? []), own, ...request.furtherRoots, ...request.firmwareKeys]) {
    const there = keys.get(key.keyId);
    if (there !== undefined && there.use !== key.use) throw new Failure(`${key.keyId} would be root and firmware key`);
    if (!request.withdraw.includes(key.keyId)) keys.set(key.keyId, key);
  }
  const set = trustedKeySetSchema.safeParse({
    format: 1,
    serial: (before?.serial ?? 0) + 1,
    issuedAt: request.now,
    keys: [...keys.values()],
  });
  if (!set.success) throw new Failure(z.prettifyError(set.error));
  const bytes = canonicalJson(set.data);
  const algorithm = own.algorithm;
  const signature = sign(algorithm === 'ED25519' ? null : 'sha256', bytes, root).toString('base64');
  const signed = signedKeySetSchema.parse({
    keySet: bytes.toString('base64'),
    signatures: [{ keyId: own.keyId, algorithm, signature }],
  });
  const size = Buffer.byteLength(JSON.stringify(signed));
  if (size > MAX_TRAVELLING_KEY_SET_BYTES) {
    throw new Failure(`the key set has ${size} bytes, job documents have room for ${MAX_TRAVELLING_KEY_SET_BYTES}`);
  }
  return signed;
}

/** @throws Failure for a set that its own root keys did not sign */
export function readKeySet(signed: SignedKeySet): TrustedKeySet {
  const bytes = Buffer.from(signed.keySet, 'base64');
  const set = trustedKeySetSchema.parse(JSON.parse(bytes.toString('utf8')));
  const known = signed.signatures.some(({ algorithm, keyId, signature }) => {
    const key = set.keys.find((one) => one.keyId === keyId && one.use === 'root');
    const digest = algorithm === 'ED25519' ? null : 'sha256';
    return key !== undefined && verify(digest, bytes, key.publicKeyPem, Buffer.from(signature, 'base64'));
  });
  // The root of the set before may be withdrawn in it, so this is no fault by itself.
  if (!known && set.serial === 1) throw new Failure('the first key set is not signed by a root key of its own');
  return set;
}
