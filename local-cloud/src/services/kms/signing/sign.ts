import {
  createHash,
  createPrivateKey,
  createPublicKey,
  sign as signHashing,
  verify as verifyHashing,
} from 'node:crypto';
import type { KeySpec } from '@aws-sdk/client-kms';
import type { Entropy } from '../../../core/entropy.ts';
import { specKind } from '../key-specs.ts';
import { signDigest, verifyDigest } from './ecdsa-digest.ts';
import { type RsaHash, signPkcs1, signPss, verifyPkcs1, verifyPss } from './rsa-digest.ts';

/** What is signed: the message itself, or its digest. */
export interface Message {
  readonly bytes: Uint8Array;
  readonly type: 'RAW' | 'DIGEST';
}

/** `sha256` of `ECDSA_SHA_256`. */
export function hashOf(algorithm: string): RsaHash {
  return `sha${algorithm.slice(-3)}` as RsaHash;
}

/** Bytes of a digest of the algorithm's hash. */
export function digestSize(algorithm: string): number {
  return Number(algorithm.slice(-3)) / 8;
}

/** @param pkcs8 DER */
export function sign(spec: KeySpec, pkcs8: Buffer, algorithm: string, message: Message, entropy: Entropy): Buffer {
  const found = specKind(spec);
  const key = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
  const hash = hashOf(algorithm);
  if (found.kind === 'ec') {
    return message.type === 'RAW'
      ? signHashing(hash, message.bytes, key)
      : signDigest(found.curve, key, message.bytes, entropy);
  }
  const digest = digestOf(hash, message);
  return algorithm.startsWith('RSASSA_PSS') ? signPss(key, hash, digest, entropy) : signPkcs1(key, hash, digest);
}

/** @param spki DER */
export function verify(
  spec: KeySpec,
  spki: Buffer,
  algorithm: string,
  message: Message,
  signature: Uint8Array,
): boolean {
  const found = specKind(spec);
  const key = createPublicKey({ key: spki, format: 'der', type: 'spki' });
  const hash = hashOf(algorithm);
  if (found.kind === 'ec') {
    return message.type === 'RAW'
      ? verifyHashing(hash, message.bytes, key, signature)
      : verifyDigest(found.curve, key, message.bytes, signature);
  }
  const digest = digestOf(hash, message);
  return algorithm.startsWith('RSASSA_PSS')
    ? verifyPss(key, hash, digest, signature)
    : verifyPkcs1(key, hash, digest, signature);
}

function digestOf(hash: RsaHash, { bytes, type }: Message): Uint8Array {
  return type === 'DIGEST' ? bytes : createHash(hash).update(bytes).digest();
}
