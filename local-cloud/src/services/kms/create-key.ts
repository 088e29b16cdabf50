import type { CreateKeyRequest } from '@aws-sdk/client-kms';
import { ConstraintViolations } from '../../core/constraint-violations.ts';
import { NotImplementedError } from '../../core/errors.ts';
import { validation } from './errors.ts';
import { defaultKeyPolicy, type KeyPolicy, readKeyPolicy } from './key-policy.ts';
import type { KeyRecord } from './key-record.ts';
import { readSpec } from './key-specs.ts';
import type { Keys } from './keys.ts';
import { MAX_DESCRIPTION } from './limits.ts';
import { withTags } from './tags.ts';

/**
 * @param checkPolicy refuses a policy given for the key of this ARN
 * @throws AwsError ValidationException, MalformedPolicyDocumentException, TagException
 * @throws NotImplementedError for origins, key stores and replication, which need what is not here
 */
export async function createKey(
  keys: Keys,
  input: CreateKeyRequest,
  checkPolicy: (keyArn: string, policy: KeyPolicy) => void,
): Promise<KeyRecord> {
  const { clock, account } = keys.context;
  if (input.MultiRegion === true) throw new NotImplementedError('a multi-Region key');
  if (input.Origin !== undefined && input.Origin !== 'AWS_KMS')
    throw new NotImplementedError(`Origin '${input.Origin}'`);
  if (input.CustomKeyStoreId !== undefined || input.XksKeyId !== undefined) {
    throw new NotImplementedError('a key in a custom key store');
  }
  if (input.KeySpec !== undefined && input.CustomerMasterKeySpec !== undefined) {
    throw validation('You cannot specify KeySpec and CustomerMasterKeySpec in the same request');
  }
  new ConstraintViolations().length('description', input.Description, 0, MAX_DESCRIPTION).throwIfAny();
  const { spec, usage } = readSpec(input.KeySpec ?? input.CustomerMasterKeySpec, input.KeyUsage);
  const tags = withTags([], input.Tags ?? []);
  const identity = keys.newIdentity();
  const policy = input.Policy === undefined ? defaultKeyPolicy(account) : readKeyPolicy(input.Policy);
  if (input.Policy !== undefined && input.BypassPolicyLockoutSafetyCheck !== true) checkPolicy(identity.arn, policy);
  const { material, publicKey } = await keys.newMaterial({ arn: identity.arn, spec });
  const key: KeyRecord = {
    ...identity,
    spec,
    usage,
    created: clock.now(),
    description: input.Description ?? '',
    state: 'Enabled',
    ...policy,
    tags,
    materials: [material],
    ...(publicKey === undefined ? {} : { publicKey: publicKey.toString('base64') }),
  };
  keys.save(key);
  return key;
}
