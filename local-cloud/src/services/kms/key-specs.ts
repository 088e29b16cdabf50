import type { KeySpec, KeyUsageType } from '@aws-sdk/client-kms';
import { AwsError, NotImplementedError } from '../../core/errors.ts';

export interface Curve {
  /** As OpenSSL names it. */
  readonly name: 'prime256v1' | 'secp384r1' | 'secp521r1';
  readonly hash: 'SHA_256' | 'SHA_384' | 'SHA_512';
}

export type SpecKind =
  | { readonly kind: 'symmetric' }
  | { readonly kind: 'hmac' /** bytes */; readonly size: number; readonly hash: string }
  | { readonly kind: 'ec'; readonly curve: Curve }
  | { readonly kind: 'rsa'; readonly modulusBits: number };

const SPECS: Readonly<Record<string, SpecKind>> = {
  SYMMETRIC_DEFAULT: { kind: 'symmetric' },
  ECC_NIST_P256: { kind: 'ec', curve: { name: 'prime256v1', hash: 'SHA_256' } },
  ECC_NIST_P384: { kind: 'ec', curve: { name: 'secp384r1', hash: 'SHA_384' } },
  ECC_NIST_P521: { kind: 'ec', curve: { name: 'secp521r1', hash: 'SHA_512' } },
  RSA_2048: { kind: 'rsa', modulusBits: 2048 },
  RSA_3072: { kind: 'rsa', modulusBits: 3072 },
  RSA_4096: { kind: 'rsa', modulusBits: 4096 },
  HMAC_224: { kind: 'hmac', size: 28, hash: 'sha224' },
  HMAC_256: { kind: 'hmac', size: 32, hash: 'sha256' },
  HMAC_384: { kind: 'hmac', size: 48, hash: 'sha384' },
  HMAC_512: { kind: 'hmac', size: 64, hash: 'sha512' },
};

/** Key specs that AWS has and this cloud does not (KMS API reference, "CreateKey"). */
const UNBUILT_SPECS = [
  'ECC_NIST_EDWARDS25519',
  'ECC_SECG_P256K1',
  'ML_DSA_44',
  'ML_DSA_65',
  'ML_DSA_87',
  'ML_KEM_512',
  'ML_KEM_768',
  'ML_KEM_1024',
  'SM2',
];

export function specKind(spec: KeySpec): SpecKind {
  const found = SPECS[spec];
  if (found === undefined) throw new Error(`no key has the spec ${spec}`);
  return found;
}

/**
 * Spec and usage of a new key; usages as in the KMS API reference, "CreateKey", KeyUsage.
 * @throws AwsError ValidationException
 * @throws NotImplementedError for specs and usages that AWS knows and this cloud does not
 */
export function readSpec(spec: string = 'SYMMETRIC_DEFAULT', usage?: string): { spec: KeySpec; usage: KeyUsageType } {
  if (UNBUILT_SPECS.includes(spec)) throw new NotImplementedError(`KeySpec '${spec}'`);
  const found = SPECS[spec];
  if (found === undefined) {
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value '${spec}' at 'keySpec' failed to satisfy constraint: Member must satisfy enum value set: [${Object.keys(SPECS).join(', ')}]`,
    );
  }
  const allowed = usagesOf(found);
  if (usage === 'KEY_AGREEMENT' && found.kind === 'ec') throw new NotImplementedError(`KeyUsage '${usage}'`);
  if (usage === undefined && found.kind !== 'symmetric') {
    throw new AwsError(
      'ValidationException',
      `You must specify a KeyUsage value for all KMS keys except for symmetric encryption keys.`,
    );
  }
  const chosen = usage ?? 'ENCRYPT_DECRYPT';
  if (!allowed.includes(chosen)) {
    throw new AwsError('ValidationException', `KeyUsage ${chosen} is not compatible with KeySpec ${spec}`);
  }
  return { spec: spec as KeySpec, usage: chosen as KeyUsageType };
}

function usagesOf({ kind }: SpecKind): readonly string[] {
  switch (kind) {
    case 'symmetric':
      return ['ENCRYPT_DECRYPT'];
    case 'hmac':
      return ['GENERATE_VERIFY_MAC'];
    case 'ec':
      return ['SIGN_VERIFY'];
    case 'rsa':
      return ['ENCRYPT_DECRYPT', 'SIGN_VERIFY'];
  }
}

/** Algorithms that a key of this spec and usage takes (KMS developer guide, "Key spec reference"). */
export function algorithmsOf(spec: KeySpec, usage: KeyUsageType): readonly string[] {
  const found = specKind(spec);
  switch (found.kind) {
    case 'symmetric':
      return ['SYMMETRIC_DEFAULT'];
    case 'hmac':
      return [`HMAC_SHA_${spec.slice('HMAC_'.length)}`];
    case 'ec':
      return [`ECDSA_${found.curve.hash}`];
    case 'rsa':
      return usage === 'ENCRYPT_DECRYPT' ? RSA_ENCRYPTION : RSA_SIGNING;
  }
}

const RSA_ENCRYPTION = ['RSAES_OAEP_SHA_1', 'RSAES_OAEP_SHA_256'];
const RSA_SIGNING = ['PKCS1_V1_5', 'PSS'].flatMap((scheme) =>
  ['256', '384', '512'].map((bits) => `RSASSA_${scheme}_SHA_${bits}`),
);
