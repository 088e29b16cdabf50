import type { Tag } from '@aws-sdk/client-secrets-manager';
import { ConstraintViolations } from '../../core/constraint-violations.ts';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import {
  MAX_DESCRIPTION,
  MAX_NAME,
  MAX_SECRET_BYTES,
  MAX_TAG_KEY,
  MAX_TAG_VALUE,
  MAX_TAGS,
  MAX_TOKEN,
  MIN_TOKEN,
  NAME_PATTERN,
} from './limits.ts';
import type { SecretValue } from './versions.ts';

/** @throws AwsError `InvalidParameterException` */
export function checkName(name: string | undefined): asserts name is string {
  new ConstraintViolations().required('name', name).length('name', name, 1, MAX_NAME).throwIfAny();
  if (!new RegExp(`^${NAME_PATTERN}$`).test(name as string)) {
    throw new AwsError(
      'InvalidParameterException',
      'Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!',
    );
  }
}

export function checkDescription(description: string | undefined): void {
  new ConstraintViolations().length('description', description, 0, MAX_DESCRIPTION).throwIfAny();
}

export function checkToken(token: string | undefined): void {
  new ConstraintViolations().length('clientRequestToken', token, MIN_TOKEN, MAX_TOKEN).throwIfAny();
}

/** @throws AwsError `InvalidParameterException`. No message repeats a value. */
export function readValue(input: {
  SecretString?: string | undefined;
  SecretBinary?: Uint8Array | undefined;
}): SecretValue | undefined {
  const { SecretString: text, SecretBinary: bytes } = input;
  if (text !== undefined && bytes !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      "You can't specify both a binary secret value and a string secret value.",
    );
  }
  if (text === undefined && bytes === undefined) return undefined;
  const size = text === undefined ? (bytes?.length ?? 0) : Buffer.byteLength(text);
  if (size < 1 || size > MAX_SECRET_BYTES) {
    const member = text === undefined ? 'secretBinary' : 'secretString';
    const constraint = size < 1 ? 'greater than or equal to 1' : `less than or equal to ${MAX_SECRET_BYTES}`;
    throw new AwsError(
      'ValidationException',
      `1 validation error detected: Value at '${member}' failed to satisfy constraint: Member must have length ${constraint}`,
    );
  }
  return text === undefined ? { kind: 'binary', bytes: bytes as Uint8Array } : { kind: 'text', text };
}

/** The account's own key is the only one. @throws NotImplementedError for any other */
export function checkKmsKey(keyId: string | undefined): void {
  if (keyId !== undefined && keyId !== '' && keyId !== 'alias/aws/secretsmanager') {
    throw new NotImplementedError(`KmsKeyId '${keyId}' (encryption by a customer managed key)`);
  }
}

/** @throws AwsError `InvalidParameterException` */
export function checkTags(tags: readonly Tag[]): void {
  const violations = new ConstraintViolations().length('tags', tags, 0, MAX_TAGS);
  tags.forEach(({ Key, Value }, index) => {
    violations
      .required(`tags.${index + 1}.member.key`, Key)
      .length(`tags.${index + 1}.member.key`, Key, 1, MAX_TAG_KEY)
      .length(`tags.${index + 1}.member.value`, Value, 0, MAX_TAG_VALUE);
  });
  violations.throwIfAny();
  const reserved = tags.find(({ Key }) => Key?.toLowerCase().startsWith('aws:'));
  if (reserved !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      `Tag key '${reserved.Key}' begins with the reserved prefix 'aws:'.`,
    );
  }
  if (new Set(tags.map(({ Key }) => Key)).size !== tags.length) {
    throw new AwsError('InvalidParameterException', 'Tag keys must be unique.');
  }
}
