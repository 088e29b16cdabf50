import type { CompiledPolicy, CompiledStatement } from './compiled-policy.ts';
import type { Principal } from './principal.ts';
import type { PrincipalMatch } from './principal-matcher.ts';
import type { RequestContext } from './request-context.ts';

/** What one set of policies says of one action on one resource. */
export type Verdict = 'allow' | 'deny' | 'silent';

export interface IdentityVerdict {
  readonly verdict: Verdict;
  /** No statement that could apply asks for condition keys or variables: the same question has the same answer. */
  readonly cacheable: boolean;
  /** The statement that decided. */
  readonly statement?: CompiledStatement;
}

/** `action` in lower case. */
export function judgeIdentity(
  policies: readonly CompiledPolicy[],
  action: string,
  resource: string,
  context: RequestContext,
): IdentityVerdict {
  let allowing: CompiledStatement | undefined;
  let denying: CompiledStatement | undefined;
  let cacheable = true;
  for (const policy of policies) {
    for (const statement of policy.statements) {
      if (!statement.matchesAction(action)) continue;
      if (statement.contextual) cacheable = false;
      if (!statement.matchesResource(resource, context) || statement.condition?.holds(context) === false) continue;
      if (statement.effect === 'Deny') denying ??= statement;
      else allowing ??= statement;
    }
  }
  if (denying !== undefined) return { verdict: 'deny', cacheable, statement: denying };
  if (allowing !== undefined) return { verdict: 'allow', cacheable, statement: allowing };
  return { verdict: 'silent', cacheable };
}

/** What a resource's own policy, or a role's trust policy, says of a principal. */
export type ResourceVerdict = 'deny' | Exclude<PrincipalMatch, undefined> | 'silent';

export function judgeResource(
  policy: CompiledPolicy | undefined,
  principal: Principal,
  action: string,
  resource: string,
  context: RequestContext,
): ResourceVerdict {
  let best: ResourceVerdict = 'silent';
  for (const statement of policy?.statements ?? []) {
    if (!statement.matchesAction(action)) continue;
    const match = statement.principal?.(principal);
    if (match === undefined || !statement.matchesResource(resource, context)) continue;
    if (statement.condition?.holds(context) === false) continue;
    if (statement.effect === 'Deny') return 'deny';
    if (match === 'session' || best === 'silent' || (match === 'direct' && best === 'account')) best = match;
  }
  return best;
}

/** Why a request is denied, in the words of AWS ("Troubleshoot access denied error messages"). */
export type Denial =
  | 'explicit deny in an identity-based policy'
  | 'explicit deny in a resource-based policy'
  | 'explicit deny in a permissions boundary'
  | 'explicit deny in the role trust policy'
  | 'no identity-based policy'
  | 'no resource-based policy'
  | 'no permissions boundary'
  | 'no role trust policy';

/**
 * The decision within one account (IAM user guide, "Policy evaluation logic"): an explicit deny anywhere wins; a
 * resource policy that names the caller allows; otherwise identity policy and permissions boundary must both allow.
 *
 * @param boundary undefined where the role has none
 * @param policyMustAllow the silence of the resource's policy denies
 */
export function decide(
  principal: Principal,
  identity: Verdict,
  boundary: Verdict | undefined,
  resource: ResourceVerdict,
  policyMustAllow = false,
): Denial | undefined {
  if (identity === 'deny') return 'explicit deny in an identity-based policy';
  if (resource === 'deny') return 'explicit deny in a resource-based policy';
  if (boundary === 'deny') return 'explicit deny in a permissions boundary';
  if (policyMustAllow && resource === 'silent') return 'no resource-based policy';
  switch (principal.kind) {
    case 'account':
      return undefined;
    case 'service':
    case 'device':
    case 'anonymous':
      return resource === 'silent' || resource === 'account' ? 'no resource-based policy' : undefined;
    case 'assumed-role':
      if (resource === 'session') return undefined;
      if (boundary === 'silent') return 'no permissions boundary';
      return resource === 'direct' || identity === 'allow' ? undefined : 'no identity-based policy';
  }
}
