import type { JsonObject, JsonValue, Shadow, ShadowSection } from '../../../../core/shadows.ts';
import { type FieldValue, fieldValue } from '../query/field-value.ts';
import type { FieldPath } from './field-path.ts';

/** Reads a shadow's delta. */
export type DeltaOf = (shadow: Shadow) => ShadowSection | undefined;

const NONE: readonly FieldValue[] = [];

/**
 * Values of one field of a shadow by its path below it: `reported.stats.battery`, `metadata.reported.x.timestamp`,
 * `hasDelta` (developer guide, `managing-index`, "Restrictions and limitations"). Looked up in the document itself,
 * because most shadows change before they are searched a second time.
 */
export function shadowValues(shadow: Shadow, { segments }: FieldPath, deltaOf: DeltaOf): readonly FieldValue[] {
  if (segments[0] === 'hasDelta') return [fieldValue(deltaOf(shadow) !== undefined)];
  const { object, from } = sectionAt(shadow, segments, deltaOf);
  const values: FieldValue[] = [];
  if (object !== undefined) collectAt(object, segments, from, (value) => addSimple(values, value));
  return values.length === 0 ? NONE : values;
}

/** Whether the field, or one nested in it, has a value. */
export function hasShadowField(shadow: Shadow, { segments }: FieldPath, deltaOf: DeltaOf): boolean {
  if (segments[0] === 'hasDelta') return true;
  const { object, from } = sectionAt(shadow, segments, deltaOf);
  let found = false;
  if (object !== undefined) {
    collectAt(object, segments, from, (value) => {
      found ||= holdsValue(value);
    });
  }
  return found;
}

const KNOWN = new WeakMap<Shadow, readonly FieldValue[]>();

/** Values of all fields, for terms that name none. Kept with the document. */
export function allShadowValues(shadow: Shadow, deltaOf: DeltaOf): readonly FieldValue[] {
  let values = KNOWN.get(shadow);
  if (values === undefined) {
    const delta = deltaOf(shadow);
    const all: FieldValue[] = [fieldValue(delta !== undefined)];
    for (const section of [shadow.desired, shadow.reported]) {
      if (section === undefined) continue;
      addAll(all, section.state);
      addAll(all, section.metadata);
    }
    if (delta !== undefined) addAll(all, delta.state);
    values = all;
    KNOWN.set(shadow, values);
  }
  return values;
}

function sectionAt(
  shadow: Shadow,
  [section, part]: readonly string[],
  deltaOf: DeltaOf,
): { object: JsonObject | undefined; from: number } {
  switch (section) {
    case 'desired':
    case 'reported':
      return { object: shadow[section]?.state, from: 1 };
    case 'delta':
      return { object: deltaOf(shadow)?.state, from: 1 };
    case 'metadata':
      return { object: part === 'desired' || part === 'reported' ? shadow[part]?.metadata : undefined, from: 2 };
    default:
      return { object: undefined, from: 1 };
  }
}

/** A name with periods is found as nested names are: `one.two.three` (`managing-index`, "Nested shadow field names"). */
function collectAt(
  object: JsonObject,
  segments: readonly string[],
  from: number,
  found: (value: JsonValue) => void,
): void {
  let name = segments[from];
  for (let next = from + 1; name !== undefined; next += 1) {
    const value = Object.hasOwn(object, name) ? object[name] : undefined;
    if (value !== undefined) {
      if (next === segments.length) found(value);
      else if (isObject(value)) collectAt(value, segments, next, found);
    }
    name = next < segments.length ? `${name}.${segments[next]}` : undefined;
  }
}

/** An array counts only if every item is simple; null never does. */
function addSimple(values: FieldValue[], value: JsonValue): void {
  if (Array.isArray(value)) {
    if (value.every(isSimple)) for (const item of value) values.push(fieldValue(item));
  } else if (isSimple(value)) values.push(fieldValue(value));
}

function addAll(values: FieldValue[], object: JsonObject): void {
  for (const name in object) {
    const value = object[name] as JsonValue;
    if (isObject(value)) addAll(values, value);
    else addSimple(values, value);
  }
}

function holdsValue(value: JsonValue): boolean {
  if (isObject(value)) return Object.values(value).some(holdsValue);
  return Array.isArray(value) ? value.length > 0 && value.every(isSimple) : isSimple(value);
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSimple(value: JsonValue): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
