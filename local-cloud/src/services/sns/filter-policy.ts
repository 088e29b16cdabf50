import { AwsError } from '../../core/errors.ts';
import { invalidParameter } from './errors.ts';
import { matcherOf, type ValueMatcher } from './filter-values.ts';
import { MAX_FILTER_POLICY_BYTES, MAX_FILTER_POLICY_COMBINATIONS, MAX_FILTER_POLICY_KEYS } from './limits.ts';

export type FilterScope = 'MessageAttributes' | 'MessageBody';

/** Whether a message is for a subscription; `subject` maps keys to values, nested for a body. */
export type FilterPolicy = (subject: Readonly<Record<string, unknown>>) => boolean;

/** A rule on one object of the message: all of its keys must agree. */
type Rule = (subject: Readonly<Record<string, unknown>>) => boolean;

interface Count {
  keys: number;
  combinations: number;
}

/**
 * Compiles a filter policy (developer guide, "Amazon SNS subscription filter policies"): every key must match, by any of
 * its conditions; `$or` needs one of its alternatives. A body's policy may nest.
 *
 * @throws AwsError `InvalidParameter`, "FilterPolicy: …"
 */
export function compileFilterPolicy(text: string, scope: FilterScope): FilterPolicy {
  if (Buffer.byteLength(text) > MAX_FILTER_POLICY_BYTES) throw refused('Filter policy is too large');
  let policy: unknown;
  try {
    policy = JSON.parse(text);
  } catch {
    throw refused('failed to parse JSON');
  }
  if (!isObject(policy)) throw refused('Filter policy must be a JSON object');
  const count: Count = { keys: 0, combinations: 1 };
  const rule = compileObject(policy, scope, 1, count);
  if (count.keys > MAX_FILTER_POLICY_KEYS) throw refused('Filter policy can not have more than 5 keys');
  if (count.combinations > MAX_FILTER_POLICY_COMBINATIONS) throw refused('Filter policy is too complex');
  return rule;
}

function compileObject(policy: Record<string, unknown>, scope: FilterScope, depth: number, count: Count): Rule {
  const rules: Rule[] = [];
  for (const [key, conditions] of Object.entries(policy)) {
    if (key === '$or' && isAlternatives(conditions)) {
      const alternatives = conditions.map((alternative) => compileObject(alternative, scope, depth, count));
      rules.push((subject) => alternatives.some((rule) => rule(subject)));
    } else if (Array.isArray(conditions)) {
      rules.push(compileKey(key, conditions, depth, count));
    } else if (isObject(conditions)) {
      if (scope === 'MessageAttributes') {
        throw refused('Filter policy scope MessageAttributes does not support nested filter policy');
      }
      const inner = compileObject(conditions, scope, depth + 1, count);
      rules.push((subject) => objectsOf(subject[key]).some(inner));
    } else throw refused(`"${key}" must be an object or an array`);
  }
  return (subject) => rules.every((rule) => rule(subject));
}

/** The count of conditions weighs by the level of nesting of its key ("Filter policy constraints in Amazon SNS"). */
function compileKey(key: string, conditions: readonly unknown[], depth: number, count: Count): Rule {
  if (conditions.length === 0) throw refused('Empty arrays are not allowed');
  count.keys++;
  count.combinations *= conditions.length * depth;
  const matchers = conditions.map((condition) => compileCondition(condition));
  return (subject) => {
    const present = Object.hasOwn(subject, key);
    const value = subject[key];
    const values: readonly unknown[] = Array.isArray(value) ? value : [value];
    return matchers.some((matcher) =>
      matcher.absence ? !present : present && (matcher.existence || values.some((one) => matcher.matches(one))),
    );
  };
}

function compileCondition(condition: unknown): ValueMatcher {
  try {
    return matcherOf(condition);
  } catch (error) {
    if (error instanceof AwsError) throw error;
    throw refused(error instanceof Error ? error.message : String(error));
  }
}

/** A nested rule looks into an object, or into each object of a list. */
function objectsOf(value: unknown): Record<string, unknown>[] {
  return (Array.isArray(value) ? value : [value]).filter(isObject);
}

/** `$or` counts as the operator when it holds two objects or more; otherwise it is a key like any other. */
function isAlternatives(value: unknown): value is Record<string, unknown>[] {
  return (
    Array.isArray(value) &&
    value.length >= 2 &&
    value.every((one) => isObject(one) && Object.values(one).every((inner) => Array.isArray(inner) || isObject(inner)))
  );
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function refused(reason: string): AwsError {
  return invalidParameter(`FilterPolicy: ${reason}`);
}
