import type { NormalizedSchema } from '@smithy/core/schema';
import { textWriter } from './scalar-text.ts';
import { ShapeError } from './shape-error.ts';
import { DATE_TIME } from './timestamps.ts';

/** Writes the members of a structure as elements and attributes (smithy.io, "XML bindings"). */
export type XmlWriter = (value: unknown) => string;

/** Writes a member with its own tags; of a flattened list, one element per item. */
interface MemberWriter {
  readonly name: string;
  readonly attribute: ((value: unknown) => string) | undefined;
  readonly write: XmlWriter;
}

const structures = new WeakMap<object, MemberWriter[]>();

/** The structure as one element. @throws ShapeError for a value of another type: a fault of the handler */
export function xmlElement(tag: string, schema: NormalizedSchema, value: unknown, namespace?: string): string {
  const own = namespace ?? schema.getMergedTraits().xmlNamespace?.[1];
  return element(tag, writeContent(schema, value), attributesOf(schema, value) + namespaceText(own));
}

/** What stands between the tags of a structure. */
export function xmlContent(schema: NormalizedSchema, value: unknown): string {
  return writeContent(schema, value);
}

export function element(tag: string, content: string, attributes = ''): string {
  return content === '' ? `<${tag}${attributes}/>` : `<${tag}${attributes}>${content}</${tag}>`;
}

export function textElement(tag: string, text: string): string {
  return element(tag, escapeXml(text));
}

export function namespaceText(namespace: string | undefined): string {
  return namespace === undefined ? '' : ` xmlns="${escapeXml(namespace)}"`;
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  '\r': '&#xD;',
  '\u0085': '&#x85;',
  '\u2028': '&#x2028;',
};

export function escapeXml(text: string): string {
  return text.replace(/[&<>"\r\u0085\u2028]/g, (character) => ESCAPES[character] as string);
}

function writeContent(schema: NormalizedSchema, value: unknown): string {
  if (!schema.isStructSchema()) return escapeXml(textWriter(schema, DATE_TIME)(value));
  let content = '';
  for (const member of membersOf(schema)) {
    const part = membersValue(value, member.name, schema);
    if (part === undefined || part === null || member.attribute !== undefined) continue;
    try {
      content += member.write(part);
    } catch (error) {
      throw error instanceof ShapeError ? error.within(member.name) : error;
    }
  }
  return content;
}

function attributesOf(schema: NormalizedSchema, value: unknown): string {
  if (!schema.isStructSchema()) return '';
  let attributes = '';
  for (const member of membersOf(schema)) {
    const part = membersValue(value, member.name, schema);
    if (member.attribute !== undefined && part !== undefined && part !== null) attributes += member.attribute(part);
  }
  return attributes;
}

function membersValue(value: unknown, name: string, schema: NormalizedSchema): unknown {
  if (typeof value === 'object' && value !== null) return (value as Record<string, unknown>)[name];
  throw new ShapeError(`a handler gave ${typeof value} for ${schema.getName()}`);
}

function membersOf(schema: NormalizedSchema): MemberWriter[] {
  const raw = schema.getSchema() as object;
  let members = structures.get(raw);
  if (members === undefined) {
    members = [...schema.structIterator()]
      .filter(([, member]) => !isBoundToHttp(member))
      .map(([name, member]) => {
        const traits = member.getMemberTraits();
        const wireName: string = traits.xmlName ?? name;
        const text = traits.xmlAttribute ? textWriter(member, DATE_TIME) : undefined;
        return {
          name,
          attribute: text && ((value: unknown) => ` ${wireName}="${escapeXml(text(value))}"`),
          write: memberWriter(wireName, member),
        };
      });
    structures.set(raw, members);
  }
  return members;
}

/** Members of responses that travel in headers or the status are no part of the document. */
function isBoundToHttp(member: NormalizedSchema): boolean {
  const { httpHeader, httpPrefixHeaders, httpResponseCode } = member.getMergedTraits();
  return httpHeader !== undefined || httpPrefixHeaders !== undefined || httpResponseCode !== undefined;
}

function memberWriter(tag: string, member: NormalizedSchema): XmlWriter {
  const flat = member.getMergedTraits().xmlFlattened !== undefined;
  if (member.isListSchema()) {
    const value = member.getValueSchema();
    const item = memberWriter(flat ? tag : (value.getMergedTraits().xmlName ?? 'member'), value);
    return (list) => {
      if (!Array.isArray(list)) throw new ShapeError(`a handler gave ${typeof list} for a list`);
      const items = list.map(item).join('');
      return flat ? items : element(tag, items);
    };
  }
  if (member.isMapSchema()) {
    const key = member.getKeySchema().getMergedTraits().xmlName ?? 'key';
    const value = member.getValueSchema();
    const write = memberWriter(value.getMergedTraits().xmlName ?? 'value', value);
    return (map) => {
      if (typeof map !== 'object' || map === null) throw new ShapeError(`a handler gave ${typeof map} for a map`);
      const entries = Object.entries(map)
        .filter(([, content]) => content !== undefined && content !== null)
        .map(([name, content]) => element(flat ? tag : 'entry', textElement(key, name) + write(content)))
        .join('');
      return flat ? entries : element(tag, entries);
    };
  }
  if (member.isStructSchema()) return (value) => xmlElement(tag, member, value);
  const text = textWriter(member, DATE_TIME);
  return (value) => textElement(tag, text(value));
}
