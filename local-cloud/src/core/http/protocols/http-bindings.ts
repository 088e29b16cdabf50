import type { Readable } from 'node:stream';
import { NormalizedSchema } from '@smithy/core/schema';
import { requiredMembersOf } from '../codec/required-members.ts';
import { textReader, textWriter } from '../codec/scalar-text.ts';
import { ShapeError } from '../codec/shape-error.ts';
import { DATE_TIME, HTTP_DATE } from '../codec/timestamps.ts';
import type { OperationModel } from '../operation-model.ts';
import type { WireRequest } from '../wire.ts';

type ReadMember = (request: WireRequest) => unknown;

/** Where the members of a structure travel (smithy.io, "HTTP bindings"). */
export interface RequestBindings {
  /** Members in path, query and headers. */
  readonly outside: readonly { readonly name: string; readonly read: ReadMember }[];
  /** The member that is the whole body. */
  readonly payload: { readonly name: string; readonly schema: NormalizedSchema } | undefined;
  /** The members in the body's document, as a structure of their own. */
  readonly document: NormalizedSchema | undefined;
  readonly required: readonly string[];
  /** Query parameters that some member takes; undefined when one takes all. */
  readonly queryNames: ReadonlySet<string> | undefined;
}

const requests = new WeakMap<OperationModel, RequestBindings>();

export function requestBindings(operation: OperationModel): RequestBindings {
  let bindings = requests.get(operation);
  if (bindings === undefined) {
    bindings = buildRequest(operation);
    requests.set(operation, bindings);
  }
  return bindings;
}

/**
 * Members outside the body, and the payload if it is not a document.
 *
 * @throws ShapeError
 */
export function readOutside(operation: OperationModel, request: WireRequest): Record<string, unknown> {
  const bindings = requestBindings(operation);
  const input: Record<string, unknown> = {};
  for (const { name, read } of bindings.outside) {
    try {
      const value = read(request);
      if (value !== undefined) input[name] = value;
    } catch (error) {
      throw error instanceof ShapeError ? error.within(name) : error;
    }
  }
  return input;
}

/** Query parameters that neither the route nor a member takes: they would be dropped without a word. */
export function unknownQuery(operation: OperationModel, request: WireRequest): string | undefined {
  const { queryNames } = requestBindings(operation);
  if (queryNames === undefined) return undefined;
  return request.query
    .map(([name]) => name)
    .find((name) => !queryNames.has(name) && name !== 'x-id' && !/^x-amz-/i.test(name));
}

/** A payload of bytes or text as the handler takes it; undefined where there is none. */
export function readRawPayload(schema: NormalizedSchema, body: Buffer | Readable): unknown {
  if (!Buffer.isBuffer(body)) return body;
  if (schema.isBlobSchema()) return schema.isStreaming() || body.length > 0 ? body : undefined;
  return body.length === 0 ? undefined : body.toString('utf8');
}

export function isRawPayload(schema: NormalizedSchema): boolean {
  return schema.isBlobSchema() || schema.isStringSchema();
}

function buildRequest(operation: OperationModel): RequestBindings {
  const outside: { name: string; read: ReadMember }[] = [];
  const inDocument: [string, NormalizedSchema][] = [];
  const queryNames = new Set(operation.http?.literals.map(([name]) => name));
  let takesAllQuery = false;
  let payload: RequestBindings['payload'];
  if (!operation.input.isStructSchema()) return { outside, payload, document: undefined, required: [], queryNames };
  for (const [name, member] of operation.input.structIterator()) {
    const traits = member.getMergedTraits();
    if (traits.httpPayload) payload = { name, schema: member };
    else if (traits.httpLabel) outside.push({ name, read: labelReader(name, member) });
    else if (traits.httpHeader) outside.push({ name, read: headerReader(traits.httpHeader.toLowerCase(), member) });
    else if (typeof traits.httpPrefixHeaders === 'string') {
      outside.push({ name, read: prefixReader(traits.httpPrefixHeaders.toLowerCase()) });
    } else if (traits.httpQuery) {
      queryNames.add(traits.httpQuery);
      outside.push({ name, read: queryReader(traits.httpQuery, member) });
    } else if (traits.httpQueryParams) takesAllQuery = true;
    else inDocument.push([name, member]);
  }
  for (const [name, member] of operation.input.structIterator()) {
    if (member.getMergedTraits().httpQueryParams) outside.push({ name, read: restReader(new Set(queryNames), member) });
  }
  return {
    outside,
    payload,
    document: structureOf(operation.input, inDocument),
    required: requiredMembersOf(operation.input),
    queryNames: takesAllQuery ? undefined : queryNames,
  };
}

function labelReader(name: string, member: NormalizedSchema): ReadMember {
  const read = textReader(member, DATE_TIME);
  return ({ labels }) => {
    const text = labels.get(name);
    return text === undefined ? undefined : read(text);
  };
}

function queryReader(key: string, member: NormalizedSchema): ReadMember {
  const list = member.isListSchema();
  const read = textReader(list ? member.getValueSchema() : member, DATE_TIME);
  return ({ query }) => {
    const texts = query.filter(([name]) => name === key).map(([, text]) => text);
    if (texts.length === 0) return undefined;
    if (list) return texts.map(read);
    if (texts.length > 1) throw new ShapeError(`query parameter ${key} is given twice`);
    return read(texts[0] as string);
  };
}

function restReader(taken: ReadonlySet<string>, member: NormalizedSchema): ReadMember {
  const list = member.getValueSchema().isListSchema();
  return ({ query }) => {
    const left = query.filter(([name]) => !taken.has(name) && !/^x-amz-/i.test(name));
    if (left.length === 0) return undefined;
    if (!list) return Object.fromEntries(left);
    const lists: Record<string, string[]> = {};
    for (const [name, text] of left) lists[name] = [...(lists[name] ?? []), text];
    return lists;
  };
}

function headerReader(key: string, member: NormalizedSchema): ReadMember {
  if (member.isListSchema()) {
    const read = textReader(member.getValueSchema(), HTTP_DATE);
    return ({ headers }) => (headers[key] === undefined ? undefined : splitList(headers[key]).map(read));
  }
  const read = textReader(member, HTTP_DATE);
  const encoded = member.isStringSchema() && member.getMergedTraits().mediaType !== undefined;
  return ({ headers }) => {
    const text = headers[key];
    if (text === undefined) return undefined;
    return encoded ? Buffer.from(text, 'base64').toString('utf8') : read(text);
  };
}

function prefixReader(prefix: string): ReadMember {
  return ({ headers }) => {
    const found = Object.entries(headers).filter(([name]) => name.startsWith(prefix));
    return found.length === 0
      ? undefined
      : Object.fromEntries(found.map(([name, text]) => [name.slice(prefix.length), text]));
  };
}

/** Comma-separated; items may be quoted (smithy.io, "HTTP bindings", lists in headers). */
function splitList(text: string): string[] {
  const items = text.match(/\s*(?:"(?:[^"\\]|\\.)*"|[^,]*)\s*(?:,|$)/g) ?? [];
  const list = items
    .slice(0, text.endsWith(',') ? items.length : -1)
    .map((item) => item.replace(/,$/, '').trim())
    .map((item) => (item.startsWith('"') ? item.slice(1, -1).replace(/\\(.)/g, '$1') : item));
  return list;
}

/** What the body of an answer is: one member, or a document of the members that travel nowhere else, or nothing. */
export interface ResponseDocument {
  readonly payload: { readonly name: string; readonly schema: NormalizedSchema } | undefined;
  /** The members of the document, as a structure of their own. */
  readonly schema: NormalizedSchema | undefined;
}

const documents = new WeakMap<object, ResponseDocument>();

export function responseDocument(output: NormalizedSchema): ResponseDocument {
  let document = documents.get(output);
  if (document === undefined) {
    document = buildDocument(output);
    documents.set(output, document);
  }
  return document;
}

function buildDocument(output: NormalizedSchema): ResponseDocument {
  if (!output.isStructSchema()) return { payload: undefined, schema: undefined };
  const inDocument: [string, NormalizedSchema][] = [];
  for (const [name, member] of output.structIterator()) {
    const traits = member.getMergedTraits();
    if (traits.httpPayload) return { payload: { name, schema: member }, schema: undefined };
    if (traits.httpHeader || traits.httpResponseCode || typeof traits.httpPrefixHeaders === 'string') continue;
    inDocument.push([name, member]);
  }
  return { payload: undefined, schema: structureOf(output, inDocument) };
}

/** The part of a structure that travels in the document, or undefined when nothing does. */
function structureOf(whole: NormalizedSchema, members: [string, NormalizedSchema][]): NormalizedSchema | undefined {
  if (members.length === 0) return undefined;
  const [kind, namespace, name, traits] = whole.getSchema() as unknown as [number, string, string, unknown];
  const raw = [kind, namespace, name, traits, members.map(([member]) => member), members.map(([, schema]) => schema)];
  return NormalizedSchema.of(raw as unknown as Parameters<typeof NormalizedSchema.of>[0]);
}

/** The parts of an answer that travel outside its document. */
export interface ResponseHead {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
}

/** @throws ShapeError for a value of another type: a fault of the handler */
export function writeHead(output: NormalizedSchema, value: Record<string, unknown>, statusCode: number): ResponseHead {
  const headers: Record<string, string> = {};
  let status = statusCode;
  if (!output.isStructSchema()) return { statusCode, headers };
  for (const [name, member] of output.structIterator()) {
    const content = value[name];
    if (content === undefined || content === null) continue;
    const { httpHeader, httpPrefixHeaders, httpResponseCode } = member.getMergedTraits();
    if (httpResponseCode) status = content as number;
    else if (httpHeader !== undefined) headers[httpHeader.toLowerCase()] = headerText(member, content);
    else if (typeof httpPrefixHeaders === 'string') {
      for (const [key, text] of Object.entries(content))
        headers[`${httpPrefixHeaders}${key}`.toLowerCase()] = String(text);
    }
  }
  // Content-Range belongs to 206 alone (RFC 9110 §15.3.7); the model of S3's GetObject does not say so.
  if (status === 200 && headers['content-range'] !== undefined) status = 206;
  return { statusCode: status, headers };
}

function headerText(member: NormalizedSchema, value: unknown): string {
  if (member.isListSchema()) {
    const write = textWriter(member.getValueSchema(), HTTP_DATE);
    return (value as unknown[])
      .map(write)
      .map((text) => (/[",]/.test(text) ? `"${text.replace(/[\\"]/g, '\\$&')}"` : text))
      .join(', ');
  }
  const text = textWriter(member, HTTP_DATE)(value);
  return member.isStringSchema() && member.getMergedTraits().mediaType !== undefined
    ? Buffer.from(text).toString('base64')
    : text;
}
