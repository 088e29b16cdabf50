import type { Failure } from '../analysis/casts.ts';
import type { Compiled } from '../analysis/compiled.ts';
import { notBuilt, type Position } from '../syntax/query-error.ts';
import { type Signature, signature } from './signature.ts';

export type FunctionKind = 'scalar' | 'aggregate' | 'window';

/** What a function's builder knows of its call. Arguments come coerced. */
export interface CallSite {
  readonly at: Position;
  readonly name: string;
  readonly args: readonly Compiled[];
  /** ns since the epoch: one moment for the whole query. */
  readonly now: bigint;
  readonly fail: Failure;
  /** Text of an argument that must be spelled out in the query. */
  constantText(index: number): string;
  /** Number of an argument that must be spelled out in the query. */
  constantNumber(index: number): number;
}

/** Writes the call in the engine's SQL; the result's type may differ from the signature's. */
export type Builder = (args: readonly string[], call: CallSite) => string | Pick<Compiled, 'sql' | 'type'>;

export interface Overload {
  readonly signature: Signature;
  readonly kind: FunctionKind;
  readonly build: Builder;
  /** Whether a double that comes out may be NaN though none went in. */
  readonly nan: boolean;
  /** Whether null arguments lead to a null result, so that TRY can stand around it. */
  readonly strict: boolean;
}

export type FunctionTable = ReadonlyMap<string, readonly Overload[]>;

interface Options {
  readonly nan?: boolean;
  readonly lenient?: boolean;
}

export function scalar(text: string, build: Builder, options: Options = {}): Overload {
  return overload('scalar', text, build, options);
}

export function aggregate(text: string, build: Builder, options: Options = {}): Overload {
  return overload('aggregate', text, build, options);
}

export function window(text: string, build: Builder): Overload {
  return overload('window', text, build, {});
}

function overload(
  kind: FunctionKind,
  text: string,
  build: Builder,
  { nan = false, lenient = false }: Options,
): Overload {
  return { signature: signature(text), kind, build, nan, strict: !lenient };
}

export function functionTable(...groups: readonly (readonly Overload[])[]): FunctionTable {
  const table = new Map<string, Overload[]>();
  for (const entry of groups.flat()) {
    const known = table.get(entry.signature.name);
    if (known === undefined) table.set(entry.signature.name, [entry]);
    else known.push(entry);
  }
  return table;
}

/** Gives an overload under another name too. */
export function alias(name: string, original: Overload): Overload {
  return { ...original, signature: { ...original.signature, name } };
}

export function mustBeConstant(call: { at: Position; name: string }, index: number): Error {
  return notBuilt(call.at, `function '${call.name}' with an argument ${index + 1} that is not a constant`);
}
