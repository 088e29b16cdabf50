import type { ShadowSection } from '../shadows.ts';

type Json = ShadowSection[string];

/**
 * A section after an update: objects are merged member by member, anything else replaces, and null takes away
 * (IoT developer guide, "Device Shadow service documents", "Updating a shadow").
 */
export function mergeSection(section: ShadowSection, update: ShadowSection): ShadowSection {
  const result: ShadowSection = { ...section };
  for (const [name, value] of Object.entries(update)) {
    const before = ownOf(result, name);
    if (value === null) delete result[name];
    else if (isSection(value)) {
      const merged = mergeSection(isSection(before) ? before : {}, value);
      // An object that has lost its last member is gone.
      if (Object.keys(merged).length === 0 && Object.keys(value).length > 0) delete result[name];
      else result[name] = merged;
    } else result[name] = value;
  }
  return result;
}

/** Members of `desired` that are not reported so: what `/update/delta` would say. */
export function sectionDelta(desired: ShadowSection, reported: ShadowSection): ShadowSection {
  const delta: ShadowSection = {};
  for (const [name, wanted] of Object.entries(desired)) {
    const is = ownOf(reported, name);
    if (isSection(wanted) && isSection(is)) {
      const inner = sectionDelta(wanted, is);
      if (Object.keys(inner).length > 0) delta[name] = inner;
    } else if (!sameJson(wanted, is)) delta[name] = wanted;
  }
  return delta;
}

/** Value at a path of names joined by dots. */
export function valueAt(section: ShadowSection, path: string): Json | undefined {
  let value: Json | undefined = section;
  for (const name of path.split('.')) {
    if (!isSection(value)) return undefined;
    value = ownOf(value, name);
  }
  return value;
}

/** Paths of all values that are no objects. */
export function leafPaths(section: ShadowSection, prefix = ''): string[] {
  return Object.entries(section).flatMap(([name, value]) =>
    isSection(value) ? leafPaths(value, `${prefix}${name}.`) : [`${prefix}${name}`],
  );
}

/** A section with one value at a path of names joined by dots. */
export function sectionOf(path: string, value: Json): ShadowSection {
  return path.split('.').reduceRight<Json>((inner, name) => ({ [name]: inner }), value) as ShadowSection;
}

function ownOf(section: ShadowSection, name: string): Json | undefined {
  return Object.hasOwn(section, name) ? section[name] : undefined;
}

function isSection(value: Json | undefined): value is ShadowSection {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sameJson(left: Json | undefined, right: Json | undefined): boolean {
  if (left === right) return true;
  if (Array.isArray(left) && Array.isArray(right)) {
    return left.length === right.length && left.every((item, at) => sameJson(item, right[at]));
  }
  if (!isSection(left) || !isSection(right)) return false;
  const names = Object.keys(left);
  return names.length === Object.keys(right).length && names.every((name) => sameJson(left[name], ownOf(right, name)));
}
