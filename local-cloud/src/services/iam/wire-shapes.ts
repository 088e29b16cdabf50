import type { AttachedPolicy, Policy, Role } from '@aws-sdk/client-iam';
import type { PolicyDocument } from '../../core/iam/policy-document.ts';
import { MIN_SESSION_DURATION } from './limits.ts';
import type { ManagedPolicyRecord, RoleRecord } from './records.ts';

/** The API returns policies URL-encoded, compliant with RFC 3986 (GetRolePolicy, `PolicyDocument`). */
export function encodedDocument(document: PolicyDocument): string {
  return encodeURIComponent(JSON.stringify(document)).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function roleShape(role: RoleRecord): Role {
  return {
    Path: role.path,
    RoleName: role.roleName,
    RoleId: role.roleId,
    Arn: role.arn,
    CreateDate: new Date(role.createDate),
    AssumeRolePolicyDocument: encodedDocument(role.trust),
    ...(role.description === undefined ? {} : { Description: role.description }),
    MaxSessionDuration: role.maxSessionDuration ?? MIN_SESSION_DURATION,
    ...(role.boundary === undefined
      ? {}
      : {
          PermissionsBoundary: {
            PermissionsBoundaryType: 'PermissionsBoundaryPolicy' as const,
            PermissionsBoundaryArn: role.boundary,
          },
        }),
    ...(role.tags.length === 0 ? {} : { Tags: [...role.tags] }),
  };
}

export function policyShape(policy: ManagedPolicyRecord, attachments: number, boundaries: number): Policy {
  return {
    PolicyName: policy.policyName,
    PolicyId: policy.policyId,
    Arn: policy.arn,
    Path: policy.path,
    DefaultVersionId: policy.versionId,
    AttachmentCount: attachments,
    PermissionsBoundaryUsageCount: boundaries,
    IsAttachable: true,
    ...(policy.description === undefined ? {} : { Description: policy.description }),
    CreateDate: new Date(policy.createDate),
    UpdateDate: new Date(policy.updateDate),
    ...(policy.tags.length === 0 ? {} : { Tags: [...policy.tags] }),
  };
}

export function attachedPolicyShape(arn: string): AttachedPolicy {
  return { PolicyName: arn.slice(arn.lastIndexOf('/') + 1), PolicyArn: arn };
}
