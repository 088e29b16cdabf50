import { ConstraintViolations } from '../../core/constraint-violations.ts';
import { AwsError } from '../../core/errors.ts';
import { notFound, validation } from './errors.ts';
import type { AliasRecord, KeyRecord } from './key-record.ts';
import type { Keys } from './keys.ts';
import { ALIAS_NAME_PATTERN, MAX_ALIAS_NAME } from './limits.ts';

/** KMS API reference, "CreateAlias". @throws AwsError */
export function createAlias(keys: Keys, name: string | undefined, target: string | undefined): void {
  checkAliasName(name);
  const key = keys.requireNotPending(checkTarget(target));
  if (keys.alias(name) !== undefined) {
    throw new AwsError('AlreadyExistsException', `An alias with the name ${keys.aliasArn(name)} already exists`);
  }
  const now = keys.context.clock.now();
  keys.saveAlias({ name, arn: keys.aliasArn(name), keyId: key.id, created: now, updated: now });
}

/** "UpdateAlias": both keys must be of one type and usage. @throws AwsError */
export function updateAlias(keys: Keys, name: string | undefined, target: string | undefined): void {
  const alias = requireAlias(keys, name);
  const key = keys.requireNotPending(checkTarget(target));
  const current = keys.find(alias.keyId);
  if (current !== undefined && (kindOf(current) !== kindOf(key) || current.usage !== key.usage)) {
    throw validation(`Alias ${alias.arn} cannot be changed to a key of another type or usage`);
  }
  keys.saveAlias({ ...alias, keyId: key.id, updated: keys.context.clock.now() });
}

/** @throws AwsError NotFoundException */
export function requireAlias(keys: Keys, name: string | undefined): AliasRecord {
  const alias = keys.alias(name ?? '');
  if (alias === undefined) throw notFound(`Alias ${keys.aliasArn(name ?? '')} is not found.`);
  return alias;
}

function checkAliasName(name: string | undefined): asserts name is string {
  new ConstraintViolations().required('aliasName', name).length('aliasName', name, 1, MAX_ALIAS_NAME).throwIfAny();
  if (!new RegExp(`^${ALIAS_NAME_PATTERN}$`).test(name as string)) {
    throw new AwsError('InvalidAliasNameException', `Alias name '${name}' must match ^${ALIAS_NAME_PATTERN}$`);
  }
  if (name?.startsWith('alias/aws/')) {
    throw new AwsError('InvalidAliasNameException', 'Alias names that begin with alias/aws/ are reserved');
  }
}

/** "To specify the KMS key, use its key ID or key ARN": an alias is no target. */
function checkTarget(target: string | undefined): string {
  new ConstraintViolations().required('targetKeyId', target).throwIfAny();
  if (target === undefined || target.startsWith('alias/') || target.includes(':alias/')) {
    throw validation('Aliases must refer to keys. Not aliases');
  }
  return target;
}

function kindOf(key: KeyRecord): 'symmetric' | 'asymmetric' | 'hmac' {
  if (key.publicKey !== undefined) return 'asymmetric';
  return key.usage === 'GENERATE_VERIFY_MAC' ? 'hmac' : 'symmetric';
}
