import { generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import type { KeySpec } from '@aws-sdk/client-kms';
import type { Entropy } from '../../core/entropy.ts';
import { specKind } from './key-specs.ts';

const generate = promisify(generateKeyPair);

interface KeyPair {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
}

export interface NewMaterial {
  /** Secret bytes, or PKCS #8. */
  readonly secret: Buffer;
  /** DER SubjectPublicKeyInfo of key pairs. */
  readonly publicKey?: Buffer;
}

const SYMMETRIC_KEY_BYTES = 32;

export async function newMaterial(spec: KeySpec, entropy: Entropy): Promise<NewMaterial> {
  const found = specKind(spec);
  switch (found.kind) {
    case 'symmetric':
      return { secret: entropy.bytes(SYMMETRIC_KEY_BYTES) };
    case 'hmac':
      return { secret: entropy.bytes(found.size) };
    case 'ec':
      return encoded(await generate('ec', { namedCurve: found.curve.name }));
    case 'rsa':
      return encoded(await generate('rsa', { modulusLength: found.modulusBits }));
  }
}

function encoded({ privateKey, publicKey }: KeyPair): NewMaterial {
  return {
    secret: privateKey.export({ type: 'pkcs8', format: 'der' }),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }),
  };
}
