import type { PolicyDocument } from '../../../core/iam/policy-document.ts';
import type { ResourceProvider } from '../../../core/resources.ts';
import { validationError } from '../errors.ts';
import type { RoleStore } from '../role-store.ts';

interface PolicyProperties {
  PolicyName: string;
  PolicyDocument: PolicyDocument;
  Roles?: string[];
}

/** CloudFormation template reference, "AWS::IAM::Policy": one inline policy put on each of the roles. */
export function policyProvider(roles: RoleStore): ResourceProvider<PolicyProperties> {
  function put(properties: PolicyProperties): void {
    const names = properties.Roles ?? [];
    if (names.length === 0) throw validationError('At least one of [Groups,Roles,Users] must be non-empty.');
    for (const role of names) roles.putInline(role, properties.PolicyName, properties.PolicyDocument);
  }

  function remove(properties: PolicyProperties, except: (role: string) => boolean = () => false): void {
    for (const role of properties.Roles ?? []) {
      if (except(role) || !roles.has(role)) continue;
      if (Object.hasOwn(roles.get(role).inline, properties.PolicyName)) roles.deleteInline(role, properties.PolicyName);
    }
  }

  return {
    type: 'AWS::IAM::Policy',
    replaceOn: [],
    properties: ['PolicyName', 'PolicyDocument', 'Roles'],
    async create(properties) {
      try {
        put(properties);
      } catch (error) {
        remove(properties);
        throw error;
      }
      return { physicalId: properties.PolicyName, attributes: { Id: properties.PolicyName } };
    },
    async update(properties, previous) {
      put(properties);
      remove(
        previous,
        (role) => previous.PolicyName === properties.PolicyName && properties.Roles?.includes(role) === true,
      );
      return { physicalId: properties.PolicyName, attributes: { Id: properties.PolicyName } };
    },
    async delete(_state, properties) {
      remove(properties);
    },
  };
}
