import type { PolicyStatement } from './policy-document.ts';
import { malformedPolicy } from './policy-error.ts';
import type { Principal } from './principal.ts';

/**
 * How closely a policy names a principal. `account` hands the decision to the account's identity policies; `direct` and
 * `session` need no identity policy; `session` also passes a permissions boundary's silence
 * (IAM user guide, "Policy evaluation logic", "Evaluating identity-based policies with resource-based policies").
 */
export type PrincipalMatch = 'session' | 'direct' | 'account' | undefined;

export type PrincipalMatcher = (principal: Principal) => PrincipalMatch;

const ARN_OF_PRINCIPAL = /^arn:aws:(iam|sts)::(\d{12}):(root|(?:role|user|assumed-role|federated-user)\/[\w+=,.@/-]+)$/;

/** @throws AwsError `MalformedPolicyDocument`, "Invalid principal in policy" */
export function compilePrincipal(element: NonNullable<PolicyStatement['Principal']>): PrincipalMatcher {
  if (element === '*') return () => 'direct';
  const matchers = parse(element).map(([type, value]) => matcherOf(type, value));
  return (principal) => {
    let best: PrincipalMatch;
    for (const matcher of matchers) {
      const match = matcher(principal);
      if (match === 'session') return match;
      if (match === 'direct' || best === undefined) best = match ?? best;
    }
    return best;
  };
}

/**
 * A caller is spared only when every name it goes by is listed: account, role and session
 * (IAM user guide, "IAM JSON policy elements: NotPrincipal").
 */
export function compileNotPrincipal(element: NonNullable<PolicyStatement['NotPrincipal']>): PrincipalMatcher {
  if (element === '*') throw malformedPolicy('Invalid principal in policy: "NotPrincipal":"*"');
  const entries = parse(element);
  for (const [type, value] of entries) matcherOf(type, value);
  const listed = new Set(entries.map(([, value]) => (/^\d{12}$/.test(value) ? `arn:aws:iam::${value}:root` : value)));
  return (principal) => (namesOf(principal).every((name) => listed.has(name)) ? undefined : 'direct');
}

function namesOf(principal: Principal): string[] {
  switch (principal.kind) {
    case 'account':
      return [principal.arn];
    case 'assumed-role':
      return [`arn:aws:iam::${principal.accountId}:root`, principal.roleArn, principal.arn];
    case 'service':
      return [principal.service];
    case 'device':
    case 'anonymous':
      return ['anonymous'];
  }
}

function parse(element: Record<string, string | string[]>): [type: string, value: string][] {
  if (typeof element !== 'object' || element === null || Array.isArray(element)) {
    throw malformedPolicy('Invalid principal in policy');
  }
  return Object.entries(element).flatMap(([type, values]) =>
    (Array.isArray(values) ? values : [values]).map((value): [string, string] => {
      if (typeof value !== 'string')
        throw malformedPolicy(`Invalid principal in policy: "${type}":${JSON.stringify(value)}`);
      return [type, value];
    }),
  );
}

function matcherOf(type: string, value: string): PrincipalMatcher {
  const invalid = () => malformedPolicy(`Invalid principal in policy: "${type}":"${value}"`);
  switch (type) {
    case 'AWS':
      if (value === '*') return () => 'direct';
      if (/^\d{12}$/.test(value)) return accountMatcher(value);
      return arnMatcher(value, invalid);
    case 'Service':
      if (!/^[a-z0-9.-]+\.amazonaws\.com$/.test(value)) throw invalid();
      return (principal) => (principal.kind === 'service' && principal.service === value ? 'direct' : undefined);
    case 'Federated':
    case 'CanonicalUser':
      // Nobody signs in through another identity provider or as another account here.
      return () => undefined;
    default:
      throw invalid();
  }
}

function accountMatcher(accountId: string): PrincipalMatcher {
  return (principal) => {
    if (principal.kind === 'account') return principal.accountId === accountId ? 'direct' : undefined;
    return principal.kind === 'assumed-role' && principal.accountId === accountId ? 'account' : undefined;
  };
}

function arnMatcher(value: string, invalid: () => Error): PrincipalMatcher {
  const parts = ARN_OF_PRINCIPAL.exec(value);
  if (parts === null) throw invalid();
  if (parts[3] === 'root') return accountMatcher(parts[2] as string);
  return (principal) => {
    if (principal.kind !== 'assumed-role') return undefined;
    if (principal.arn === value) return 'session';
    return principal.roleArn === value ? 'direct' : undefined;
  };
}
