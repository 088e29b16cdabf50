import { type Comparison, conditionOperator } from './condition-operators.ts';
import type { PolicyStatement, PolicyValue } from './policy-document.ts';
import { malformedPolicy } from './policy-error.ts';
import type { RequestContext } from './request-context.ts';

export interface CompiledCondition {
  /** Condition keys asked for, in lower case. */
  readonly keys: readonly string[];
  holds(context: RequestContext): boolean;
}

type Test = (context: RequestContext) => boolean;

/**
 * All operators and all keys of a condition block must hold (IAM user guide, "Conditions with multiple context keys or
 * values"). An operator that is not known is refused here, when the policy is stored.
 *
 * @throws AwsError `MalformedPolicyDocument`
 */
export function compileCondition(
  block: NonNullable<PolicyStatement['Condition']>,
  variables: boolean,
): CompiledCondition {
  const keys = new Set<string>();
  const tests: Test[] = [];
  for (const [operator, entries] of Object.entries(block)) {
    if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) {
      throw malformedPolicy(`Syntax error in policy: condition ${operator} must hold condition keys`);
    }
    for (const [key, expected] of Object.entries(entries)) {
      if (!/^[\w-]+:./.test(key)) {
        throw malformedPolicy(`Actions/Conditions must be prefaced by a vendor, e.g., iam, sdb, ec2, etc. (${key})`);
      }
      keys.add(key.toLowerCase());
      tests.push(compileTest(operator, key, valuesOf(expected, operator), variables));
    }
  }
  return { keys: [...keys], holds: (context) => tests.every((test) => test(context)) };
}

function valuesOf(expected: PolicyValue | PolicyValue[], operator: string): string[] {
  return (Array.isArray(expected) ? expected : [expected]).map((value) => {
    if (typeof value !== 'string' && typeof value !== 'number' && typeof value !== 'boolean') {
      throw malformedPolicy(
        `Syntax error in policy: a value of condition ${operator} must be text, a number or a boolean`,
      );
    }
    return String(value);
  });
}

function compileTest(name: string, spelling: string, expected: string[], variables: boolean): Test {
  const key = spelling.toLowerCase();
  const lower = name.toLowerCase();
  if (lower === 'null') return compileNull(key, spelling, expected);
  const [, set, base = '', ifExists] = /^(forallvalues:|foranyvalue:)?(.*?)(ifexists)?$/.exec(lower) ?? [];
  if (base === 'binaryequals') {
    throw malformedPolicy(`Condition operator ${name} is not implemented by the local cloud`);
  }
  const operator = conditionOperator(base);
  if (operator === undefined) throw malformedPolicy(`Invalid Condition type : ${name}`);
  const comparisons = expected.map((value) => operator.compile(value, variables));
  const one = (value: string, context: RequestContext) => matchesAny(comparisons, value, context) !== operator.negated;
  return (context) => {
    const values = context.values(key, spelling);
    if (set === 'forallvalues:') {
      // "It also returns true if there are no context keys in the request, or if the value resolves to a null data set."
      return values === undefined || values.every((value) => one(value, context));
    }
    if (values === undefined) return ifExists !== undefined || (set === undefined && operator.negated);
    if (set === 'foranyvalue:') return values.some((value) => one(value, context));
    return operator.negated
      ? values.every((value) => one(value, context))
      : values.some((value) => one(value, context));
  };
}

function matchesAny(comparisons: readonly Comparison[], value: string, context: RequestContext): boolean {
  return comparisons.some((compare) => compare(value, context));
}

/** `true`: the key must be absent; `false`: it must be there ("Condition operator to check existence of condition keys"). */
function compileNull(key: string, spelling: string, expected: string[]): Test {
  const absent = expected.map((value) => value.toLowerCase());
  if (absent.some((value) => value !== 'true' && value !== 'false')) {
    throw malformedPolicy('The value of a Null condition must be true or false');
  }
  return (context) => absent.includes(String(context.values(key, spelling) === undefined));
}
