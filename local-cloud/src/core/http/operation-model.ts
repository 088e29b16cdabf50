import { NormalizedSchema, translateTraits } from '@smithy/core/schema';

/** One operation as the SDK's schema describes it. */
export interface OperationModel {
  readonly name: string;
  readonly input: NormalizedSchema;
  readonly output: NormalizedSchema;
  /** HTTP binding, of REST protocols. */
  readonly http: HttpBinding | undefined;
  /** A checksum header of the request speaks of its body (trait `httpChecksum`). */
  readonly checksummed: boolean;
}

export interface HttpBinding {
  readonly method: string;
  readonly segments: readonly PathSegment[];
  /** Query parameters that are part of the route: `list-type=2`, `uploads`. */
  readonly literals: readonly (readonly [name: string, value: string])[];
  readonly statusCode: number;
}

export type PathSegment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'label'; readonly name: string }
  /** A label that takes the rest of the path, slashes and all. */
  | { readonly kind: 'greedy'; readonly name: string };

/** An error as the SDK's schema describes it. */
export interface ErrorModel {
  readonly name: string;
  readonly namespace: string;
  readonly schema: NormalizedSchema;
  /** Code and status on the awsQuery wire, where they differ. */
  readonly query: { readonly code: string; readonly statusCode: number } | undefined;
}

/** Static schemas: `[9, namespace, name, traits, input, output]` for operations, `[-3, namespace, name, …]` for errors. */
type StaticSchema = [kind: number, namespace: string, name: string, traits: unknown, ...rest: unknown[]];

interface OperationTraits {
  readonly http?: [method: string, uri: string, statusCode: number];
  readonly httpChecksum?: unknown;
}

const OPERATION = 9;
const ERROR = -3;

/** Reads the schemas out of the namespace import of an SDK client. */
export function operationModels(schemas: Readonly<Record<string, unknown>>): Map<string, OperationModel> {
  const models = new Map<string, OperationModel>();
  for (const schema of Object.values(schemas)) {
    if (!isStatic(schema) || schema[0] !== OPERATION) continue;
    const [, , name, traits, input, output] = schema;
    const { http, httpChecksum } = translateTraits(traits as Parameters<typeof translateTraits>[0]) as OperationTraits;
    models.set(name, {
      name,
      input: NormalizedSchema.of(input as Parameters<typeof NormalizedSchema.of>[0]),
      output: NormalizedSchema.of(output as Parameters<typeof NormalizedSchema.of>[0]),
      http: http === undefined ? undefined : httpBinding(http),
      checksummed: httpChecksum !== undefined,
    });
  }
  return models;
}

/** By name and by awsQuery code. */
export function errorModels(schemas: Readonly<Record<string, unknown>>): Map<string, ErrorModel> {
  const models = new Map<string, ErrorModel>();
  for (const schema of Object.values(schemas)) {
    if (!isStatic(schema) || schema[0] !== ERROR) continue;
    const [, namespace, name] = schema;
    if (namespace.startsWith('smithy.ts.sdk.synthetic')) continue;
    const normalized = NormalizedSchema.of(schema as unknown as Parameters<typeof NormalizedSchema.of>[0]);
    const { awsQueryError } = normalized.getMergedTraits() as { awsQueryError?: [code: string, statusCode: number] };
    const query = awsQueryError && { code: awsQueryError[0], statusCode: awsQueryError[1] };
    const model: ErrorModel = { name, namespace, schema: normalized, query };
    models.set(name, model);
    if (query !== undefined && !models.has(query.code)) models.set(query.code, model);
  }
  return models;
}

function isStatic(schema: unknown): schema is StaticSchema {
  return Array.isArray(schema) && typeof schema[0] === 'number' && typeof schema[2] === 'string';
}

function httpBinding([method, uri, statusCode]: [string, string, number]): HttpBinding {
  const [path = '', search = ''] = uri.split('?');
  return {
    method,
    statusCode,
    segments: path === '/' ? [] : path.split('/').slice(1).map(readSegment),
    literals: search === '' ? [] : [...new URLSearchParams(search)],
  };
}

function readSegment(text: string): PathSegment {
  const label = /^\{([^}+]+)(\+?)\}$/.exec(text);
  if (label === null) return { kind: 'literal', text };
  return { kind: label[2] === '+' ? 'greedy' : 'label', name: label[1] as string };
}
