import type { JsonObject, JsonValue, Shadow, ShadowSection } from '../../../../core/shadows.ts';
import { type FieldValue, fieldValue } from '../query/field-value.ts';

export type Fields = ReadonlyMap<string, readonly FieldValue[]>;

const KNOWN = new WeakMap<Shadow, Fields>();

/**
 * Searchable fields of a shadow by their path below it: `reported.stats.battery`, `metadata.reported.x.timestamp`,
 * `hasDelta` (developer guide, `managing-index`, "Restrictions and limitations"). Made once for each version.
 */
export function shadowFields(shadow: Shadow, deltaOf: (shadow: Shadow) => ShadowSection | undefined): Fields {
  let fields = KNOWN.get(shadow);
  if (fields === undefined) {
    fields = readFields(shadow, deltaOf(shadow));
    KNOWN.set(shadow, fields);
  }
  return fields;
}

function readFields({ desired, reported }: Shadow, delta: ShadowSection | undefined): Fields {
  const fields = new Map<string, FieldValue[]>();
  fields.set('hasDelta', [fieldValue(delta !== undefined)]);
  if (delta !== undefined) addObject(fields, 'delta', delta.state);
  for (const [name, section] of Object.entries({ desired, reported })) {
    if (section === undefined) continue;
    addObject(fields, name, section.state);
    addObject(fields, `metadata.${name}`, section.metadata);
  }
  return fields;
}

function addObject(fields: Map<string, FieldValue[]>, path: string, object: JsonObject): void {
  for (const [name, value] of Object.entries(object)) addValue(fields, `${path}.${name}`, value);
}

/** An array counts only if every item is simple; null never does. A name with a period is as one that is nested. */
function addValue(fields: Map<string, FieldValue[]>, path: string, value: JsonValue): void {
  if (Array.isArray(value)) {
    if (value.length > 0 && value.every(isSimple)) append(fields, path, value.map(fieldValue));
  } else if (isSimple(value)) append(fields, path, [fieldValue(value)]);
  else if (value !== null) addObject(fields, path, value as JsonObject);
}

function append(fields: Map<string, FieldValue[]>, path: string, values: FieldValue[]): void {
  const known = fields.get(path);
  if (known === undefined) fields.set(path, values);
  else known.push(...values);
}

function isSimple(value: JsonValue): value is string | number | boolean {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
