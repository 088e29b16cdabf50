import type { NormalizedSchema } from '@smithy/core/schema';
import { requiredMembersOf } from './required-members.ts';
import { textReader } from './scalar-text.ts';
import { ShapeError } from './shape-error.ts';
import { DATE_TIME } from './timestamps.ts';
import type { XmlElement } from './xml-parser.ts';

export interface XmlReading {
  readonly value: unknown;
  /** Some required member is absent, at any depth. */
  readonly missing: boolean;
}

/**
 * Reads a structure from its element (smithy.io, "XML bindings"), strictly: an element that the schema does not know
 * is refused.
 *
 * @throws ShapeError
 */
export function readXml(schema: NormalizedSchema, element: XmlElement): XmlReading {
  const notes = { missing: false };
  return { value: readValue(schema, element, notes), missing: notes.missing };
}

function readValue(schema: NormalizedSchema, element: XmlElement, notes: { missing: boolean }): unknown {
  if (schema.isStructSchema()) return readStructure(schema, element, notes);
  if (schema.isListSchema()) {
    const item = schema.getValueSchema().getMergedTraits().xmlName ?? 'member';
    for (const child of element.children) if (child.name !== item) throw unknownElement(child);
    return readItems(schema, element.children, notes);
  }
  if (schema.isMapSchema()) return readEntries(schema, element.children, notes);
  if (element.children[0] !== undefined) throw unknownElement(element.children[0]);
  return textReader(schema, DATE_TIME)(element.text);
}

function readStructure(schema: NormalizedSchema, element: XmlElement, notes: { missing: boolean }): unknown {
  const structure: Record<string, unknown> = {};
  const known = new Set<string>();
  for (const [name, member] of schema.structIterator()) {
    const traits = member.getMemberTraits();
    const wireName: string = traits.xmlName ?? name;
    try {
      if (traits.xmlAttribute) {
        const text = element.attributes.get(wireName.slice(wireName.indexOf(':') + 1));
        if (text !== undefined) structure[name] = textReader(member, DATE_TIME)(text);
        continue;
      }
      known.add(wireName);
      const found = element.children.filter((child) => child.name === wireName);
      if (found.length === 0) continue;
      structure[name] = readMember(member, found, notes);
    } catch (error) {
      throw error instanceof ShapeError ? error.within(name) : error;
    }
  }
  for (const child of element.children) if (!known.has(child.name)) throw unknownElement(child);
  for (const name of requiredMembersOf(schema)) if (structure[name] === undefined) notes.missing = true;
  return structure;
}

function readMember(member: NormalizedSchema, found: readonly XmlElement[], notes: { missing: boolean }): unknown {
  if (member.getMergedTraits().xmlFlattened) {
    if (member.isListSchema()) return readItems(member, found, notes);
    if (member.isMapSchema()) return readEntries(member, found, notes);
  }
  const [element, repeated] = found;
  if (element === undefined || repeated !== undefined) throw new ShapeError('the element is repeated');
  return readValue(member, element, notes);
}

function readItems(list: NormalizedSchema, items: readonly XmlElement[], notes: { missing: boolean }): unknown[] {
  return items.map((item, index) => {
    try {
      return readValue(list.getValueSchema(), item, notes);
    } catch (error) {
      throw error instanceof ShapeError ? error.within(index) : error;
    }
  });
}

function readEntries(map: NormalizedSchema, entries: readonly XmlElement[], notes: { missing: boolean }): unknown {
  const keyName = map.getKeySchema().getMergedTraits().xmlName ?? 'key';
  const valueName = map.getValueSchema().getMergedTraits().xmlName ?? 'value';
  return Object.fromEntries(
    entries.map((entry) => {
      const key = entry.children.find((child) => child.name === keyName);
      const value = entry.children.find((child) => child.name === valueName);
      if (key === undefined || value === undefined) throw new ShapeError('a map entry lacks its key or its value');
      return [key.text, readValue(map.getValueSchema(), value, notes)];
    }),
  );
}

function unknownElement(element: XmlElement): ShapeError {
  return new ShapeError(`unknown element ${element.name}`);
}
