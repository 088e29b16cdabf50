import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import { MAX_DEFINITION_BYTES } from '../limits.ts';
import { isComparison } from './choice.ts';
import type { Machine, Rule, State } from './definition.ts';
import { parsePath } from './json-path.ts';

const COMMON = ['Type', 'Comment', 'InputPath', 'OutputPath'];
const FLOW = ['Next', 'End'];
const RESULT = ['Parameters', 'ResultPath'];
const TASK = [...FLOW, ...RESULT, 'ResultSelector', 'Retry', 'Catch'];

/** Fields that are built, by type of state. */
const FIELDS: Readonly<Record<string, readonly string[]>> = {
  Pass: [...COMMON, ...FLOW, ...RESULT, 'Result'],
  Wait: [...COMMON, ...FLOW, 'Seconds', 'Timestamp', 'SecondsPath', 'TimestampPath'],
  Choice: [...COMMON, 'Choices', 'Default'],
  Succeed: COMMON,
  Fail: ['Type', 'Comment', 'Error', 'Cause', 'ErrorPath', 'CausePath'],
  Parallel: [...COMMON, ...TASK, 'Branches'],
  Map: [...COMMON, ...TASK, 'ItemProcessor', 'Iterator', 'ItemsPath', 'ItemSelector', 'MaxConcurrency'],
  Task: [...COMMON, ...TASK, 'Resource'],
};

/** Fields of the language that no state here has: told apart from typing errors. */
const NOT_BUILT =
  /^(QueryLanguage|Assign|Arguments|Output|Items|TimeoutSeconds(Path)?|HeartbeatSeconds(Path)?|Credentials|ItemReader|ItemBatcher|ResultWriter|ToleratedFailure\w+|MaxConcurrencyPath|Label)$/;

/**
 * Reads a definition.
 * @throws AwsError `InvalidDefinition`; `NotImplemented` naming the state and field, path or resource that is not built
 */
export function readDefinition(text: string | undefined): Machine {
  if (text === undefined || Buffer.byteLength(text) > MAX_DEFINITION_BYTES)
    throw invalid('the definition is missing or too large');
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    throw invalid("'MALFORMED_JSON: the definition is no JSON'");
  }
  return checkMachine(parsed, '');
}

function checkMachine(value: unknown, place: string, extra: readonly string[] = []): Machine {
  if (typeof value !== 'object' || value === null) throw invalid(`'${place || '/'}' must be an object`);
  const machine = value as Machine & Record<string, unknown>;
  for (const name of Object.keys(machine)) {
    if (name === 'Version' && machine[name] === '1.0') continue;
    if (name === 'QueryLanguage' && machine[name] === 'JSONPath') continue;
    if (['Comment', 'StartAt', 'States', ...extra].includes(name)) continue;
    if (NOT_BUILT.test(name)) throw new NotImplementedError(`Step Functions ${name} at ${place || '/'}`);
    throw invalid(`Field '${name}' is not supported at ${place || '/'}`);
  }
  const { StartAt, States } = machine;
  if (typeof States !== 'object' || States === null) throw invalid(`States is missing at ${place || '/'}`);
  if (!Object.hasOwn(States, StartAt))
    throw invalid(`MISSING_TRANSITION_TARGET: StartAt '${StartAt}' at ${place || '/'}`);
  for (const [name, state] of Object.entries(States)) checkState(state, `${place}/States/${name}`, States);
  return machine;
}

function checkState(state: State, place: string, siblings: Machine['States']): void {
  const fields = FIELDS[state?.Type];
  if (fields === undefined) throw invalid(`the Type '${state?.Type}' is unknown at ${place}`);
  for (const name of Object.keys(state)) {
    if (fields.includes(name)) continue;
    if (name === 'QueryLanguage' && (state as { QueryLanguage?: unknown }).QueryLanguage === 'JSONPath') continue;
    if (NOT_BUILT.test(name)) throw new NotImplementedError(`Step Functions ${name} at ${place}`);
    throw invalid(`Field '${name}' is not supported at ${place}`);
  }
  const target = (name: string | undefined): void => {
    if (name === undefined || !Object.hasOwn(siblings, name)) {
      throw invalid(`MISSING_TRANSITION_TARGET: Missing 'Next' target: ${name} at ${place}`);
    }
  };
  if (fields.includes('Next')) {
    if ((state.Next === undefined) === (state.End !== true))
      throw invalid(`exactly one of Next and End is needed at ${place}`);
    if (state.Next !== undefined) target(state.Next);
  }
  for (const name of [
    'InputPath',
    'OutputPath',
    'ResultPath',
    'ItemsPath',
    'SecondsPath',
    'TimestampPath',
    'ErrorPath',
    'CausePath',
  ] as const) {
    const path = state[name];
    if (path !== undefined && path !== null) checkPath(path, place);
  }
  for (const template of [state.Parameters, state.ResultSelector, state.ItemSelector]) checkTemplate(template, place);
  for (const handler of [...(state.Retry ?? []), ...(state.Catch ?? [])]) {
    if (!Array.isArray(handler.ErrorEquals) || handler.ErrorEquals.length === 0)
      throw invalid(`ErrorEquals is missing at ${place}`);
    for (const name of Object.keys(handler)) {
      if (/^(ErrorEquals|IntervalSeconds|MaxAttempts|BackoffRate|MaxDelaySeconds|Next|ResultPath|Comment)$/.test(name))
        continue;
      throw new NotImplementedError(`Step Functions ${name} of Retry or Catch at ${place}`);
    }
  }
  for (const catcher of state.Catch ?? []) {
    target(catcher.Next);
    if (typeof catcher.ResultPath === 'string') checkPath(catcher.ResultPath, place);
  }
  checkKind(state, place, target);
}

function checkKind(state: State, place: string, target: (name: string | undefined) => void): void {
  switch (state.Type) {
    case 'Choice':
      if (!Array.isArray(state.Choices) || state.Choices.length === 0) throw invalid(`Choices is missing at ${place}`);
      for (const rule of state.Choices as Rule[]) {
        target(rule.Next);
        checkRule(rule, place);
      }
      if (state.Default !== undefined) target(state.Default);
      return;
    case 'Wait': {
      const given = [state.Seconds, state.Timestamp, state.SecondsPath, state.TimestampPath].filter(
        (one) => one !== undefined,
      );
      if (given.length !== 1)
        throw invalid(`a Wait needs exactly one of Seconds, Timestamp and their paths at ${place}`);
      return;
    }
    case 'Parallel':
      if (!Array.isArray(state.Branches)) throw invalid(`Branches is missing at ${place}`);
      for (const [index, branch] of state.Branches.entries()) checkMachine(branch, `${place}/Branches[${index}]`);
      return;
    case 'Map': {
      const processor = state.ItemProcessor ?? state.Iterator;
      const { ProcessorConfig: config } = (processor ?? {}) as { ProcessorConfig?: { Mode?: string } };
      if (config?.Mode !== undefined && config.Mode !== 'INLINE')
        throw new NotImplementedError(`Step Functions Map in mode ${config.Mode} at ${place}`);
      checkMachine(processor, `${place}/ItemProcessor`, ['ProcessorConfig']);
      return;
    }
    case 'Task':
      if (lambdaOf(state.Resource) === undefined)
        throw new NotImplementedError(`the Step Functions resource ${state.Resource} at ${place}`);
  }
}

/** How a Task calls a function: by its ARN with the input as event, or through the optimized integration. */
export function lambdaOf(resource: string | undefined): 'function' | 'integration' | undefined {
  if (resource === 'arn:aws:states:::lambda:invoke') return 'integration';
  return /^arn:aws:lambda:[^:]+:\d{12}:function:[^:]+(:[^:]+)?$/.test(resource ?? '') ? 'function' : undefined;
}

function checkRule(rule: Rule, place: string): void {
  const inner = [rule.And, rule.Or].filter(Array.isArray).flat() as Rule[];
  if (rule.Not !== undefined) inner.push(rule.Not as Rule);
  if (inner.length > 0) {
    for (const one of inner) checkRule(one, place);
    return;
  }
  const names = Object.keys(rule).filter((name) => !['Variable', 'Next', 'Comment'].includes(name));
  const [name = ''] = names;
  if (names.length !== 1 || !isComparison(name))
    throw invalid(`a rule needs one comparison, not ${names.join(', ')}, at ${place}`);
  checkPath(rule.Variable as string, place);
  if (/.Path$/.test(name)) checkPath(rule[name] as string, place);
}

function checkTemplate(template: unknown, place: string): void {
  if (typeof template !== 'object' || template === null) return;
  for (const [name, value] of Object.entries(template)) {
    if (!name.endsWith('.$')) checkTemplate(value, place);
    else checkPath(value as string, place);
  }
}

function checkPath(path: string, place: string): void {
  if (typeof path !== 'string') throw invalid(`a path must be text at ${place}`);
  if (path.startsWith('States.'))
    throw new NotImplementedError(`the Step Functions intrinsic function ${path} at ${place}`);
  if (!path.startsWith('$')) throw invalid(`INVALID_PATH: '${path}' at ${place}`);
  parsePath(path.startsWith('$$') ? path.slice(1) : path);
}

function invalid(reason: string): AwsError {
  return new AwsError('InvalidDefinition', `Invalid State Machine Definition: '${reason}'`, 400);
}
