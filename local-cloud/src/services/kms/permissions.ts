import type { Permission } from '../../core/iam/authorizer.ts';
import type { ConditionKeys } from '../../core/iam/policy-document.ts';
import type { EncryptionContext } from './ciphertext.ts';
import type { Keys } from './keys.ts';

/**
 * Permission on a key: its ARN, its policy, which must allow by itself or name the account, and its condition keys
 * (service authorization reference, "Condition keys for AWS KMS"). What does not exist is evaluated as it was named, so
 * that only who may ask learns of its absence.
 */
export function keyPermission(
  keys: Keys,
  action: string,
  id: string | undefined,
  conditions: ConditionKeys = {},
): Permission {
  const key = id === undefined ? undefined : keys.find(id);
  const requestAlias = aliasNameOf(id);
  if (key === undefined)
    return { action: `kms:${action}`, resource: id === undefined || id === '' ? '*' : id, conditions };
  return {
    action: `kms:${action}`,
    resource: key.arn,
    policyMustAllow: true,
    resourcePolicy: key.policy,
    conditions: {
      'kms:CallerAccount': keys.context.account.accountId,
      'kms:KeySpec': key.spec,
      'kms:KeyUsage': key.usage,
      'kms:KeyOrigin': 'AWS_KMS',
      'kms:MultiRegion': 'false',
      'kms:ResourceAliases': keys.aliasesOf(key).map(({ name }) => name),
      ...(requestAlias === undefined ? {} : { 'kms:RequestAlias': requestAlias }),
      ...Object.fromEntries(key.tags.map(({ TagKey, TagValue }) => [`aws:ResourceTag/${TagKey}`, TagValue])),
      ...conditions,
    },
  };
}

export function contextConditions(context: EncryptionContext | undefined): ConditionKeys {
  if (context === undefined) return {};
  return {
    'kms:EncryptionContextKeys': Object.keys(context),
    ...Object.fromEntries(Object.entries(context).map(([name, value]) => [`kms:EncryptionContext:${name}`, value])),
  };
}

export function tagConditions(
  tags: readonly { TagKey?: string | undefined; TagValue?: string | undefined }[],
): ConditionKeys {
  if (tags.length === 0) return {};
  return {
    'aws:TagKeys': tags.map(({ TagKey }) => TagKey ?? ''),
    ...Object.fromEntries(tags.map(({ TagKey, TagValue }) => [`aws:RequestTag/${TagKey}`, TagValue ?? ''])),
  };
}

function aliasNameOf(id: string | undefined): string | undefined {
  if (id?.startsWith('alias/')) return id;
  const at = id?.startsWith('arn:') ? id.indexOf(':alias/') : -1;
  return at < 0 ? undefined : id?.slice(at + 1);
}
