import type { AuthDecision } from '@aws-sdk/client-iot';
import type { RequestContext } from '../../../core/iam/request-context.ts';
import type { IotAction } from '../../../core/mqtt.ts';
import type { IotPolicy } from './compile-iot-policy.ts';
import { type ConnectionFacts, connectionContext } from './connection-context.ts';

export interface AuthorizationExplanation {
  readonly decision: AuthDecision;
  /** Names of policies. */
  readonly allowing: readonly string[];
  readonly denying: readonly string[];
  /** "Policies that don't contain a matching allow or deny statement" (API ImplicitDeny). */
  readonly silent: readonly string[];
  /** Policy variables and condition keys that were asked for and have no value, as the policies write them. */
  readonly missing: readonly string[];
}

/** What policies say of one action on one resource, and which of them (API TestAuthorization). */
export function explainAuthorization(
  policies: ReadonlyMap<string, IotPolicy>,
  facts: ConnectionFacts,
  action: IotAction,
  resourceArn: string,
): AuthorizationExplanation {
  const missing = new Set<string>();
  const context = recording(connectionContext(facts, action), missing);
  const allowing: string[] = [];
  const denying: string[] = [];
  const silent: string[] = [];
  for (const [name, { statements }] of policies) {
    const matching = statements.filter(
      (statement) =>
        statement.matchesAction(action.toLowerCase()) &&
        statement.matchesResource(resourceArn, context) &&
        statement.condition?.holds(context) !== false,
    );
    if (matching.some(({ effect }) => effect === 'Deny')) denying.push(name);
    if (matching.some(({ effect }) => effect === 'Allow')) allowing.push(name);
    if (matching.length === 0) silent.push(name);
  }
  const decision = denying.length > 0 ? 'EXPLICIT_DENY' : allowing.length > 0 ? 'ALLOWED' : 'IMPLICIT_DENY';
  return { decision, allowing, denying, silent, missing: [...missing].sort() };
}

function recording(context: RequestContext, missing: Set<string>): RequestContext {
  return {
    values(key, spelling = key) {
      const values = context.values(key, spelling);
      if (values === undefined) missing.add(spelling);
      return values;
    },
  };
}
