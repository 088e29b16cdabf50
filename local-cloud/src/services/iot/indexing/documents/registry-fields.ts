import type { ThingRecord } from '../../registry/records.ts';
import { attributeValue, type FieldValue, fieldValue } from '../query/field-value.ts';

const NONE: readonly FieldValue[] = [];
const ATTRIBUTES = 'attributes.';

/** Values of one field of a thing's registry entry. */
export function registryValues(thing: ThingRecord, field: string): readonly FieldValue[] {
  if (field.startsWith(ATTRIBUTES)) {
    const name = field.slice(ATTRIBUTES.length);
    return Object.hasOwn(thing.attributes, name) ? [attributeValue(thing.attributes[name] as string)] : NONE;
  }
  if (field === 'thingName') return [fieldValue(thing.name)];
  if (field === 'thingId') return [fieldValue(thing.id)];
  return field === 'thingTypeName' && thing.typeName !== undefined ? [fieldValue(thing.typeName)] : NONE;
}

const KNOWN = new WeakMap<ThingRecord, readonly FieldValue[]>();

/** Values of all fields, for terms that name none. Kept with the record. */
export function allRegistryValues(thing: ThingRecord): readonly FieldValue[] {
  let values = KNOWN.get(thing);
  if (values === undefined) {
    const texts = [thing.name, thing.id, ...(thing.typeName === undefined ? [] : [thing.typeName])];
    values = [...texts.map(fieldValue), ...Object.values(thing.attributes).map(attributeValue)];
    KNOWN.set(thing, values);
  }
  return values;
}
