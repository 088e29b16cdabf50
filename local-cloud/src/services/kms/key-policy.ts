import type { Account } from '../../core/account.ts';
import type { ApiCall } from '../../core/api.ts';
import { AwsError } from '../../core/errors.ts';
import { validatePolicy } from '../../core/iam/compiled-policy.ts';
import type { PolicyDocument } from '../../core/iam/policy-document.ts';
import type { Keys } from './keys.ts';
import { MAX_POLICY_BYTES } from './limits.ts';

export interface KeyPolicy {
  readonly policyText: string;
  readonly policy: PolicyDocument;
}

/** KMS developer guide, "Default key policy": it hands the decision to the account's identity policies. */
export function defaultKeyPolicy({ partition, accountId }: Account): KeyPolicy {
  const policy: PolicyDocument = {
    Version: '2012-10-17',
    Id: 'key-default-1',
    Statement: [
      {
        Sid: 'Enable IAM User Permissions',
        Effect: 'Allow',
        Principal: { AWS: `arn:${partition}:iam::${accountId}:root` },
        Action: 'kms:*',
        Resource: '*',
      },
    ],
  };
  return { policyText: JSON.stringify(policy, null, 2), policy };
}

/** @throws AwsError MalformedPolicyDocumentException, LimitExceededException */
export function readKeyPolicy(text: string): KeyPolicy {
  if (Buffer.byteLength(text) > MAX_POLICY_BYTES) {
    throw new AwsError('LimitExceededException', `The policy is longer than ${MAX_POLICY_BYTES} bytes`);
  }
  try {
    const document: unknown = JSON.parse(text);
    validatePolicy(document, 'resource');
    return { policyText: text, policy: document };
  } catch (cause) {
    const reason = cause instanceof AwsError ? cause.message : 'The policy is not valid JSON';
    throw new AwsError('MalformedPolicyDocumentException', reason, 400, { cause });
  }
}

/**
 * KMS API reference, "PutKeyPolicy": the policy must let the caller set a policy again.
 * @throws AwsError MalformedPolicyDocumentException
 */
export function checkLockout(keys: Keys, call: ApiCall, keyArn: string, { policy }: KeyPolicy): void {
  try {
    keys.context.ports.get('authorizer').authorize(
      call.principal,
      {
        action: 'kms:PutKeyPolicy',
        resource: keyArn,
        resourcePolicy: policy,
        policyMustAllow: true,
        conditions: { 'kms:CallerAccount': keys.context.account.accountId },
      },
      call,
    );
  } catch (cause) {
    throw new AwsError(
      'MalformedPolicyDocumentException',
      'The new key policy will not allow you to update the key policy in the future.',
      400,
      { cause },
    );
  }
}
