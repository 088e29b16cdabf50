import { NucleusError } from '../nucleus-error.ts';

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
export type Configuration = { readonly [key: string]: Json };

/** What a deployment does to a component's configuration (developer guide, "Update component configurations"). */
export interface ConfigurationUpdate {
  /** JSON pointers that go back to their default; `''` is the whole. Before anything is merged. */
  readonly reset?: readonly string[];
  readonly merge?: Configuration;
}

/**
 * `reset` sets each place back to the default, or removes it where there is none; `merge` then lays objects over objects,
 * key by key, and replaces everything else. Lists are replaced whole; a null is a value.
 * @throws NucleusError `CONFIGURATION_INVALID` for a pointer that is none
 */
export function updateConfiguration(
  current: Configuration,
  defaults: Configuration,
  { merge = {}, reset = [] }: ConfigurationUpdate,
): Configuration {
  let next = current;
  for (const pointer of reset) {
    const path = readPointer(pointer);
    next = path.length === 0 ? defaults : (setAt(next, path, valueAt(defaults, path)) as Configuration);
  }
  return mergeObjects(next, merge);
}

export function mergeObjects(base: Configuration, over: Configuration): Configuration {
  const merged: Record<string, Json> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = Object.hasOwn(merged, key) ? merged[key] : undefined;
    define(merged, key, isObject(before) && isObject(value) ? mergeObjects(before, value) : value);
  }
  return merged;
}

/** RFC 6901. @throws NucleusError `CONFIGURATION_INVALID` */
export function readPointer(pointer: string): string[] {
  if (pointer === '') return [];
  if (!pointer.startsWith('/') || /~(?![01])/.test(pointer)) {
    throw new NucleusError('CONFIGURATION_INVALID', `'${pointer}' is no JSON pointer`);
  }
  return pointer
    .slice(1)
    .split('/')
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Undefined where there is nothing. Lists are entered by their indexes. */
export function valueAt(value: Json | undefined, path: readonly string[]): Json | undefined {
  let at: Json | undefined = value;
  for (const key of path) {
    if (Array.isArray(at)) at = /^(?:0|[1-9]\d*)$/.test(key) ? (at[Number(key)] as Json | undefined) : undefined;
    else if (isObject(at)) at = Object.hasOwn(at, key) ? at[key] : undefined;
    else return undefined;
  }
  return at;
}

/** A copy with a value, or without one, at a place. Objects on the way are made. */
export function setAt(value: Json | undefined, path: readonly string[], to: Json | undefined): Json | undefined {
  const [key, ...rest] = path;
  if (key === undefined) return to;
  const base: Record<string, Json> = isObject(value) ? { ...value } : {};
  const inner = setAt(Object.hasOwn(base, key) ? base[key] : undefined, rest, to);
  if (inner === undefined) delete base[key];
  else define(base, key, inner);
  return to === undefined && !isObject(value) ? value : base;
}

export function isObject(value: Json | undefined): value is Configuration {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Also `__proto__` is a key like any other. */
function define(target: Record<string, Json>, key: string, value: Json): void {
  Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
}
