import type {
  GetPolicyRequest,
  GetPolicyResponse,
  GetPolicyVersionRequest,
  GetPolicyVersionResponse,
} from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/api.ts';
import { AwsError } from '../../../core/errors.ts';
import type { ManagedPolicyStore } from '../managed-policy-store.ts';
import type { RoleStore } from '../role-store.ts';
import { encodedDocument, policyShape } from '../wire-shapes.ts';

export function managedPolicyOperations(roles: RoleStore, policies: ManagedPolicyStore): Operation[] {
  const getPolicy: Operation<GetPolicyRequest, GetPolicyResponse> = {
    name: 'GetPolicy',
    authorize: (input) => [{ action: 'iam:GetPolicy', resource: String(input.PolicyArn) }],
    handle(input) {
      const policy = policies.get(input.PolicyArn as string);
      const users = roles.usersOf(policy.arn);
      const attachments = users.filter((role) => role.attached.includes(policy.arn)).length;
      const boundaries = users.filter((role) => role.boundary === policy.arn).length;
      return { Policy: policyShape(policy, attachments, boundaries) };
    },
  };

  /** Only the default version is kept: no operation here brings an older one back. */
  const getPolicyVersion: Operation<GetPolicyVersionRequest, GetPolicyVersionResponse> = {
    name: 'GetPolicyVersion',
    authorize: (input) => [{ action: 'iam:GetPolicyVersion', resource: String(input.PolicyArn) }],
    handle(input) {
      const policy = policies.get(input.PolicyArn as string);
      if (input.VersionId !== policy.versionId) {
        throw new AwsError(
          'NoSuchEntity',
          `Policy ${policy.arn} version ${input.VersionId} does not exist or is not attachable.`,
          404,
        );
      }
      return {
        PolicyVersion: {
          Document: encodedDocument(policy.document),
          VersionId: policy.versionId,
          IsDefaultVersion: true,
          CreateDate: new Date(policy.updateDate),
        },
      };
    },
  };

  return [getPolicy, getPolicyVersion];
}
