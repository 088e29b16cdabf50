import type { PolicyDocument } from '../../../core/iam/policy-document.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { MAX_ROLE_NAME_LENGTH } from '../limits.ts';
import type { RoleRecord, Tag } from '../records.ts';
import type { NewRole, RoleStore } from '../role-store.ts';

interface RoleProperties {
  RoleName?: string;
  AssumeRolePolicyDocument: PolicyDocument;
  Policies?: { PolicyName: string; PolicyDocument: PolicyDocument }[];
  ManagedPolicyArns?: string[];
  Path?: string;
  MaxSessionDuration?: number | string;
  Description?: string;
  PermissionsBoundary?: string;
  Tags?: Tag[];
}

/** CloudFormation template reference, "AWS::IAM::Role". */
export function roleProvider(roles: RoleStore): ResourceProvider<RoleProperties> {
  /** Policies of other resources on the same role (`AWS::IAM::Policy`) are left alone. */
  function applyPolicies(roleName: string, wanted: RoleProperties, previous?: RoleProperties): void {
    const names = new Set((wanted.Policies ?? []).map((policy) => policy.PolicyName));
    for (const { PolicyName } of previous?.Policies ?? []) {
      if (!names.has(PolicyName) && Object.hasOwn(roles.get(roleName).inline, PolicyName)) {
        roles.deleteInline(roleName, PolicyName);
      }
    }
    for (const arn of previous?.ManagedPolicyArns ?? []) {
      if (!wanted.ManagedPolicyArns?.includes(arn) && roles.get(roleName).attached.includes(arn)) {
        roles.detach(roleName, arn);
      }
    }
    for (const policy of wanted.Policies ?? []) roles.putInline(roleName, policy.PolicyName, policy.PolicyDocument);
    for (const arn of wanted.ManagedPolicyArns ?? []) roles.attach(roleName, arn);
  }

  function remove(roleName: string, properties: RoleProperties): void {
    if (!roles.has(roleName)) return;
    applyPolicies(roleName, { ...properties, Policies: [], ManagedPolicyArns: [] }, properties);
    roles.delete(roleName);
  }

  return {
    type: 'AWS::IAM::Role',
    replaceOn: ['RoleName', 'Path'],
    properties: [
      'RoleName',
      'AssumeRolePolicyDocument',
      'Policies',
      'ManagedPolicyArns',
      'Path',
      'MaxSessionDuration',
      'Description',
      'PermissionsBoundary',
      'Tags',
    ],
    async create(properties, scope) {
      const roleName = properties.RoleName ?? scope.generateName(MAX_ROLE_NAME_LENGTH);
      roles.create({ ...details(properties), roleName, path: properties.Path });
      try {
        applyPolicies(roleName, properties);
      } catch (error) {
        remove(roleName, properties);
        throw error;
      }
      return stateOf(roles.get(roleName));
    },
    async update(properties, previous, state) {
      roles.revise(state.physicalId, details(properties));
      applyPolicies(state.physicalId, properties, previous);
      return stateOf(roles.get(state.physicalId));
    },
    async delete(state, properties) {
      remove(state.physicalId, properties);
    },
  };
}

function details(properties: RoleProperties): Omit<NewRole, 'roleName' | 'path'> {
  return {
    trust: properties.AssumeRolePolicyDocument,
    description: properties.Description,
    maxSessionDuration: properties.MaxSessionDuration === undefined ? undefined : Number(properties.MaxSessionDuration),
    boundary: properties.PermissionsBoundary,
    tags: properties.Tags,
  };
}

function stateOf(role: RoleRecord): ResourceState {
  return { physicalId: role.roleName, attributes: { Arn: role.arn, RoleId: role.roleId } };
}
