import type { Evaluation } from '../evaluation.ts';
import type { MessageFields } from '../fields/message-fields.ts';
import { compileCast } from '../functions/cast.ts';
import { findFunction } from '../functions/registry.ts';
import type { CallSite, Evaluate } from '../functions/sql-function.ts';
import { toNumber } from '../values/convert.ts';
import { equal } from '../values/equality.ts';
import { setOwn } from '../values/json.ts';
import { isNumber, type Numbers } from '../values/numbers.ts';
import { isObject, type SqlValue } from '../values/value.ts';
import type { Expression, ObjectMember } from './ast.ts';
import { compileBinary, compileNot } from './compile-operator.ts';
import { compileQuery } from './compile-query.ts';
import { type CompileScope, requireVersion2016 } from './compile-scope.ts';
import { withJson } from './json-form.ts';
import { SqlError } from './sql-error.ts';

export function compileExpression(node: Expression, scope: CompileScope): Evaluate {
  const compile = (inner: Expression): Evaluate => compileExpression(inner, scope);
  switch (node.kind) {
    case 'literal': {
      const { value } = node;
      return () => value;
    }
    case 'number': {
      const value = scope.numbers.fromText(node.text);
      if (value === undefined) throw new SqlError(`number ${node.text} is out of range`, scope.text, node.offset);
      return () => value;
    }
    case 'field':
      return compileField(node.name, scope);
    case 'member':
      return compileMember(node, scope);
    case 'variable':
      return compileVariable(node.name, node.offset, scope);
    case 'star':
      return compileStar(scope);
    case 'call':
      return compileCall(node, scope);
    case 'cast':
      return compileCast(compile(node.value), node.type, scope, node.offset);
    case 'not':
      return compileNot(compile(node.operand));
    case 'negate':
      return compileNegate(compile(node.operand), scope.numbers);
    case 'binary':
      return compileBinary(node, compile, scope.numbers);
    case 'case':
      return compileCase(node, compile);
    case 'array':
      return compileArray(node.items.map(compile), node.offset, scope);
    case 'object':
      return compileObject(node.members, compile, node.offset, scope);
    case 'query':
      return compileQuery(node.query, node.offset, scope, compileExpression);
    case 'exists': {
      const query = compileQuery(node.query, node.offset, scope, compileExpression);
      return (evaluation) => {
        const found = query(evaluation);
        return Array.isArray(found) ? found.length > 0 : found !== undefined;
      };
    }
  }
}

/** Reads an own attribute; everything that is no JSON object has none. */
function memberReader(name: string): (target: SqlValue) => SqlValue {
  if (name in Object.prototype) {
    return (target) => (isObject(target) && Object.hasOwn(target, name) ? target[name] : undefined);
  }
  return (target) => (isObject(target) ? target[name] : undefined);
}

function compileField(name: string, scope: CompileScope): Evaluate {
  const read = memberReader(name);
  if (scope.nested) return (evaluation) => read(evaluation.element);
  if (scope.fields !== undefined) return messageField(scope.fields, [name]);
  const { numbers } = scope;
  return (evaluation) => read(evaluation.document(numbers));
}

function messageField(fields: MessageFields, path: readonly string[]): Evaluate {
  const slot = fields.slot(path);
  return withJson(
    (evaluation) => fields.value(evaluation, slot),
    (evaluation) => fields.json(evaluation, slot),
  );
}

/** `a.b.c` of the message itself. */
function messagePath(node: Expression): string[] | undefined {
  if (node.kind === 'field') return [node.name];
  if (node.kind !== 'member') return undefined;
  const target = messagePath(node.target);
  return target === undefined ? undefined : [...target, node.name];
}

/** `a.b` of the message, the common case, is read in one step. */
function compileMember(node: Extract<Expression, { kind: 'member' }>, scope: CompileScope): Evaluate {
  const path = scope.nested || scope.fields === undefined ? undefined : messagePath(node);
  if (path !== undefined && scope.fields !== undefined) return messageField(scope.fields, path);
  const read = memberReader(node.name);
  const { numbers } = scope;
  if (node.target.kind === 'field' && !scope.nested) {
    const readField = memberReader(node.target.name);
    return (evaluation) => read(readField(evaluation.document(numbers)));
  }
  const target = compileExpression(node.target, scope);
  return (evaluation) => read(target(evaluation));
}

function compileStar(scope: CompileScope): Evaluate {
  const { numbers } = scope;
  return scope.nested ? (evaluation) => evaluation.element : (evaluation) => evaluation.whole(numbers);
}

function compileVariable(name: string, offset: number, scope: CompileScope): Evaluate {
  const index = scope.variables.indexOf(name);
  if (index < 0) throw new SqlError(`variable ${name} is not set before its use`, scope.text, offset);
  return (evaluation) => evaluation.variables[index];
}

function compileNegate(operand: Evaluate, numbers: Numbers): Evaluate {
  return (evaluation) => {
    const value = operand(evaluation);
    const number = isNumber(value) ? value : toNumber(value, numbers);
    return number === undefined ? undefined : numbers.negate(number);
  };
}

function compileCase(node: Extract<Expression, { kind: 'case' }>, compile: (node: Expression) => Evaluate): Evaluate {
  const subject = compile(node.subject);
  const branches = node.branches.map((branch) => ({ when: compile(branch.when), result: compile(branch.result) }));
  const otherwise = node.otherwise === undefined ? undefined : compile(node.otherwise);
  return (evaluation) => {
    const value = subject(evaluation);
    // "Case statements": an Undefined subject makes the result Undefined.
    if (value === undefined) return undefined;
    for (const branch of branches) {
      if (equal(value, branch.when(evaluation)) === true) return branch.result(evaluation);
    }
    return otherwise?.(evaluation);
  };
}

function compileArray(items: readonly Evaluate[], offset: number, scope: CompileScope): Evaluate {
  requireVersion2016(scope, 'an array literal', offset);
  return (evaluation) => {
    const values: SqlValue[] = [];
    for (const item of items) {
      const value = item(evaluation);
      if (value !== undefined) values.push(value);
    }
    return values;
  };
}

function compileObject(
  members: readonly ObjectMember[],
  compile: (node: Expression) => Evaluate,
  offset: number,
  scope: CompileScope,
): Evaluate {
  requireVersion2016(scope, 'an object literal', offset);
  const parts = members.map(({ key, value }) => ({ key, value: compile(value) }));
  return (evaluation) => {
    const object: Record<string, SqlValue> = {};
    for (const { key, value } of parts) setOwn(object, key, value(evaluation));
    return object;
  };
}

function compileCall(node: Extract<Expression, { kind: 'call' }>, scope: CompileScope): Evaluate {
  const found = findFunction(node.name);
  if (found === undefined) throw new SqlError(`unknown function ${node.name}()`, scope.text, node.offset);
  if (found.since === '2016-03-23') requireVersion2016(scope, `${found.name}()`, node.offset);
  const [least, most] = found.arity;
  const args = node.args.map((argument) => compileExpression(argument, scope));
  if (args.length < least || args.length > most) return () => undefined;
  const call: CallSite = {
    args,
    nodes: node.args,
    version: scope.version,
    numbers: scope.numbers,
    nested: scope.nested,
    uses: scope.uses,
    constant: (index) => constantOf(node.args[index], args[index]),
    refuse: (problem, index) =>
      new SqlError(
        `${found.name}(): ${problem}`,
        scope.text,
        (index === undefined ? node : (node.args[index] ?? node)).offset,
      ),
  };
  return found.compile(call);
}

function constantOf(node: Expression | undefined, evaluate: Evaluate | undefined): SqlValue {
  if (node === undefined || (node.kind !== 'literal' && node.kind !== 'number')) return undefined;
  return evaluate?.(undefined as unknown as Evaluation);
}
