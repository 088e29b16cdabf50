import type { NormalizedSchema } from '@smithy/core/schema';
import { requiredMembersOf } from './required-members.ts';
import { textReader } from './scalar-text.ts';
import { ShapeError } from './shape-error.ts';
import { DATE_TIME } from './timestamps.ts';

export interface QueryReading {
  readonly value: unknown;
  /** Some required member is absent, at any depth. */
  readonly missing: boolean;
}

/** A parameter name cut at its dots: `Tags.member.1.Key`. */
interface Node {
  text: string | undefined;
  readonly children: Map<string, Node>;
}

const MAX_DEPTH = 32;

/**
 * Reads the input of an awsQuery operation from its form parameters (smithy.io, "AWS query protocol"), strictly: a
 * parameter that the schema does not know is refused.
 *
 * @throws ShapeError
 */
export function readQuery(schema: NormalizedSchema, parameters: Iterable<readonly [string, string]>): QueryReading {
  const notes = { missing: false };
  const root = treeOf(parameters);
  const value = schema.isUnitSchema() ? {} : readStructure(schema, root, notes);
  if (schema.isUnitSchema() && root.children.size > 0) throw unknownParameter(root);
  return { value, missing: notes.missing };
}

function treeOf(parameters: Iterable<readonly [string, string]>): Node {
  const root: Node = { text: undefined, children: new Map() };
  for (const [name, text] of parameters) {
    const parts = name.split('.');
    if (parts.length > MAX_DEPTH) throw new ShapeError('a parameter name has too many parts');
    let node = root;
    for (const part of parts) {
      let child = node.children.get(part);
      if (child === undefined) {
        child = { text: undefined, children: new Map() };
        node.children.set(part, child);
      }
      node = child;
    }
    if (node.text !== undefined) throw new ShapeError(`parameter ${name} is given twice`);
    node.text = text;
  }
  return root;
}

function readValue(schema: NormalizedSchema, node: Node, notes: { missing: boolean }): unknown {
  if (schema.isStructSchema()) return readStructure(schema, node, notes);
  if (schema.isListSchema()) return readList(schema, node, notes);
  if (schema.isMapSchema()) return readMap(schema, node, notes);
  if (node.children.size > 0) throw unknownParameter(node);
  return textReader(schema, DATE_TIME)(node.text ?? '');
}

function readStructure(schema: NormalizedSchema, node: Node, notes: { missing: boolean }): unknown {
  const structure: Record<string, unknown> = {};
  const left = new Set(node.children.keys());
  for (const [name, member] of schema.structIterator()) {
    const wireName: string = member.getMergedTraits().xmlName ?? name;
    const child = node.children.get(wireName);
    if (child === undefined) continue;
    left.delete(wireName);
    try {
      structure[name] = readValue(member, child, notes);
    } catch (error) {
      throw error instanceof ShapeError ? error.within(name) : error;
    }
  }
  for (const name of left) throw new ShapeError(`unknown parameter ${name}`);
  for (const name of requiredMembersOf(schema)) if (structure[name] === undefined) notes.missing = true;
  return structure;
}

function readList(schema: NormalizedSchema, node: Node, notes: { missing: boolean }): unknown[] {
  const item = schema.getValueSchema();
  const flat = schema.getMergedTraits().xmlFlattened !== undefined;
  return numbered(flat ? node : childOf(node, item.getMergedTraits().xmlName ?? 'member')).map((child, index) => {
    try {
      return readValue(item, child, notes);
    } catch (error) {
      throw error instanceof ShapeError ? error.within(index) : error;
    }
  });
}

function readMap(schema: NormalizedSchema, node: Node, notes: { missing: boolean }): unknown {
  const flat = schema.getMergedTraits().xmlFlattened !== undefined;
  const keyName = schema.getKeySchema().getMergedTraits().xmlName ?? 'key';
  const valueName = schema.getValueSchema().getMergedTraits().xmlName ?? 'value';
  return Object.fromEntries(
    numbered(flat ? node : childOf(node, 'entry')).map((entry) => {
      const key = entry.children.get(keyName)?.text;
      const value = entry.children.get(valueName);
      if (key === undefined || value === undefined) throw new ShapeError('a map entry lacks its key or its value');
      return [key, readValue(schema.getValueSchema(), value, notes)];
    }),
  );
}

/** An empty list is sent as its name alone, with empty text. */
function childOf(node: Node, name: string): Node {
  for (const key of node.children.keys()) if (key !== name) throw new ShapeError(`unknown parameter ${key}`);
  return node.children.get(name) ?? { text: undefined, children: new Map() };
}

/** Children `1`, `2`, … in order. */
function numbered(node: Node): Node[] {
  return [...node.children]
    .map(([name, child]) => {
      if (!/^[1-9]\d{0,5}$/.test(name)) throw new ShapeError(`'${name}' is not a position in a list`);
      return [Number(name), child] as const;
    })
    .sort(([a], [b]) => a - b)
    .map(([, child]) => child);
}

function unknownParameter(node: Node): ShapeError {
  return new ShapeError(`unknown parameter ${[...node.children.keys()][0]}`);
}
