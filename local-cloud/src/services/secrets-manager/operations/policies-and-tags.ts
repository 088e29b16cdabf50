import type {
  DeleteResourcePolicyRequest,
  GetResourcePolicyRequest,
  GetResourcePolicyResponse,
  PutResourcePolicyRequest,
  PutResourcePolicyResponse,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-secrets-manager';
import type { Operation } from '../../../core/api.ts';
import { secretPermission } from '../permissions.ts';
import { readResourcePolicy } from '../resource-policy.ts';
import { checkTags } from '../secret-input.ts';
import type { Secrets } from '../secrets.ts';

export function createPolicyAndTagOperations(secrets: Secrets): Operation[] {
  const { store } = secrets.context;

  const putPolicy: Operation<PutResourcePolicyRequest, PutResourcePolicyResponse> = {
    name: 'PutResourcePolicy',
    authorize: (input) => [
      secretPermission(secrets, 'PutResourcePolicy', input.SecretId, {
        'secretsmanager:BlockPublicPolicy': String(input.BlockPublicPolicy === true),
      }),
    ],
    async handle(input) {
      const secret = secrets.requireLive(input.SecretId ?? '');
      secret.policy = readResourcePolicy(input.ResourcePolicy ?? '', input.BlockPublicPolicy === true);
      secrets.save(secret);
      await store.durable();
      return { ARN: secret.arn, Name: secret.name };
    },
  };

  const getPolicy: Operation<GetResourcePolicyRequest, GetResourcePolicyResponse> = {
    name: 'GetResourcePolicy',
    authorize: (input) => [secretPermission(secrets, 'GetResourcePolicy', input.SecretId)],
    handle(input) {
      const secret = secrets.require(input.SecretId ?? '');
      return {
        ARN: secret.arn,
        Name: secret.name,
        ...(secret.policy === undefined ? {} : { ResourcePolicy: JSON.stringify(secret.policy) }),
      };
    },
  };

  const deletePolicy: Operation<DeleteResourcePolicyRequest, PutResourcePolicyResponse> = {
    name: 'DeleteResourcePolicy',
    authorize: (input) => [secretPermission(secrets, 'DeleteResourcePolicy', input.SecretId)],
    async handle(input) {
      const secret = secrets.requireLive(input.SecretId ?? '');
      secret.policy = undefined;
      secrets.save(secret);
      await store.durable();
      return { ARN: secret.arn, Name: secret.name };
    },
  };

  const tag: Operation<TagResourceRequest, object> = {
    name: 'TagResource',
    authorize: (input) => [
      secretPermission(secrets, 'TagResource', input.SecretId, {
        'aws:TagKeys': (input.Tags ?? []).map(({ Key }) => Key ?? ''),
        ...Object.fromEntries((input.Tags ?? []).map(({ Key, Value }) => [`aws:RequestTag/${Key}`, Value])),
      }),
    ],
    async handle(input) {
      const added = input.Tags ?? [];
      const secret = secrets.requireLive(input.SecretId ?? '');
      const kept = secret.tags.filter(({ Key }) => !added.some((one) => one.Key === Key));
      checkTags([...kept, ...added]);
      secret.tags = [...kept, ...added];
      secrets.save(secret);
      await store.durable();
      return {};
    },
  };

  const untag: Operation<UntagResourceRequest, object> = {
    name: 'UntagResource',
    authorize: (input) => [
      secretPermission(secrets, 'UntagResource', input.SecretId, { 'aws:TagKeys': input.TagKeys ?? [] }),
    ],
    async handle(input) {
      const secret = secrets.requireLive(input.SecretId ?? '');
      secret.tags = secret.tags.filter(({ Key }) => !(input.TagKeys ?? []).includes(Key ?? ''));
      secrets.save(secret);
      await store.durable();
      return {};
    },
  };

  return [putPolicy, getPolicy, deletePolicy, tag, untag];
}
