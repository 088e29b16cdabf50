import type {
  CancelKeyDeletionRequest,
  CancelKeyDeletionResponse,
  CreateKeyRequest,
  CreateKeyResponse,
  DescribeKeyRequest,
  DescribeKeyResponse,
  DisableKeyRequest,
  EnableKeyRequest,
  ListKeysRequest,
  ListKeysResponse,
  ScheduleKeyDeletionRequest,
  ScheduleKeyDeletionResponse,
  UpdateKeyDescriptionRequest,
} from '@aws-sdk/client-kms';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { createKey } from '../create-key.ts';
import { cancelDeletion, scheduleDeletion } from '../key-lifecycle.ts';
import { checkLockout } from '../key-policy.ts';
import { keyMetadata } from '../key-views.ts';
import type { Keys } from '../keys.ts';
import { DEFAULT_LISTED, MAX_DESCRIPTION, MAX_LISTED, MAX_PENDING_DAYS } from '../limits.ts';
import { pageOf } from '../page.ts';
import { keyPermission, tagConditions } from '../permissions.ts';
import { refuseUnbuilt } from '../usage.ts';

/** KMS API reference: each operation's own page. */
export function createLifecycleOperations(keys: Keys): Operation[] {
  const { store, account } = keys.context;

  const create: Operation<CreateKeyRequest, CreateKeyResponse> = {
    name: 'CreateKey',
    authorize: (input) => {
      const conditions = {
        'kms:KeySpec': input.KeySpec ?? input.CustomerMasterKeySpec ?? 'SYMMETRIC_DEFAULT',
        'kms:KeyUsage': input.KeyUsage ?? 'ENCRYPT_DECRYPT',
        'kms:KeyOrigin': input.Origin ?? 'AWS_KMS',
        'kms:MultiRegion': String(input.MultiRegion === true),
        'kms:BypassPolicyLockoutSafetyCheck': String(input.BypassPolicyLockoutSafetyCheck === true),
        'kms:CallerAccount': account.accountId,
        ...tagConditions(input.Tags ?? []),
      };
      const tagged = (input.Tags ?? []).length > 0;
      return ['CreateKey', ...(tagged ? ['TagResource'] : [])].map((action) => ({
        action: `kms:${action}`,
        resource: '*',
        conditions,
      }));
    },
    async handle(input, call) {
      const key = await createKey(keys, input, (arn, policy) => checkLockout(keys, call, arn, policy));
      await store.durable();
      return { KeyMetadata: keyMetadata(key, account.accountId) };
    },
  };

  const describe: Operation<DescribeKeyRequest, DescribeKeyResponse> = {
    name: 'DescribeKey',
    authorize: (input) => [keyPermission(keys, 'DescribeKey', input.KeyId)],
    handle(input) {
      refuseUnbuilt(input);
      return { KeyMetadata: keyMetadata(keys.require(input.KeyId ?? ''), account.accountId) };
    },
  };

  const list: Operation<ListKeysRequest, ListKeysResponse> = {
    name: 'ListKeys',
    authorize: () => [{ action: 'kms:ListKeys', resource: '*' }],
    handle(input) {
      const limits = { most: MAX_LISTED, usual: DEFAULT_LISTED };
      const { items, marker } = pageOf(keys.all(), ({ id }) => id, input, limits);
      return { Keys: items.map(({ id, arn }) => ({ KeyId: id, KeyArn: arn })), ...marker };
    },
  };

  const enable: Operation<EnableKeyRequest, object> = {
    name: 'EnableKey',
    authorize: (input) => [keyPermission(keys, 'EnableKey', input.KeyId)],
    async handle(input) {
      const key = keys.requireNotPending(input.KeyId ?? '');
      key.state = 'Enabled';
      keys.save(key);
      await store.durable();
      return {};
    },
  };

  const disable: Operation<DisableKeyRequest, object> = {
    name: 'DisableKey',
    authorize: (input) => [keyPermission(keys, 'DisableKey', input.KeyId)],
    async handle(input) {
      const key = keys.requireNotPending(input.KeyId ?? '');
      key.state = 'Disabled';
      keys.save(key);
      await store.durable();
      return {};
    },
  };

  const updateDescription: Operation<UpdateKeyDescriptionRequest, object> = {
    name: 'UpdateKeyDescription',
    authorize: (input) => [keyPermission(keys, 'UpdateKeyDescription', input.KeyId)],
    async handle(input) {
      new ConstraintViolations()
        .required('description', input.Description)
        .length('description', input.Description, 0, MAX_DESCRIPTION)
        .throwIfAny();
      const key = keys.requireNotPending(input.KeyId ?? '');
      key.description = input.Description ?? '';
      keys.save(key);
      await store.durable();
      return {};
    },
  };

  const schedule: Operation<ScheduleKeyDeletionRequest, ScheduleKeyDeletionResponse> = {
    name: 'ScheduleKeyDeletion',
    authorize: (input) => [
      keyPermission(keys, 'ScheduleKeyDeletion', input.KeyId, {
        'kms:ScheduleKeyDeletionPendingWindowInDays': String(input.PendingWindowInDays ?? MAX_PENDING_DAYS),
      }),
    ],
    async handle(input) {
      const { key, at } = scheduleDeletion(keys, input.KeyId ?? '', input.PendingWindowInDays);
      await store.durable();
      return {
        KeyId: key.arn,
        DeletionDate: new Date(at),
        KeyState: key.state,
        PendingWindowInDays: key.deletion?.days,
      };
    },
  };

  const cancel: Operation<CancelKeyDeletionRequest, CancelKeyDeletionResponse> = {
    name: 'CancelKeyDeletion',
    authorize: (input) => [keyPermission(keys, 'CancelKeyDeletion', input.KeyId)],
    async handle(input) {
      const key = cancelDeletion(keys, input.KeyId ?? '');
      await store.durable();
      return { KeyId: key.arn };
    },
  };

  return [create, describe, list, enable, disable, updateDescription, schedule, cancel];
}
