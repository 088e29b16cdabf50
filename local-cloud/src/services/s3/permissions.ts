import type { ApiCall } from '../../core/api.ts';
import type { Permission } from '../../core/iam/authorizer.ts';
import type { ConditionKeys } from '../../core/iam/policy-document.ts';
import { bucketArn } from './bucket-arn.ts';
import { isPublicPolicy } from './bucket-policy.ts';
import type { Buckets } from './buckets.ts';

/** Permission on a bucket itself (service authorization reference, "Amazon S3"). */
export function bucketPermission(
  buckets: Buckets,
  action: string,
  bucket: string | undefined,
  call: ApiCall,
  conditions: ConditionKeys = {},
): Permission {
  const name = bucket ?? '';
  return {
    action: `s3:${action}`,
    resource: bucketArn(name),
    conditions,
    resourcePolicy: policyFor(buckets, name, call),
  };
}

/** Permission on an object. */
export function objectPermission(
  buckets: Buckets,
  action: string,
  bucket: string | undefined,
  key: string | undefined,
  call: ApiCall,
  conditions: ConditionKeys = {},
): Permission {
  const name = bucket ?? '';
  return {
    action: `s3:${action}`,
    resource: `${bucketArn(name)}/${key ?? ''}`,
    conditions,
    resourcePolicy: policyFor(buckets, name, call),
  };
}

/** Whether the caller has a permission, where AWS's answer depends on it. @throws AwsError when not */
export function demand(buckets: Buckets, permission: Permission, call: ApiCall): void {
  buckets.context.ports.get('authorizer').authorize(call.principal, permission, call);
}

/** The bucket's policy. A public one gives nothing to the public while RestrictPublicBuckets is on. */
function policyFor(buckets: Buckets, name: string, call: ApiCall): Permission['resourcePolicy'] {
  const record = buckets.find(name)?.record;
  if (record?.policy === undefined) return undefined;
  const restricted = record.publicAccessBlock?.restrictPublicBuckets === true;
  if (restricted && call.principal.kind === 'anonymous' && isPublicPolicy(record.policy)) return undefined;
  return record.policy;
}
