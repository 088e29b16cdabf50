import type { CreateSecretRequest } from '@aws-sdk/client-secrets-manager';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import { checkDescription, checkKmsKey, checkName, checkTags, checkToken, readValue } from './secret-input.ts';
import type { SecretRecord, VersionRecord } from './secret-record.ts';
import type { Secrets } from './secrets.ts';
import { addVersion, openValue, type SecretValue } from './versions.ts';

/**
 * Makes a secret, with a first version when a value is given. The same request again (same token, same value) answers
 * with the secret it made.
 * @throws AwsError `ResourceExistsException`, `InvalidRequestException`, `InvalidParameterException`
 */
export function createSecret(
  secrets: Secrets,
  arn: string,
  input: CreateSecretRequest,
): { secret: SecretRecord; version: VersionRecord | undefined } {
  const { Name: name } = input;
  checkName(name);
  checkDescription(input.Description);
  checkToken(input.ClientRequestToken);
  checkKmsKey(input.KmsKeyId);
  checkTags(input.Tags ?? []);
  if (input.AddReplicaRegions !== undefined) throw new NotImplementedError('CreateSecret AddReplicaRegions');
  if (input.Type !== undefined) throw new NotImplementedError(`CreateSecret Type '${input.Type}'`);
  const value = readValue(input);
  const existing = secrets.find(name);
  if (existing !== undefined) return repeated(secrets, existing, input, value);
  const now = secrets.context.clock.now();
  const secret: SecretRecord = {
    arn,
    name,
    description: input.Description,
    tags: [...(input.Tags ?? [])],
    createdDate: now,
    lastChangedDate: now,
    versions: [],
  };
  const version =
    value === undefined ? undefined : addVersion(secrets, secret, value, { token: input.ClientRequestToken });
  secrets.add(secret);
  return { secret, version };
}

function repeated(
  secrets: Secrets,
  secret: SecretRecord,
  input: CreateSecretRequest,
  value: SecretValue | undefined,
): { secret: SecretRecord; version: VersionRecord } {
  if (secret.deletionDate !== undefined) {
    throw new AwsError(
      'InvalidRequestException',
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
    );
  }
  const version = secret.versions.find((one) => one.id === input.ClientRequestToken);
  if (version !== undefined && value !== undefined) {
    const kept = openValue(secrets, secret, version);
    const same =
      kept.kind === 'text'
        ? value.kind === 'text' && kept.text === value.text
        : value.kind === 'binary' && Buffer.compare(kept.bytes, value.bytes) === 0;
    if (same) return { secret, version };
  }
  throw new AwsError(
    'ResourceExistsException',
    `The operation failed because the secret ${secret.name} already exists.`,
  );
}
