import { createHmac, timingSafeEqual } from 'node:crypto';
import type {
  GenerateMacRequest,
  GenerateMacResponse,
  GetPublicKeyRequest,
  GetPublicKeyResponse,
  SignRequest,
  SignResponse,
  VerifyMacRequest,
  VerifyMacResponse,
  VerifyRequest,
  VerifyResponse,
} from '@aws-sdk/client-kms';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import { unsupported, validation } from '../errors.ts';
import type { KeyRecord } from '../key-record.ts';
import { specKind } from '../key-specs.ts';
import { algorithmMembers } from '../key-views.ts';
import type { Keys } from '../keys.ts';
import { MAX_CIPHERTEXT_BYTES, MAX_MESSAGE_BYTES } from '../limits.ts';
import { keyPermission } from '../permissions.ts';
import { digestSize, type Message, sign, verify } from '../signing/sign.ts';
import { checkAlgorithm, checkUsage, endDryRun, refuseUnbuilt, requireBytes } from '../usage.ts';

/** KMS API reference, "Sign", "Verify", "GetPublicKey", "GenerateMac", "VerifyMac". */
export function createSignatureOperations(keys: Keys): Operation[] {
  const signingConditions = (input: SignRequest | VerifyRequest) => ({
    'kms:SigningAlgorithm': input.SigningAlgorithm,
    'kms:MessageType': input.MessageType ?? 'RAW',
  });

  const signing: Operation<SignRequest, SignResponse> = {
    name: 'Sign',
    authorize: (input) => [keyPermission(keys, 'Sign', input.KeyId, signingConditions(input))],
    handle(input) {
      refuseUnbuilt(input);
      const { key, algorithm, message } = signingInput(keys, input, 'Sign');
      const signature = sign(key.spec, keys.openMaterial(key), algorithm, message, keys.context.entropy);
      endDryRun(input);
      return { KeyId: key.arn, Signature: signature, SigningAlgorithm: algorithm };
    },
  };

  const verifying: Operation<VerifyRequest, VerifyResponse> = {
    name: 'Verify',
    authorize: (input) => [keyPermission(keys, 'Verify', input.KeyId, signingConditions(input))],
    handle(input) {
      refuseUnbuilt(input);
      const signature = requireBytes('signature', input.Signature, MAX_CIPHERTEXT_BYTES);
      const { key, algorithm, message } = signingInput(keys, input, 'Verify');
      if (!verify(key.spec, Buffer.from(key.publicKey ?? '', 'base64'), algorithm, message, signature)) {
        throw new AwsError('KMSInvalidSignatureException', '');
      }
      endDryRun(input);
      return { KeyId: key.arn, SignatureValid: true, SigningAlgorithm: algorithm };
    },
  };

  const publicKey: Operation<GetPublicKeyRequest, GetPublicKeyResponse> = {
    name: 'GetPublicKey',
    authorize: (input) => [keyPermission(keys, 'GetPublicKey', input.KeyId)],
    handle(input) {
      refuseUnbuilt(input);
      const key = keys.requireEnabled(input.KeyId ?? '');
      if (key.publicKey === undefined) throw unsupported(`${key.arn} is not an asymmetric key.`);
      return {
        KeyId: key.arn,
        PublicKey: Buffer.from(key.publicKey, 'base64'),
        CustomerMasterKeySpec: key.spec as NonNullable<GetPublicKeyResponse['CustomerMasterKeySpec']>,
        KeySpec: key.spec,
        KeyUsage: key.usage,
        ...algorithmMembers(key),
      };
    },
  };

  const mac: Operation<GenerateMacRequest, GenerateMacResponse> = {
    name: 'GenerateMac',
    authorize: (input) => [keyPermission(keys, 'GenerateMac', input.KeyId, { 'kms:MacAlgorithm': input.MacAlgorithm })],
    handle(input) {
      refuseUnbuilt(input);
      const { key, made } = makeMac(keys, input, 'GenerateMac');
      endDryRun(input);
      return { KeyId: key.arn, Mac: made, MacAlgorithm: input.MacAlgorithm };
    },
  };

  const verifyMac: Operation<VerifyMacRequest, VerifyMacResponse> = {
    name: 'VerifyMac',
    authorize: (input) => [keyPermission(keys, 'VerifyMac', input.KeyId, { 'kms:MacAlgorithm': input.MacAlgorithm })],
    handle(input) {
      refuseUnbuilt(input);
      const given = requireBytes('mac', input.Mac, MAX_CIPHERTEXT_BYTES);
      const { key, made } = makeMac(keys, input, 'VerifyMac');
      if (given.length !== made.length || !timingSafeEqual(given, made)) {
        throw new AwsError('KMSInvalidMacException', '');
      }
      endDryRun(input);
      return { KeyId: key.arn, MacValid: true, MacAlgorithm: input.MacAlgorithm };
    },
  };

  return [signing, verifying, publicKey, mac, verifyMac];
}

function signingInput(keys: Keys, input: SignRequest | VerifyRequest, operation: string) {
  const { SigningAlgorithm: algorithm, MessageType: type = 'RAW' } = input;
  if (type === 'EXTERNAL_MU') throw new NotImplementedError(`MessageType '${type}'`);
  new ConstraintViolations()
    .required('signingAlgorithm', algorithm)
    .oneOf('messageType', type, ['RAW', 'DIGEST', 'EXTERNAL_MU'])
    .throwIfAny();
  const bytes = requireBytes('message', input.Message, MAX_MESSAGE_BYTES);
  const key = keys.requireEnabled(input.KeyId ?? '');
  checkUsage(key, 'SIGN_VERIFY', operation);
  if (algorithm === undefined) throw validation('SigningAlgorithm is required');
  checkAlgorithm(key, algorithm);
  if (type === 'DIGEST' && bytes.length !== digestSize(algorithm)) {
    throw validation(`Digest is invalid length for algorithm ${algorithm}.`);
  }
  const message: Message = { bytes, type: type === 'DIGEST' ? 'DIGEST' : 'RAW' };
  return { key, algorithm, message };
}

function makeMac(
  keys: Keys,
  input: GenerateMacRequest | VerifyMacRequest,
  operation: string,
): { key: KeyRecord; made: Buffer } {
  new ConstraintViolations().required('macAlgorithm', input.MacAlgorithm).throwIfAny();
  const message = requireBytes('message', input.Message, MAX_MESSAGE_BYTES);
  const key = keys.requireEnabled(input.KeyId ?? '');
  checkUsage(key, 'GENERATE_VERIFY_MAC', operation);
  checkAlgorithm(key, input.MacAlgorithm ?? '');
  const found = specKind(key.spec);
  const hash = found.kind === 'hmac' ? found.hash : '';
  return { key, made: createHmac(hash, keys.openMaterial(key)).update(message).digest() };
}
