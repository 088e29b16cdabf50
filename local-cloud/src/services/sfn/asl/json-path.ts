import { NotImplementedError } from '../../../core/errors.ts';
import { StateError } from './state-error.ts';

type Step = string | number;

const parsed = new Map<string, readonly Step[]>();

/**
 * A reference path: `$`, members and indexes.
 * @throws NotImplementedError for other JSONPath (wildcards, filters, slices, descent)
 */
export function parsePath(path: string): readonly Step[] {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  const steps: Step[] = [];
  const pattern =
    /\.([A-Za-z_\u0080-\uffff][\w\u0080-\uffff-]*)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\["((?:[^"\\]|\\.)*)"\]/y;
  pattern.lastIndex = 1;
  while (pattern.lastIndex < path.length) {
    const at = pattern.lastIndex;
    const match = path.startsWith('$') ? pattern.exec(path) : null;
    if (match === null) throw new NotImplementedError(`the JSONPath '${path}' (from character ${at})`);
    const [, member, index, single, double] = match;
    if (index !== undefined) steps.push(Number(index));
    else steps.push(member ?? (single ?? double ?? '').replace(/\\(.)/g, '$1'));
  }
  parsed.set(path, steps);
  return steps;
}

/** Undefined when there is nothing at the path. `$$` reads the context object. */
export function findPath(path: string, input: unknown, context: unknown): unknown {
  const inContext = path.startsWith('$$');
  let value = inContext ? context : input;
  for (const step of parsePath(inContext ? path.slice(1) : path)) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, step)) return undefined;
    value = (value as Record<Step, unknown>)[step];
  }
  return value;
}

/** @throws StateError `States.ParameterPathFailure` or the code given, when there is nothing at the path */
export function readPath(
  path: string,
  input: unknown,
  context: unknown,
  code = 'States.ParameterPathFailure',
): unknown {
  const value = findPath(path, input, context);
  if (value !== undefined) return value;
  throw new StateError(code, `The JSONPath '${path}' could not be found in the input '${JSON.stringify(input)}'`);
}

/** The input with the value at the path (`ResultPath`); objects on the way are made. @throws StateError */
export function writePath(path: string, input: unknown, value: unknown): unknown {
  const steps = parsePath(path);
  return write(input, 0);

  function write(node: unknown, depth: number): unknown {
    const step = steps[depth];
    if (step === undefined) return value;
    if (
      typeof step === 'number' ||
      (node !== undefined && (typeof node !== 'object' || node === null || Array.isArray(node)))
    ) {
      throw new StateError('States.ResultPathMatchFailure', `Unable to apply ReferencePath ${path} to input`);
    }
    const object = (node ?? {}) as Record<string, unknown>;
    return { ...object, [step]: write(Object.hasOwn(object, step) ? object[step] : undefined, depth + 1) };
  }
}
