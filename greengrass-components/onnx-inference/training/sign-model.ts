import { createPublicKey, type KeyObject, sign } from 'node:crypto';
import {
  type ModelKey,
  type ModelManifest,
  type ModelSignatures,
  modelKeySchema,
  modelManifestSchema,
  modelSignaturesSchema,
} from '@fleetwright/contracts';
import { keyIdOf } from '@fleetwright/contracts/signatures';
import { canonicalJson } from '../src/canonical-json.ts';

/** Bytes of a manifest, as they are signed. @throws z.ZodError */
export function manifestBytes(manifest: ModelManifest): Buffer {
  return Buffer.from(canonicalJson(modelManifestSchema.parse(manifest)), 'utf8');
}

/** @param privateKey Ed25519 or ECDSA on P-256 @throws TypeError for other keys */
export function signManifest(
  bytes: Uint8Array,
  privateKey: KeyObject,
): { signatures: ModelSignatures; keyId: string; key: ModelKey } {
  const publicKey = createPublicKey(privateKey);
  const algorithm = algorithmOf(publicKey);
  const keyId = keyIdOf(publicKey);
  const signature = sign(algorithm === 'ED25519' ? null : 'sha256', bytes, privateKey).toString('base64');
  const publicKeyPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  return {
    signatures: modelSignaturesSchema.parse({ signatures: [{ keyId, algorithm, signature }] }),
    keyId,
    key: modelKeySchema.parse({ algorithm, publicKeyPem }),
  };
}

function algorithmOf(key: KeyObject): ModelKey['algorithm'] {
  if (key.asymmetricKeyType === 'ed25519') return 'ED25519';
  if (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1')
    return 'ECDSA_P256_SHA256';
  throw new TypeError('models are signed with Ed25519 or ECDSA P-256');
}
