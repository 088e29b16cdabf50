import { constants, createPrivateKey, createPublicKey, privateDecrypt, publicEncrypt } from 'node:crypto';
import { AwsError } from '../../core/errors.ts';
import { type EncryptionContext, openCiphertext, readHead, sealCiphertext } from './ciphertext.ts';
import { invalidCiphertext, validation } from './errors.ts';
import type { KeyMaterial, KeyRecord } from './key-record.ts';
import { specKind } from './key-specs.ts';
import type { Keys } from './keys.ts';
import { MAX_MESSAGE_BYTES } from './limits.ts';
import { checkAlgorithm, requireBytes } from './usage.ts';

export const SYMMETRIC = 'SYMMETRIC_DEFAULT';

/** @throws AwsError ValidationException, InvalidKeyUsageException */
export function encrypt(
  keys: Keys,
  key: KeyRecord,
  algorithm: string,
  plaintext: Uint8Array,
  context: EncryptionContext | undefined,
): Buffer {
  checkAlgorithm(key, algorithm);
  checkContext(algorithm, context);
  if (algorithm === SYMMETRIC) {
    const material = keys.currentMaterial(key);
    const secret = keys.openMaterial(key, material);
    return sealCiphertext({ keyId: key.id, materialId: material.id }, secret, plaintext, context, keys.context.entropy);
  }
  requireBytes('plaintext', plaintext, rsaLimit(key, algorithm));
  const publicKey = createPublicKey({ key: Buffer.from(key.publicKey ?? '', 'base64'), format: 'der', type: 'spki' });
  return publicEncrypt({ key: publicKey, ...oaep(algorithm) }, plaintext);
}

export interface Decrypted {
  readonly plaintext: Buffer;
  /** Of symmetric keys. */
  readonly material?: KeyMaterial;
}

/** @throws AwsError InvalidCiphertextException, IncorrectKeyException, InvalidKeyUsageException */
export function decrypt(
  keys: Keys,
  key: KeyRecord,
  algorithm: string,
  ciphertext: Uint8Array,
  context: EncryptionContext | undefined,
): Decrypted {
  checkAlgorithm(key, algorithm);
  checkContext(algorithm, context);
  if (algorithm !== SYMMETRIC) {
    const pkcs8 = keys.openMaterial(key);
    const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
    try {
      return { plaintext: privateDecrypt({ key: privateKey, ...oaep(algorithm) }, ciphertext) };
    } catch (cause) {
      throw invalidCiphertext(cause);
    }
  }
  const head = readHead(ciphertext);
  if (head.keyId !== key.id) {
    throw new AwsError(
      'IncorrectKeyException',
      'The key ID in the request does not identify a CMK that can perform this operation.',
    );
  }
  const material = key.materials.find(({ id }) => id === head.materialId);
  if (material === undefined) throw invalidCiphertext();
  return { plaintext: openCiphertext(keys.openMaterial(key, material), ciphertext, context), material };
}

/** "Encrypt": RSAES-OAEP takes the modulus less twice the hash less two octets. */
function rsaLimit(key: KeyRecord, algorithm: string): number {
  const found = specKind(key.spec);
  const hash = algorithm.endsWith('SHA_1') ? 20 : 32;
  return found.kind === 'rsa' ? found.modulusBits / 8 - 2 * hash - 2 : MAX_MESSAGE_BYTES;
}

function oaep(algorithm: string): { padding: number; oaepHash: string } {
  return { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: algorithm.endsWith('SHA_1') ? 'sha1' : 'sha256' };
}

/** "You cannot specify an encryption context when performing a cryptographic operation with an asymmetric KMS key." */
function checkContext(algorithm: string, context: EncryptionContext | undefined): void {
  if (algorithm !== SYMMETRIC && context !== undefined && Object.keys(context).length > 0) {
    throw validation(`EncryptionContext is not supported with algorithm ${algorithm}.`);
  }
}
