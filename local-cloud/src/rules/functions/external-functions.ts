import type { ExternalFunction } from '../external/external-call.ts';
import { ROLE_ARN_PATTERN } from '../external/role-arn.ts';
import type { SqlValue } from '../values/value.ts';
import type { CallSite, Evaluate, SqlFunction } from './sql-function.ts';

/**
 * Functions that ask other services. Where they take a role it is the last argument, and a literal: whoever makes the
 * rule must be allowed to pass it.
 */
export const EXTERNAL_FUNCTIONS: readonly SqlFunction[] = [
  external('aws_lambda', '2015-10-08', [2], { role: false }),
  external('get_dynamodb', '2016-03-23', [4, 6], { role: true }),
  external('get_registry_data', '2016-03-23', [3], {
    role: true,
    literals: { 0: ['DescribeThing', 'ListThingGroupsForThing'] },
  }),
  external('get_secret', '2015-10-08', [3, 4], { role: true, literals: { 1: ['SecretString', 'SecretBinary'] } }),
  external('get_thing_shadow', '2016-03-23', [2, 3], { role: true }),
];

interface Shape {
  readonly role: boolean;
  /** Arguments, by index, that are one of these literal strings. */
  readonly literals?: Readonly<Record<number, readonly string[]>>;
}

function external(
  name: ExternalFunction,
  since: SqlFunction['since'],
  counts: readonly number[],
  shape: Shape,
): SqlFunction {
  return {
    name,
    since,
    arity: [Math.min(...counts), Math.max(...counts)],
    compile(call) {
      if (!counts.includes(call.args.length)) throw call.refuse(`takes ${counts.join(' or ')} arguments`);
      const { uses, numbers } = call;
      if (uses.refusal !== undefined) throw call.refuse(uses.refusal);
      for (const [index, allowed] of Object.entries(shape.literals ?? {})) requireLiteral(call, Number(index), allowed);
      const roleArn = shape.role ? requireRole(call) : undefined;
      const args = shape.role ? call.args.slice(0, -1) : call.args;
      uses.any = true;
      if (roleArn !== undefined) uses.roles.add(roleArn);
      const site = {};
      const evaluate: Evaluate = (evaluation): SqlValue =>
        evaluation.externals?.take(site, {
          name,
          args: args.map((argument) => argument(evaluation)),
          roleArn,
          numbers,
        });
      return evaluate;
    },
  };
}

function requireLiteral(call: CallSite, index: number, allowed: readonly string[]): void {
  const value = call.constant(index);
  if (typeof value === 'string' && allowed.includes(value)) return;
  throw call.refuse(`expected one of the literal strings ${allowed.map((text) => `'${text}'`).join(', ')}`, index);
}

function requireRole(call: CallSite): string {
  const index = call.args.length - 1;
  const role = call.constant(index);
  if (typeof role === 'string' && ROLE_ARN_PATTERN.test(role)) return role;
  throw call.refuse('expected the ARN of a role as a literal string', index);
}
