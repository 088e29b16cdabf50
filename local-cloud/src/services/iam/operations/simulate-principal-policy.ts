import type { EvaluationResult, SimulatePolicyResponse, SimulatePrincipalPolicyRequest } from '@aws-sdk/client-iam';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { PolicyAuthorizer } from '../../../core/iam/policy-authorizer.ts';
import { noSuchRole } from '../errors.ts';
import { pageOf } from '../page.ts';
import type { RoleStore } from '../role-store.ts';

const UNBUILT: readonly (keyof SimulatePrincipalPolicyRequest)[] = [
  'PolicyInputList',
  'PermissionsBoundaryPolicyInputList',
  'PolicyExclusionList',
  'ResourcePolicy',
  'ResourceOwner',
  'CallerArn',
  'ResourceHandlingOption',
];

const DECISIONS = { allow: 'allowed', deny: 'explicitDeny', silent: 'implicitDeny' } as const;

/** Policies of a role against actions and resources, with the condition keys that the request gives and no others. */
export function simulatePrincipalPolicy(
  roles: RoleStore,
  authorizer: PolicyAuthorizer,
): Operation<SimulatePrincipalPolicyRequest, SimulatePolicyResponse> {
  function evaluate(input: SimulatePrincipalPolicyRequest, action: string, resource: string): EvaluationResult {
    const given = new Map(
      (input.ContextEntries ?? []).map((entry) => [
        String(entry.ContextKeyName).toLowerCase(),
        entry.ContextKeyValues ?? [],
      ]),
    );
    const missing = new Set<string>();
    const { verdict } = authorizer.simulate(input.PolicySourceArn as string, action, resource, {
      values(key) {
        if (!given.has(key)) missing.add(key);
        return given.get(key);
      },
    });
    return {
      EvalActionName: action,
      EvalResourceName: resource,
      EvalDecision: DECISIONS[verdict],
      MissingContextValues: [...missing],
    };
  }

  return {
    name: 'SimulatePrincipalPolicy',
    authorize: (input) => [{ action: 'iam:SimulatePrincipalPolicy', resource: String(input.PolicySourceArn) }],
    handle(input) {
      for (const parameter of UNBUILT) {
        if (input[parameter] !== undefined) throw new NotImplementedError(`iam SimulatePrincipalPolicy ${parameter}`);
      }
      const arn = input.PolicySourceArn as string;
      if (roles.byArn(arn) === undefined) throw noSuchRole(arn.slice(arn.lastIndexOf('/') + 1));
      const results = (input.ActionNames ?? []).flatMap((action) =>
        (input.ResourceArns ?? ['*']).map((resource) => evaluate(input, action, resource)),
      );
      const keyOf = (result: EvaluationResult) => `${result.EvalActionName} ${result.EvalResourceName}`;
      const { items, ...rest } = pageOf(results, keyOf, input);
      return { EvaluationResults: items, ...rest };
    },
  };
}
