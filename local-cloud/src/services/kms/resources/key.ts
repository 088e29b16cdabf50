import type { Tag } from '@aws-sdk/client-kms';
import { NotImplementedError } from '../../../core/errors.ts';
import { administratorOf } from '../../../core/iam/administrator.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { createKey } from '../create-key.ts';
import { validation } from '../errors.ts';
import { checkRotates, disableRotation, enableRotation, scheduleDeletion } from '../key-lifecycle.ts';
import { checkLockout, defaultKeyPolicy, type KeyPolicy, readKeyPolicy } from '../key-policy.ts';
import type { KeyRecord } from '../key-record.ts';
import type { Keys } from '../keys.ts';
import { withTags } from '../tags.ts';

interface KeyProperties {
  KeyPolicy?: object | string;
  Description?: string;
  Enabled?: boolean | string;
  EnableKeyRotation?: boolean | string;
  RotationPeriodInDays?: number | string;
  KeySpec?: string;
  KeyUsage?: string;
  MultiRegion?: boolean | string;
  Origin?: string;
  PendingWindowInDays?: number | string;
  BypassPolicyLockoutSafetyCheck?: boolean | string;
  Tags?: { Key: string; Value: string }[];
}

const FIXED = ['KeySpec', 'KeyUsage', 'MultiRegion', 'Origin'] as const;

/**
 * CloudFormation template reference, "AWS::KMS::Key". Deleting the resource schedules the key's deletion. "If you change
 * the value of the KeySpec, KeyUsage, Origin, or MultiRegion properties of an existing KMS key, the update request fails".
 */
export function createKeyProvider(keys: Keys): ResourceProvider<KeyProperties> {
  const { store, account } = keys.context;
  const origin = {
    principal: administratorOf(account),
    requestId: 'cloudformation',
    sourceIp: '127.0.0.1',
    secure: true,
  };
  const check = (keyArn: string, policy: KeyPolicy) => checkLockout(keys, origin, keyArn, policy);

  return {
    type: 'AWS::KMS::Key',
    replaceOn: [],
    properties: [
      ...FIXED,
      'KeyPolicy',
      'Description',
      'Enabled',
      'EnableKeyRotation',
      'RotationPeriodInDays',
      'PendingWindowInDays',
      'BypassPolicyLockoutSafetyCheck',
      'Tags',
    ],
    async create(properties) {
      const key = await createKey(
        keys,
        {
          KeySpec: properties.KeySpec as never,
          KeyUsage: properties.KeyUsage as never,
          Origin: properties.Origin as never,
          MultiRegion: isTrue(properties.MultiRegion),
          Description: properties.Description,
          Policy: policyText(properties.KeyPolicy),
          BypassPolicyLockoutSafetyCheck: isTrue(properties.BypassPolicyLockoutSafetyCheck),
          Tags: tagsOf(properties),
        },
        check,
      );
      applySettings(keys, key, properties);
      await store.durable();
      return stateOf(key);
    },
    async update(properties, previous, state) {
      for (const name of FIXED) {
        if (String(properties[name] ?? '') !== String(previous[name] ?? '')) {
          throw validation(`${name} of an existing key cannot be changed`);
        }
      }
      const key = keys.requireNotPending(state.physicalId);
      const text = policyText(properties.KeyPolicy);
      const policy = text === undefined ? defaultKeyPolicy(account) : readKeyPolicy(text);
      if (!isTrue(properties.BypassPolicyLockoutSafetyCheck)) check(key.arn, policy);
      Object.assign(key, policy);
      key.description = properties.Description ?? '';
      key.tags = withTags([], tagsOf(properties));
      applySettings(keys, key, properties);
      await store.durable();
      return stateOf(key);
    },
    async delete(state, properties) {
      const key = keys.find(state.physicalId);
      if (key === undefined || key.state === 'PendingDeletion') return;
      const days = properties.PendingWindowInDays;
      scheduleDeletion(keys, key.id, days === undefined ? undefined : Number(days));
      await store.durable();
    },
  };
}

/** Rotation needs an enabled key, so that a key which is to be disabled is so last. */
function applySettings(keys: Keys, key: KeyRecord, properties: KeyProperties): void {
  key.state = 'Enabled';
  const period = properties.RotationPeriodInDays;
  if (isTrue(properties.EnableKeyRotation)) {
    checkRotates(key);
    enableRotation(keys, key.id, period === undefined ? undefined : Number(period));
  } else if (period !== undefined) {
    throw new NotImplementedError('RotationPeriodInDays without EnableKeyRotation');
  } else if (key.rotation !== undefined) {
    disableRotation(keys, key.id);
  }
  if (String(properties.Enabled ?? true) !== 'true') key.state = 'Disabled';
  keys.save(key);
}

function stateOf(key: KeyRecord): ResourceState {
  return { physicalId: key.id, attributes: { Arn: key.arn, KeyId: key.id } };
}

function tagsOf(properties: KeyProperties): Tag[] {
  return (properties.Tags ?? []).map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value }));
}

function policyText(policy: object | string | undefined): string | undefined {
  return policy === undefined || typeof policy === 'string' ? policy : JSON.stringify(policy);
}

function isTrue(value: boolean | string | undefined): boolean {
  return String(value ?? false) === 'true';
}
