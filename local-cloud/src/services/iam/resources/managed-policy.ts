import type { PolicyDocument } from '../../../core/iam/policy-document.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { deleteConflict } from '../errors.ts';
import { MAX_POLICY_NAME_LENGTH } from '../limits.ts';
import type { ManagedPolicyStore } from '../managed-policy-store.ts';
import type { ManagedPolicyRecord, Tag } from '../records.ts';
import type { RoleStore } from '../role-store.ts';

interface ManagedPolicyProperties {
  ManagedPolicyName?: string;
  PolicyDocument: PolicyDocument;
  Path?: string;
  Description?: string;
  Roles?: string[];
  Tags?: Tag[];
}

/** CloudFormation template reference, "AWS::IAM::ManagedPolicy". */
export function managedPolicyProvider(
  roles: RoleStore,
  policies: ManagedPolicyStore,
): ResourceProvider<ManagedPolicyProperties> {
  function stateOf(policy: ManagedPolicyRecord): ResourceState {
    const users = roles.usersOf(policy.arn);
    return {
      physicalId: policy.arn,
      attributes: {
        PolicyArn: policy.arn,
        PolicyId: policy.policyId,
        DefaultVersionId: policy.versionId,
        CreateDate: new Date(policy.createDate).toISOString(),
        UpdateDate: new Date(policy.updateDate).toISOString(),
        IsAttachable: true,
        AttachmentCount: users.filter((role) => role.attached.includes(policy.arn)).length,
        PermissionsBoundaryUsageCount: users.filter((role) => role.boundary === policy.arn).length,
      },
    };
  }

  function detach(arn: string, names: readonly string[]): void {
    for (const role of names) {
      if (roles.has(role) && roles.get(role).attached.includes(arn)) roles.detach(role, arn);
    }
  }

  return {
    type: 'AWS::IAM::ManagedPolicy',
    replaceOn: ['ManagedPolicyName', 'Path', 'Description'],
    properties: ['ManagedPolicyName', 'PolicyDocument', 'Path', 'Description', 'Roles', 'Tags'],
    async create(properties, scope) {
      const policy = policies.create({
        policyName: properties.ManagedPolicyName ?? scope.generateName(MAX_POLICY_NAME_LENGTH),
        document: properties.PolicyDocument,
        path: properties.Path,
        description: properties.Description,
        tags: properties.Tags ?? [],
      });
      try {
        for (const role of properties.Roles ?? []) roles.attach(role, policy.arn);
      } catch (error) {
        detach(policy.arn, properties.Roles ?? []);
        policies.delete(policy.arn);
        throw error;
      }
      return stateOf(policy);
    },
    async update(properties, previous, state) {
      const policy = policies.revise(state.physicalId, properties.PolicyDocument, properties.Tags ?? []);
      roles.policyChanged();
      for (const role of properties.Roles ?? []) roles.attach(role, policy.arn);
      detach(
        policy.arn,
        (previous.Roles ?? []).filter((role) => !properties.Roles?.includes(role)),
      );
      return stateOf(policy);
    },
    async delete(state, properties) {
      detach(state.physicalId, properties.Roles ?? []);
      if (roles.usersOf(state.physicalId).length > 0) {
        throw deleteConflict('Cannot delete a policy attached to entities.');
      }
      policies.delete(state.physicalId);
    },
  };
}
