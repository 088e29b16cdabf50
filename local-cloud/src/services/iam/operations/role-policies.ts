import type {
  AttachRolePolicyRequest,
  DeleteRolePolicyRequest,
  DetachRolePolicyRequest,
  GetRolePolicyRequest,
  GetRolePolicyResponse,
  ListAttachedRolePoliciesRequest,
  ListAttachedRolePoliciesResponse,
  ListRolePoliciesRequest,
  ListRolePoliciesResponse,
  PutRolePolicyRequest,
} from '@aws-sdk/client-iam';
import type { Account } from '../../../core/account.ts';
import type { Operation } from '../../../core/api.ts';
import type { Permission } from '../../../core/iam/authorizer.ts';
import type { PolicyDocument } from '../../../core/iam/policy-document.ts';
import { noSuchInlinePolicy } from '../errors.ts';
import { pageOf } from '../page.ts';
import { readDocument } from '../read-document.ts';
import { roleArnOf } from '../role-arn.ts';
import type { RoleStore } from '../role-store.ts';
import { attachedPolicyShape, encodedDocument } from '../wire-shapes.ts';

export function rolePolicyOperations(account: Account, roles: RoleStore): Operation[] {
  function onRole(
    action: string,
    input: { RoleName?: string | undefined; PolicyArn?: string | undefined },
  ): Permission[] {
    const permission: Permission = { action: `iam:${action}`, resource: roleArnOf(account, roles, input.RoleName) };
    return [
      input.PolicyArn === undefined ? permission : { ...permission, conditions: { 'iam:PolicyARN': input.PolicyArn } },
    ];
  }

  const getRolePolicy: Operation<GetRolePolicyRequest, GetRolePolicyResponse> = {
    name: 'GetRolePolicy',
    authorize: (input) => onRole('GetRolePolicy', input),
    handle(input) {
      const role = roles.get(input.RoleName as string);
      const policyName = input.PolicyName as string;
      if (!Object.hasOwn(role.inline, policyName)) throw noSuchInlinePolicy(policyName);
      return {
        RoleName: role.roleName,
        PolicyName: policyName,
        PolicyDocument: encodedDocument(role.inline[policyName] as PolicyDocument),
      };
    },
  };

  const listRolePolicies: Operation<ListRolePoliciesRequest, ListRolePoliciesResponse> = {
    name: 'ListRolePolicies',
    authorize: (input) => onRole('ListRolePolicies', input),
    handle(input) {
      const names = Object.keys(roles.get(input.RoleName as string).inline).sort();
      const { items, ...rest } = pageOf(names, (name) => name, input);
      return { PolicyNames: items, ...rest };
    },
  };

  const listAttachedRolePolicies: Operation<ListAttachedRolePoliciesRequest, ListAttachedRolePoliciesResponse> = {
    name: 'ListAttachedRolePolicies',
    authorize: (input) => onRole('ListAttachedRolePolicies', input),
    handle(input) {
      const prefix = `policy${input.PathPrefix ?? '/'}`;
      const arns = roles
        .get(input.RoleName as string)
        .attached.filter((arn) => arn.slice(arn.indexOf(':policy/') + 1).startsWith(prefix));
      const { items, ...rest } = pageOf(arns, (arn) => arn, input);
      return { AttachedPolicies: items.map(attachedPolicyShape), ...rest };
    },
  };

  const putRolePolicy: Operation<PutRolePolicyRequest, object> = {
    name: 'PutRolePolicy',
    authorize: (input) => onRole('PutRolePolicy', input),
    handle(input) {
      roles.putInline(input.RoleName as string, input.PolicyName as string, readDocument(input.PolicyDocument));
      return {};
    },
  };

  const deleteRolePolicy: Operation<DeleteRolePolicyRequest, object> = {
    name: 'DeleteRolePolicy',
    authorize: (input) => onRole('DeleteRolePolicy', input),
    handle(input) {
      roles.deleteInline(input.RoleName as string, input.PolicyName as string);
      return {};
    },
  };

  const attachRolePolicy: Operation<AttachRolePolicyRequest, object> = {
    name: 'AttachRolePolicy',
    authorize: (input) => onRole('AttachRolePolicy', input),
    handle(input) {
      roles.attach(input.RoleName as string, input.PolicyArn as string);
      return {};
    },
  };

  const detachRolePolicy: Operation<DetachRolePolicyRequest, object> = {
    name: 'DetachRolePolicy',
    authorize: (input) => onRole('DetachRolePolicy', input),
    handle(input) {
      roles.detach(input.RoleName as string, input.PolicyArn as string);
      return {};
    },
  };

  return [
    getRolePolicy,
    listRolePolicies,
    listAttachedRolePolicies,
    putRolePolicy,
    deleteRolePolicy,
    attachRolePolicy,
    detachRolePolicy,
  ];
}
