import type {
  CreateRoleRequest,
  CreateRoleResponse,
  DeleteRoleRequest,
  GetRoleRequest,
  GetRoleResponse,
  ListRolesRequest,
  ListRolesResponse,
  UpdateAssumeRolePolicyRequest,
} from '@aws-sdk/client-iam';
import { type Account, globalArn } from '../../../core/account.ts';
import type { Operation } from '../../../core/api.ts';
import { pageOf } from '../page.ts';
import { readDocument } from '../read-document.ts';
import type { Tag } from '../records.ts';
import { roleArnOf } from '../role-arn.ts';
import type { RoleStore } from '../role-store.ts';
import { roleShape } from '../wire-shapes.ts';

export function roleOperations(account: Account, roles: RoleStore): Operation[] {
  const createRole: Operation<CreateRoleRequest, CreateRoleResponse> = {
    name: 'CreateRole',
    authorize: (input) => [
      {
        action: 'iam:CreateRole',
        resource: globalArn(account, 'iam', `role${input.Path ?? '/'}${input.RoleName}`),
        conditions: { 'iam:PermissionsBoundary': input.PermissionsBoundary },
      },
    ],
    handle: (input) => ({
      Role: roleShape(
        roles.create({
          roleName: input.RoleName as string,
          trust: readDocument(input.AssumeRolePolicyDocument),
          path: input.Path,
          description: input.Description,
          maxSessionDuration: input.MaxSessionDuration,
          boundary: input.PermissionsBoundary,
          tags: (input.Tags ?? []) as Tag[],
        }),
      ),
    }),
  };

  const getRole: Operation<GetRoleRequest, GetRoleResponse> = {
    name: 'GetRole',
    authorize: (input) => [{ action: 'iam:GetRole', resource: roleArnOf(account, roles, input.RoleName) }],
    handle: (input) => ({ Role: roleShape(roles.get(input.RoleName as string)) }),
  };

  const listRoles: Operation<ListRolesRequest, ListRolesResponse> = {
    name: 'ListRoles',
    authorize: (input) => [
      { action: 'iam:ListRoles', resource: globalArn(account, 'iam', `role${input.PathPrefix ?? '/'}`) },
    ],
    handle(input) {
      const matching = roles.list().filter((role) => role.path.startsWith(input.PathPrefix ?? '/'));
      const { items, ...rest } = pageOf(matching, (role) => role.roleName, input);
      // ListRoles leaves out boundary, last use and tags; GetRole gives them.
      return { Roles: items.map((role) => roleShape({ ...role, boundary: undefined, tags: [] })), ...rest };
    },
  };

  const updateAssumeRolePolicy: Operation<UpdateAssumeRolePolicyRequest, object> = {
    name: 'UpdateAssumeRolePolicy',
    authorize: (input) => [
      { action: 'iam:UpdateAssumeRolePolicy', resource: roleArnOf(account, roles, input.RoleName) },
    ],
    handle(input) {
      roles.putTrust(input.RoleName as string, readDocument(input.PolicyDocument));
      return {};
    },
  };

  const deleteRole: Operation<DeleteRoleRequest, object> = {
    name: 'DeleteRole',
    authorize: (input) => [{ action: 'iam:DeleteRole', resource: roleArnOf(account, roles, input.RoleName) }],
    handle(input) {
      roles.delete(input.RoleName as string);
      return {};
    },
  };

  return [createRole, getRole, listRoles, updateAssumeRolePolicy, deleteRole];
}
