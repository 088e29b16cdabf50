import type { Evaluation } from '../evaluation.ts';
import { ExternalFunctionError } from '../external/external-call.ts';
import { toInt, toText } from '../values/convert.ts';
import { toJson } from '../values/json.ts';
import { isObject, type SqlValue } from '../values/value.ts';
import { asksService } from './asks-service.ts';
import { argument, type CallSite, type Evaluate, type SqlFunction } from './sql-function.ts';

/** "The array returned by this function is limited to 128 KiB" ("transform"). */
const MAX_TRANSFORM_BYTES = 128 * 1024;

export const COLLECTION_FUNCTIONS: readonly SqlFunction[] = [
  { name: 'get', since: '2015-10-08', arity: [2, 2], compile: compileGet },
  { name: 'concat', since: '2015-10-08', arity: [0, Number.POSITIVE_INFINITY], compile: compileConcat },
  { name: 'transform', since: '2016-03-23', arity: [3, 3], compile: compileTransform },
  { name: 'get_or_default', since: '2016-03-23', arity: [1, 2], compile: compileGetOrDefault },
  predicate('isnull', '2015-10-08', (value) => value === null),
  predicate('isundefined', '2016-03-23', (value) => value === undefined),
];

function predicate(name: string, since: SqlFunction['since'], test: (value: SqlValue) => boolean): SqlFunction {
  return {
    name,
    since,
    arity: [1, 1],
    compile(call) {
      const evaluate = argument(call, 0);
      return (evaluation) => test(evaluate(evaluation));
    },
  };
}

function compileGet(call: CallSite): Evaluate {
  const collection = argument(call, 0);
  const key = argument(call, 1);
  return (evaluation) => {
    const from = collection(evaluation);
    const at = key(evaluation);
    if (Array.isArray(from) || typeof from === 'string') {
      const index = toInt(at, call.numbers);
      return index === undefined ? undefined : (from[Number(index)] as SqlValue);
    }
    if (!isObject(from) || typeof at !== 'string') return undefined;
    return Object.hasOwn(from, at) ? from[at] : undefined;
  };
}

/** Any array among the arguments makes an array of all; else strings concatenate, if there is one. */
function compileConcat(call: CallSite): Evaluate {
  const { args } = call;
  const [first] = args;
  if (first === undefined) return () => undefined;
  if (args.length === 1) return first;
  return (evaluation) => {
    const values = args.map((evaluate) => evaluate(evaluation));
    if (values.some((value) => Array.isArray(value))) {
      return values.flatMap((value) => (value === undefined ? [] : (value as SqlValue | SqlValue[])));
    }
    if (!values.some((value) => typeof value === 'string')) return undefined;
    const texts = values.map(toText);
    return texts.includes(undefined) ? undefined : texts.join('');
  };
}

function compileTransform(call: CallSite): Evaluate {
  const mode = argument(call, 0);
  const attributes = argument(call, 1);
  const elements = argument(call, 2);
  return (evaluation) => {
    if (mode(evaluation) !== 'enrichArray') return undefined;
    const added = attributes(evaluation);
    const source = elements(evaluation);
    if (!isObject(added) || !Array.isArray(source) || !source.every(isObject)) return undefined;
    const result = source.map((element) => ({ ...(element as object), ...added }));
    return Buffer.byteLength(toJson(result)) > MAX_TRANSFORM_BYTES ? undefined : result;
  };
}

/** The first argument unless it "returns null, undefined, or fails", as a function that asks a service may. */
function compileGetOrDefault(call: CallSite): Evaluate {
  const value = argument(call, 0);
  const fallback = argument(call, 1);
  const [, fallbackNode] = call.nodes;
  if (fallbackNode !== undefined && asksService(fallbackNode)) {
    throw call.refuse('a function that asks a service is not allowed as default value', 1);
  }
  return (evaluation) => valueOrNothing(value, evaluation) ?? fallback(evaluation);
}

function valueOrNothing(evaluate: Evaluate, evaluation: Evaluation): SqlValue {
  try {
    return evaluate(evaluation);
  } catch (error) {
    if (error instanceof ExternalFunctionError) return undefined;
    throw error;
  }
}
