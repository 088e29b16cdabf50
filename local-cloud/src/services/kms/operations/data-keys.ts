import type {
  GenerateDataKeyPairRequest,
  GenerateDataKeyPairResponse,
  GenerateDataKeyPairWithoutPlaintextRequest,
  GenerateDataKeyPairWithoutPlaintextResponse,
  GenerateDataKeyRequest,
  GenerateDataKeyResponse,
  GenerateDataKeyWithoutPlaintextRequest,
  GenerateDataKeyWithoutPlaintextResponse,
  GenerateRandomRequest,
  GenerateRandomResponse,
} from '@aws-sdk/client-kms';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { EncryptionContext } from '../ciphertext.ts';
import { encrypt, SYMMETRIC } from '../encryption.ts';
import { validation } from '../errors.ts';
import { newMaterial } from '../key-material.ts';
import type { KeyRecord } from '../key-record.ts';
import { readSpec } from '../key-specs.ts';
import type { Keys } from '../keys.ts';
import { MAX_RANDOM_BYTES } from '../limits.ts';
import { contextConditions, keyPermission } from '../permissions.ts';
import { checkSymmetric, endDryRun, refuseUnbuilt } from '../usage.ts';

const KEY_SPECS: Readonly<Record<string, number>> = { AES_128: 16, AES_256: 32 };

/** KMS API reference, "GenerateDataKey" and its kin: envelope encryption. */
export function createDataKeyOperations(keys: Keys): Operation[] {
  const { entropy } = keys.context;

  const wrapping = (id: string | undefined, operation: string): KeyRecord => {
    const key = keys.requireEnabled(id ?? '');
    checkSymmetric(key, operation);
    return key;
  };
  const wrapped = (key: KeyRecord, plaintext: Uint8Array, context: EncryptionContext | undefined) => ({
    blob: encrypt(keys, key, SYMMETRIC, plaintext, context),
    members: { KeyId: key.arn, KeyMaterialId: keys.currentMaterial(key).id },
  });

  const dataKey: Operation<GenerateDataKeyRequest, GenerateDataKeyResponse> = {
    name: 'GenerateDataKey',
    authorize: (input) => [
      keyPermission(keys, 'GenerateDataKey', input.KeyId, contextConditions(input.EncryptionContext)),
    ],
    handle(input) {
      refuseUnbuilt(input);
      const size = dataKeySize(input);
      const key = wrapping(input.KeyId, 'GenerateDataKey');
      endDryRun(input);
      const plaintext = entropy.bytes(size);
      const { blob, members } = wrapped(key, plaintext, input.EncryptionContext);
      return { CiphertextBlob: blob, Plaintext: plaintext, ...members };
    },
  };

  const dataKeyOnly: Operation<GenerateDataKeyWithoutPlaintextRequest, GenerateDataKeyWithoutPlaintextResponse> = {
    name: 'GenerateDataKeyWithoutPlaintext',
    authorize: (input) => [
      keyPermission(keys, 'GenerateDataKeyWithoutPlaintext', input.KeyId, contextConditions(input.EncryptionContext)),
    ],
    handle(input) {
      refuseUnbuilt(input);
      const size = dataKeySize(input);
      const key = wrapping(input.KeyId, 'GenerateDataKeyWithoutPlaintext');
      endDryRun(input);
      const { blob, members } = wrapped(key, entropy.bytes(size), input.EncryptionContext);
      return { CiphertextBlob: blob, ...members };
    },
  };

  const pairOf = async (input: GenerateDataKeyPairRequest, operation: string) => {
    refuseUnbuilt(input);
    new ConstraintViolations().required('keyPairSpec', input.KeyPairSpec).throwIfAny();
    const spec = input.KeyPairSpec;
    if (spec === undefined || !/^(RSA|ECC|SM2)/.test(spec)) throw validation(`KeyPairSpec '${spec}' is not valid`);
    readSpec(spec, 'SIGN_VERIFY');
    const key = wrapping(input.KeyId, operation);
    endDryRun(input);
    const { secret, publicKey } = await newMaterial(spec, entropy);
    const { blob, members } = wrapped(key, secret, input.EncryptionContext);
    return {
      secret,
      members: { PrivateKeyCiphertextBlob: blob, PublicKey: publicKey, KeyPairSpec: spec, ...members },
    };
  };
  const pairConditions = (input: GenerateDataKeyPairRequest) => ({
    'kms:DataKeyPairSpec': input.KeyPairSpec,
    ...contextConditions(input.EncryptionContext),
  });

  const pair: Operation<GenerateDataKeyPairRequest, GenerateDataKeyPairResponse> = {
    name: 'GenerateDataKeyPair',
    authorize: (input) => [keyPermission(keys, 'GenerateDataKeyPair', input.KeyId, pairConditions(input))],
    async handle(input) {
      const { secret, members } = await pairOf(input, 'GenerateDataKeyPair');
      return { PrivateKeyPlaintext: secret, ...members };
    },
  };

  const pairOnly: Operation<GenerateDataKeyPairWithoutPlaintextRequest, GenerateDataKeyPairWithoutPlaintextResponse> = {
    name: 'GenerateDataKeyPairWithoutPlaintext',
    authorize: (input) => [
      keyPermission(keys, 'GenerateDataKeyPairWithoutPlaintext', input.KeyId, pairConditions(input)),
    ],
    handle: async (input) => (await pairOf(input, 'GenerateDataKeyPairWithoutPlaintext')).members,
  };

  const random: Operation<GenerateRandomRequest, GenerateRandomResponse> = {
    name: 'GenerateRandom',
    authorize: () => [{ action: 'kms:GenerateRandom', resource: '*' }],
    handle(input) {
      refuseUnbuilt(input);
      if (input.CustomKeyStoreId !== undefined) throw new NotImplementedError('CustomKeyStoreId');
      new ConstraintViolations()
        .required('numberOfBytes', input.NumberOfBytes)
        .range('numberOfBytes', input.NumberOfBytes, 1, MAX_RANDOM_BYTES)
        .throwIfAny();
      return { Plaintext: entropy.bytes(input.NumberOfBytes as number) };
    },
  };

  return [dataKey, dataKeyOnly, pair, pairOnly, random];
}

/** @throws AwsError ValidationException */
function dataKeySize({ KeySpec: spec, NumberOfBytes: size }: GenerateDataKeyRequest): number {
  new ConstraintViolations()
    .range('numberOfBytes', size, 1, MAX_RANDOM_BYTES)
    .oneOf('keySpec', spec, Object.keys(KEY_SPECS))
    .throwIfAny();
  if ((spec === undefined) === (size === undefined)) {
    throw validation('Please specify either number of bytes or key spec.');
  }
  return size ?? (KEY_SPECS[spec as string] as number);
}
