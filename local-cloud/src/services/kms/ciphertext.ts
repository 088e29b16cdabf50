import type { Entropy } from '../../core/entropy.ts';
import { openBytes, sealBytes } from '../../core/sealing-key.ts';
import { invalidCiphertext } from './errors.ts';

/**
 * What Encrypt returns under a symmetric key: version, key, generation of the key, then AES-256-GCM. Opaque to
 * callers; all of it, and the encryption context, is authenticated.
 */
const VERSION = 1;
const KEY_ID_BYTES = 16;
const MATERIAL_ID_BYTES = 32;
const HEADER_BYTES = 1 + KEY_ID_BYTES + MATERIAL_ID_BYTES;

export type EncryptionContext = Readonly<Record<string, string>>;

export interface CiphertextHead {
  readonly keyId: string;
  readonly materialId: string;
}

export function sealCiphertext(
  head: CiphertextHead,
  key: Uint8Array,
  plaintext: Uint8Array,
  context: EncryptionContext | undefined,
  entropy: Entropy,
): Buffer {
  const header = Buffer.concat([
    Buffer.from([VERSION]),
    Buffer.from(head.keyId.replaceAll('-', ''), 'hex'),
    Buffer.from(head.materialId, 'hex'),
  ]);
  return Buffer.concat([header, sealBytes(key, entropy, plaintext, bound(header, context))]);
}

/** @throws AwsError InvalidCiphertextException for bytes that no symmetric key here made */
export function readHead(ciphertext: Uint8Array): CiphertextHead {
  if (ciphertext.length <= HEADER_BYTES || ciphertext[0] !== VERSION) throw invalidCiphertext();
  const hex = Buffer.from(ciphertext.subarray(1, HEADER_BYTES)).toString('hex');
  const id = hex.slice(0, 2 * KEY_ID_BYTES);
  return {
    keyId: id.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'),
    materialId: hex.slice(2 * KEY_ID_BYTES),
  };
}

/** @throws AwsError InvalidCiphertextException for another key, another encryption context or changed bytes */
export function openCiphertext(
  key: Uint8Array,
  ciphertext: Uint8Array,
  context: EncryptionContext | undefined,
): Buffer {
  const bytes = Buffer.from(ciphertext);
  const header = bytes.subarray(0, HEADER_BYTES);
  try {
    return openBytes(key, bytes.subarray(HEADER_BYTES), bound(header, context));
  } catch (cause) {
    throw invalidCiphertext(cause);
  }
}

/** "The order of the pairs in the encryption context may vary" (developer guide, "Encryption context"). */
function bound(header: Uint8Array, context: EncryptionContext | undefined): Buffer {
  const pairs = Object.entries(context ?? {}).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  return Buffer.concat([header, Buffer.from(JSON.stringify(pairs))]);
}
