import type { ShadowSection } from '@fleetwright/contracts';

/** Paths that an alert names at most. */
export const MAX_PATHS = 20;

/**
 * Paths of desired values that are not reported so: what `/update/delta` speaks of. Objects are compared by their
 * members, anything else, lists included, as a whole (IoT developer guide, "Device Shadow service documents", `delta`
 * and "Arrays"). A dot in a member's name is not told apart from a step into an object: paths are for people.
 */
export function driftingPaths(desired: ShadowSection | undefined, reported: ShadowSection | undefined): string[] {
  const paths: string[] = [];
  collect(desired ?? {}, reported ?? {}, '', paths);
  return paths;
}

type Json = ShadowSection[string];

function collect(desired: ShadowSection, reported: ShadowSection, prefix: string, paths: string[]): void {
  for (const [name, wanted] of Object.entries(desired)) {
    const is = Object.hasOwn(reported, name) ? reported[name] : undefined;
    const path = `${prefix}${name}`;
    if (isObject(wanted) && isObject(is)) collect(wanted, is, `${path}.`, paths);
    else if (!equal(wanted, is)) paths.push(path);
  }
}

function equal(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, at) => equal(item, right[at]));
  }
  if (!isObject(left) || !isObject(right)) return false;
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => equal(left[name], right[name]));
}

function isObject(value: Json | undefined): value is ShadowSection {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
