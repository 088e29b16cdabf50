import type {
  GetRandomPasswordRequest,
  GetRandomPasswordResponse,
  GetSecretValueRequest,
  GetSecretValueResponse,
  PutSecretValueRequest,
  PutSecretValueResponse,
  UpdateSecretVersionStageRequest,
  UpdateSecretVersionStageResponse,
} from '@aws-sdk/client-secrets-manager';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import { DAY_MS, MAX_STAGE_LENGTH, MAX_STAGES } from '../limits.ts';
import { secretPermission } from '../permissions.ts';
import { randomPassword } from '../random-password.ts';
import { checkToken, readValue } from '../secret-input.ts';
import type { Secrets } from '../secrets.ts';
import { addVersion, CURRENT, moveStage, openValue, requireVersion } from '../versions.ts';

export function createValueOperations(secrets: Secrets): Operation[] {
  const { clock, store, entropy } = secrets.context;

  const get: Operation<GetSecretValueRequest, GetSecretValueResponse> = {
    name: 'GetSecretValue',
    authorize: (input) => [
      secretPermission(secrets, 'GetSecretValue', input.SecretId, {
        'secretsmanager:VersionId': input.VersionId,
        'secretsmanager:VersionStage': input.VersionStage ?? (input.VersionId === undefined ? CURRENT : undefined),
      }),
    ],
    handle(input) {
      const secret = secrets.requireLive(input.SecretId ?? '');
      const version = requireVersion(secret, { id: input.VersionId, stage: input.VersionStage });
      const today = Math.floor(clock.now() / DAY_MS) * DAY_MS;
      if (secret.lastAccessedDate !== today || version.lastAccessedDate !== today) {
        secret.lastAccessedDate = today;
        version.lastAccessedDate = today;
        secrets.save(secret, false);
      }
      const value = openValue(secrets, secret, version);
      return {
        ARN: secret.arn,
        Name: secret.name,
        VersionId: version.id,
        VersionStages: [...version.stages],
        CreatedDate: new Date(version.createdDate),
        ...(value.kind === 'text' ? { SecretString: value.text } : { SecretBinary: value.bytes }),
      };
    },
  };

  const put: Operation<PutSecretValueRequest, PutSecretValueResponse> = {
    name: 'PutSecretValue',
    authorize: (input) => [secretPermission(secrets, 'PutSecretValue', input.SecretId)],
    async handle(input) {
      checkToken(input.ClientRequestToken);
      const violations = new ConstraintViolations().length('versionStages', input.VersionStages, 1, MAX_STAGES);
      for (const stage of input.VersionStages ?? []) violations.length('versionStages', stage, 1, MAX_STAGE_LENGTH);
      violations.throwIfAny();
      if (input.RotationToken !== undefined) throw new NotImplementedError('PutSecretValue RotationToken');
      const value = readValue(input);
      if (value === undefined) {
        throw new AwsError('InvalidRequestException', 'You must provide either SecretString or SecretBinary.');
      }
      const secret = secrets.requireLive(input.SecretId ?? '');
      const version = addVersion(secrets, secret, value, {
        token: input.ClientRequestToken,
        stages: input.VersionStages,
      });
      secrets.save(secret);
      await store.durable();
      return { ARN: secret.arn, Name: secret.name, VersionId: version.id, VersionStages: [...version.stages] };
    },
  };

  const stage: Operation<UpdateSecretVersionStageRequest, UpdateSecretVersionStageResponse> = {
    name: 'UpdateSecretVersionStage',
    authorize: (input) => [
      secretPermission(secrets, 'UpdateSecretVersionStage', input.SecretId, {
        'secretsmanager:VersionStage': input.VersionStage,
      }),
    ],
    async handle(input) {
      const label = input.VersionStage;
      new ConstraintViolations()
        .required('versionStage', label)
        .length('versionStage', label, 1, MAX_STAGE_LENGTH)
        .throwIfAny();
      const secret = secrets.requireLive(input.SecretId ?? '');
      const { MoveToVersionId: to, RemoveFromVersionId: from } = input;
      const target = to === undefined ? undefined : requireVersion(secret, { id: to });
      const holder = secret.versions.find((version) => version.stages.includes(label as string));
      if (holder !== undefined && holder !== target && holder.id !== from) {
        throw new AwsError(
          'InvalidParameterException',
          `The parameter RemoveFromVersionId can't be empty or differ from the version that has the staging label. Staging label ${label} is currently attached to version ${holder.id}, so you must explicitly reference that version in RemoveFromVersionId.`,
        );
      }
      if (from !== undefined && holder?.id !== from) {
        throw new AwsError('InvalidParameterException', `Staging label ${label} is not attached to version ${from}.`);
      }
      if (target === undefined && label === CURRENT) {
        throw new AwsError(
          'InvalidParameterException',
          "You can't remove the staging label AWSCURRENT; move it instead.",
        );
      }
      moveStage(secret, label as string, target);
      secrets.save(secret);
      await store.durable();
      return { ARN: secret.arn, Name: secret.name };
    },
  };

  const password: Operation<GetRandomPasswordRequest, GetRandomPasswordResponse> = {
    name: 'GetRandomPassword',
    authorize: () => [{ action: 'secretsmanager:GetRandomPassword', resource: '*' }],
    handle: (input) => ({ RandomPassword: randomPassword(entropy, input) }),
  };

  return [get, put, stage, password];
}
