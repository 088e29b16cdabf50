import type {
  CreateSecretRequest,
  CreateSecretResponse,
  DeleteSecretRequest,
  DeleteSecretResponse,
  RestoreSecretRequest,
  RestoreSecretResponse,
  UpdateSecretRequest,
  UpdateSecretResponse,
} from '@aws-sdk/client-secrets-manager';
import type { Operation } from '../../../core/api.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import { createSecret } from '../create-secret.ts';
import { DAY_MS, MAX_RECOVERY_DAYS, MIN_RECOVERY_DAYS } from '../limits.ts';
import { NewArns, secretPermission } from '../permissions.ts';
import { checkDescription, checkKmsKey, checkToken, readValue } from '../secret-input.ts';
import type { Secrets } from '../secrets.ts';
import { addVersion, tokenInUse } from '../versions.ts';

export function createLifecycleOperations(secrets: Secrets): Operation[] {
  const { clock, store } = secrets.context;
  const newArns = new NewArns(secrets);

  const create: Operation<CreateSecretRequest, CreateSecretResponse> = {
    name: 'CreateSecret',
    authorize(input, call) {
      const tags = Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value]));
      const resource = secrets.find(input.Name ?? '')?.arn ?? newArns.of(call, input.Name ?? '');
      const conditions = {
        'secretsmanager:Name': input.Name,
        'aws:TagKeys': (input.Tags ?? []).map(({ Key }) => Key ?? ''),
        ...tags,
      };
      const permission = (action: string) => ({ action: `secretsmanager:${action}`, resource, conditions });
      return [permission('CreateSecret'), ...((input.Tags ?? []).length > 0 ? [permission('TagResource')] : [])];
    },
    async handle(input, call) {
      const { secret, version } = createSecret(secrets, newArns.of(call, input.Name ?? ''), input);
      await store.durable();
      return { ARN: secret.arn, Name: secret.name, ...(version === undefined ? {} : { VersionId: version.id }) };
    },
  };

  const update: Operation<UpdateSecretRequest, UpdateSecretResponse> = {
    name: 'UpdateSecret',
    authorize: (input) => [secretPermission(secrets, 'UpdateSecret', input.SecretId)],
    async handle(input) {
      checkDescription(input.Description);
      checkToken(input.ClientRequestToken);
      checkKmsKey(input.KmsKeyId);
      if (input.Type !== undefined) throw new NotImplementedError(`UpdateSecret Type '${input.Type}'`);
      const value = readValue(input);
      const secret = secrets.requireLive(input.SecretId ?? '');
      const token = input.ClientRequestToken;
      if (value !== undefined && token !== undefined && secret.versions.some((version) => version.id === token)) {
        throw tokenInUse(secret, token);
      }
      if (input.Description !== undefined) secret.description = input.Description;
      const version = value === undefined ? undefined : addVersion(secrets, secret, value, { token });
      secrets.save(secret);
      await store.durable();
      return { ARN: secret.arn, Name: secret.name, ...(version === undefined ? {} : { VersionId: version.id }) };
    },
  };

  const remove: Operation<DeleteSecretRequest, DeleteSecretResponse> = {
    name: 'DeleteSecret',
    authorize: (input) => [
      secretPermission(secrets, 'DeleteSecret', input.SecretId, {
        'secretsmanager:ForceDeleteWithoutRecovery': String(input.ForceDeleteWithoutRecovery === true),
        'secretsmanager:RecoveryWindowInDays':
          input.RecoveryWindowInDays === undefined ? undefined : String(input.RecoveryWindowInDays),
      }),
    ],
    async handle(input) {
      const days = recoveryDays(input);
      const id = input.SecretId ?? '';
      const found = secrets.find(id);
      const now = clock.now();
      if (days === undefined) {
        // Forced deletion of an absent secret succeeds too.
        if (found === undefined) return { ARN: secrets.newArn(id), Name: id, DeletionDate: new Date(now) };
        secrets.remove(found);
        await store.durable();
        return { ARN: found.arn, Name: found.name, DeletionDate: new Date(now) };
      }
      const secret = secrets.requireLive(id);
      secret.deletedDate = now;
      secret.deletionDate = now + days * DAY_MS;
      secrets.save(secret);
      await store.durable();
      return { ARN: secret.arn, Name: secret.name, DeletionDate: new Date(secret.deletionDate) };
    },
  };

  const restore: Operation<RestoreSecretRequest, RestoreSecretResponse> = {
    name: 'RestoreSecret',
    authorize: (input) => [secretPermission(secrets, 'RestoreSecret', input.SecretId)],
    async handle(input) {
      const secret = secrets.require(input.SecretId ?? '');
      secret.deletedDate = undefined;
      secret.deletionDate = undefined;
      secrets.save(secret);
      await store.durable();
      return { ARN: secret.arn, Name: secret.name };
    },
  };

  return [create, update, remove, restore];
}

/** Undefined means at once. */
function recoveryDays(input: DeleteSecretRequest): number | undefined {
  const { RecoveryWindowInDays: days, ForceDeleteWithoutRecovery: force } = input;
  if (force === true && days !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
    );
  }
  if (force === true) return undefined;
  if (days !== undefined && (days < MIN_RECOVERY_DAYS || days > MAX_RECOVERY_DAYS)) {
    throw new AwsError(
      'InvalidParameterException',
      'The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).',
    );
  }
  return days ?? MAX_RECOVERY_DAYS;
}
