import { type CompiledCondition, compileCondition } from './condition.ts';
import { actionPattern, arnPattern, type Pattern } from './pattern.ts';
import type { PolicyDocument, PolicyStatement } from './policy-document.ts';
import { malformedPolicy } from './policy-error.ts';
import { compileNotPrincipal, compilePrincipal, type PrincipalMatcher } from './principal-matcher.ts';
import type { RequestContext } from './request-context.ts';

/** Where a policy stands decides which elements it must and must not have. */
export type PolicyKind = 'identity' | 'resource' | 'trust';

export interface CompiledStatement {
  readonly effect: 'Allow' | 'Deny';
  readonly sid: string | undefined;
  /** `action` in lower case. */
  matchesAction(action: string): boolean;
  matchesResource(resource: string, context: RequestContext): boolean;
  /** Resource and trust policies only. */
  readonly principal: PrincipalMatcher | undefined;
  readonly condition: CompiledCondition | undefined;
  /** The answer depends on more than principal, action and resource. */
  readonly contextual: boolean;
  /** Of all that makes it contextual, only whether the request came over TLS (`aws:SecureTransport`) counts. */
  readonly transportOnly: boolean;
}

export interface CompiledPolicy {
  readonly statements: readonly CompiledStatement[];
}

const STATEMENT_ELEMENTS = new Set([
  'Sid',
  'Effect',
  'Principal',
  'NotPrincipal',
  'Action',
  'NotAction',
  'Resource',
  'NotResource',
  'Condition',
]);

/**
 * Reads a policy as IAM does when it is stored (IAM user guide, "Grammar of the IAM JSON policy language") and compiles
 * it once to matchers.
 *
 * @throws AwsError `MalformedPolicyDocument` (400), naming what is wrong
 */
export function compilePolicy(document: unknown, kind: PolicyKind): CompiledPolicy {
  const policy = parseDocument(document);
  const variables = policy.Version === '2012-10-17';
  const statements = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement];
  const sids = statements.map((statement) => statement?.Sid).filter((sid) => sid !== undefined && sid !== '');
  if (new Set(sids).size !== sids.length) {
    throw malformedPolicy('Statement IDs (SID) in a single policy must be unique.');
  }
  return { statements: statements.map((statement) => compileStatement(statement, kind, variables)) };
}

/** Checks a policy that a service is about to store. @throws as {@link compilePolicy} */
export function validatePolicy(document: unknown, kind: PolicyKind): asserts document is PolicyDocument {
  compilePolicy(document, kind);
}

const compiled = new WeakMap<PolicyDocument, CompiledPolicy>();

/** The compiled form of a resource's policy, kept as long as the document object lives: hand in the same object. */
export function compiledResourcePolicy(document: PolicyDocument): CompiledPolicy {
  let policy = compiled.get(document);
  if (policy === undefined) {
    policy = compilePolicy(document, 'resource');
    compiled.set(document, policy);
  }
  return policy;
}

function parseDocument(document: unknown): PolicyDocument {
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    throw malformedPolicy('Syntax errors in policy.');
  }
  for (const key of Object.keys(document)) {
    if (key !== 'Version' && key !== 'Id' && key !== 'Statement') {
      throw malformedPolicy(`Syntax errors in policy: unknown element ${key}.`);
    }
  }
  const policy = document as PolicyDocument;
  if (policy.Version !== undefined && policy.Version !== '2012-10-17' && policy.Version !== '2008-10-17') {
    throw malformedPolicy('The policy must contain a valid version string.');
  }
  if (policy.Statement === undefined || (Array.isArray(policy.Statement) && policy.Statement.length === 0)) {
    throw malformedPolicy('Syntax errors in policy: no statement.');
  }
  return policy;
}

function compileStatement(statement: PolicyStatement, kind: PolicyKind, variables: boolean): CompiledStatement {
  if (typeof statement !== 'object' || statement === null) throw malformedPolicy('Syntax errors in policy.');
  for (const key of Object.keys(statement)) {
    if (!STATEMENT_ELEMENTS.has(key)) throw malformedPolicy(`Syntax errors in policy: unknown element ${key}.`);
  }
  if (statement.Effect !== 'Allow' && statement.Effect !== 'Deny') {
    throw malformedPolicy(`Syntax errors in policy: invalid effect ${JSON.stringify(statement.Effect)}.`);
  }
  if (kind !== 'resource' && statement.Sid !== undefined && !/^[0-9A-Za-z]*$/.test(statement.Sid)) {
    throw malformedPolicy(
      'Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*',
    );
  }
  const resource = compileResource(statement, kind, variables);
  const condition = statement.Condition === undefined ? undefined : compileCondition(statement.Condition, variables);
  return {
    effect: statement.Effect,
    sid: statement.Sid,
    matchesAction: compileAction(statement),
    matchesResource: resource.matches,
    principal: compilePrincipalElement(statement, kind),
    condition,
    contextual: condition !== undefined || resource.contextual,
    transportOnly: !resource.contextual && asksForTransportOnly(statement, condition),
  };
}

function asksForTransportOnly({ Condition }: PolicyStatement, condition: CompiledCondition | undefined): boolean {
  if (condition === undefined) return true;
  return condition.keys.every((key) => key === 'aws:securetransport') && !JSON.stringify(Condition).includes('${');
}

function compileAction({ Action, NotAction }: PolicyStatement): (action: string) => boolean {
  if ((Action === undefined) === (NotAction === undefined)) {
    throw malformedPolicy('Policy statement must contain actions.');
  }
  const patterns = texts(Action ?? NotAction, 'Action').map((action) => {
    if (action !== '*' && !/^[a-zA-Z0-9-]+:[\w*?]+$/.test(action)) {
      throw malformedPolicy(`Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (${action})`);
    }
    return actionPattern(action);
  });
  const listed = (action: string) => patterns.some((matches) => matches(action));
  return Action === undefined ? (action) => !listed(action) : listed;
}

function compileResource({ Resource, NotResource }: PolicyStatement, kind: PolicyKind, variables: boolean): Pattern {
  if (kind === 'trust') {
    if (Resource !== undefined || NotResource !== undefined) throw malformedPolicy('Has prohibited field Resource.');
    return { contextual: false, matches: () => true };
  }
  if ((Resource === undefined) === (NotResource === undefined)) {
    throw malformedPolicy('Policy statement must contain resources.');
  }
  const patterns = texts(Resource ?? NotResource, 'Resource').map((resource) => {
    if (resource !== '*' && !resource.startsWith('arn:')) {
      throw malformedPolicy(`Resource ${resource} must be in ARN format or "*".`);
    }
    return arnPattern(resource, variables);
  });
  const listed = (text: string, context: RequestContext) => patterns.some((pattern) => pattern.matches(text, context));
  return {
    contextual: patterns.some((pattern) => pattern.contextual),
    matches: Resource === undefined ? (text, context) => !listed(text, context) : listed,
  };
}

function compilePrincipalElement(
  { Effect, Principal, NotPrincipal }: PolicyStatement,
  kind: PolicyKind,
): PrincipalMatcher | undefined {
  if (kind === 'identity') {
    if (Principal !== undefined || NotPrincipal !== undefined) {
      throw malformedPolicy('Policy document should not specify a principal.');
    }
    return undefined;
  }
  if ((Principal === undefined) === (NotPrincipal === undefined)) {
    throw malformedPolicy('Policy statement must contain principals.');
  }
  if (Principal !== undefined) return compilePrincipal(Principal);
  if (Effect === 'Allow') throw malformedPolicy('Allow with NotPrincipal is not allowed.');
  return compileNotPrincipal(NotPrincipal as NonNullable<typeof NotPrincipal>);
}

function texts(value: string | string[] | undefined, element: string): string[] {
  const list = Array.isArray(value) ? value : [value];
  if (list.length === 0) throw malformedPolicy(`Policy statement must contain ${element.toLowerCase()}s.`);
  return list.map((text) => {
    if (typeof text !== 'string') throw malformedPolicy(`Syntax errors in policy: ${element} must be text.`);
    return text;
  });
}
