import type {
  DecryptRequest,
  DecryptResponse,
  EncryptRequest,
  EncryptResponse,
  ReEncryptRequest,
  ReEncryptResponse,
} from '@aws-sdk/client-kms';
import type { Operation } from '../../../core/api.ts';
import { readHead } from '../ciphertext.ts';
import { decrypt, encrypt, SYMMETRIC } from '../encryption.ts';
import { validation } from '../errors.ts';
import type { Keys } from '../keys.ts';
import { MAX_CIPHERTEXT_BYTES, MAX_MESSAGE_BYTES } from '../limits.ts';
import { contextConditions, keyPermission } from '../permissions.ts';
import { checkUsage, endDryRun, refuseUnbuilt, requireBytes } from '../usage.ts';

/** KMS API reference, "Encrypt", "Decrypt", "ReEncrypt". Blobs are opaque; those of symmetric keys name their key. */
export function createEncryptionOperations(keys: Keys): Operation[] {
  /** "This parameter is required only when the ciphertext was encrypted under an asymmetric KMS key." */
  const keyOf = (id: string | undefined, algorithm: string, ciphertext: Uint8Array | undefined): string => {
    if (id !== undefined) return id;
    if (algorithm !== SYMMETRIC) throw validation('KeyId is required to decrypt with an asymmetric key.');
    return readHead(requireBytes('ciphertextBlob', ciphertext, MAX_CIPHERTEXT_BYTES)).keyId;
  };

  const encrypting: Operation<EncryptRequest, EncryptResponse> = {
    name: 'Encrypt',
    authorize: (input) => [
      keyPermission(keys, 'Encrypt', input.KeyId, {
        'kms:EncryptionAlgorithm': input.EncryptionAlgorithm ?? SYMMETRIC,
        ...contextConditions(input.EncryptionContext),
      }),
    ],
    handle(input) {
      refuseUnbuilt(input);
      const plaintext = requireBytes('plaintext', input.Plaintext, MAX_MESSAGE_BYTES);
      const key = keys.requireEnabled(input.KeyId ?? '');
      checkUsage(key, 'ENCRYPT_DECRYPT', 'Encrypt');
      const algorithm = input.EncryptionAlgorithm ?? SYMMETRIC;
      const ciphertext = encrypt(keys, key, algorithm, plaintext, input.EncryptionContext);
      endDryRun(input);
      return { CiphertextBlob: ciphertext, KeyId: key.arn, EncryptionAlgorithm: algorithm };
    },
  };

  const decrypting: Operation<DecryptRequest, DecryptResponse> = {
    name: 'Decrypt',
    authorize: (input) => {
      const algorithm = input.EncryptionAlgorithm ?? SYMMETRIC;
      return [
        keyPermission(keys, 'Decrypt', keyOf(input.KeyId, algorithm, input.CiphertextBlob), {
          'kms:EncryptionAlgorithm': algorithm,
          ...contextConditions(input.EncryptionContext),
        }),
      ];
    },
    handle(input) {
      refuseUnbuilt(input);
      const ciphertext = requireBytes('ciphertextBlob', input.CiphertextBlob, MAX_CIPHERTEXT_BYTES);
      const algorithm = input.EncryptionAlgorithm ?? SYMMETRIC;
      const key = keys.requireEnabled(keyOf(input.KeyId, algorithm, ciphertext));
      checkUsage(key, 'ENCRYPT_DECRYPT', 'Decrypt');
      const { plaintext, material } = decrypt(keys, key, algorithm, ciphertext, input.EncryptionContext);
      endDryRun(input);
      return {
        KeyId: key.arn,
        Plaintext: plaintext,
        EncryptionAlgorithm: algorithm,
        ...(material === undefined ? {} : { KeyMaterialId: material.id }),
      };
    },
  };

  const reEncrypting: Operation<ReEncryptRequest, ReEncryptResponse> = {
    name: 'ReEncrypt',
    authorize: (input) => {
      const algorithm = input.SourceEncryptionAlgorithm ?? SYMMETRIC;
      const source = keyOf(input.SourceKeyId, algorithm, input.CiphertextBlob);
      const same = {
        'kms:ReEncryptOnSameKey': String(keys.find(source)?.id === keys.find(input.DestinationKeyId ?? '')?.id),
      };
      return [
        keyPermission(keys, 'ReEncryptFrom', source, {
          'kms:EncryptionAlgorithm': algorithm,
          ...same,
          ...contextConditions(input.SourceEncryptionContext),
        }),
        keyPermission(keys, 'ReEncryptTo', input.DestinationKeyId, {
          'kms:EncryptionAlgorithm': input.DestinationEncryptionAlgorithm ?? SYMMETRIC,
          ...same,
          ...contextConditions(input.DestinationEncryptionContext),
        }),
      ];
    },
    handle(input) {
      refuseUnbuilt(input);
      const ciphertext = requireBytes('ciphertextBlob', input.CiphertextBlob, MAX_CIPHERTEXT_BYTES);
      const from = input.SourceEncryptionAlgorithm ?? SYMMETRIC;
      const to = input.DestinationEncryptionAlgorithm ?? SYMMETRIC;
      const source = keys.requireEnabled(keyOf(input.SourceKeyId, from, ciphertext));
      const destination = keys.requireEnabled(input.DestinationKeyId ?? '');
      for (const key of [source, destination]) checkUsage(key, 'ENCRYPT_DECRYPT', 'ReEncrypt');
      const { plaintext, material } = decrypt(keys, source, from, ciphertext, input.SourceEncryptionContext);
      const made = encrypt(keys, destination, to, plaintext, input.DestinationEncryptionContext);
      endDryRun(input);
      return {
        CiphertextBlob: made,
        SourceKeyId: source.arn,
        KeyId: destination.arn,
        SourceEncryptionAlgorithm: from,
        DestinationEncryptionAlgorithm: to,
        ...(material === undefined ? {} : { SourceKeyMaterialId: material.id }),
        ...(to === SYMMETRIC ? { DestinationKeyMaterialId: keys.currentMaterial(destination).id } : {}),
      };
    },
  };

  return [encrypting, decrypting, reEncrypting];
}
