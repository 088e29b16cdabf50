type Schemas = Readonly<Record<string, unknown>>;
type OperationSchema = [kind: number, namespace: string, name: string, traits: OperationTraits, ...rest: unknown[]];

interface OperationTraits {
  readonly http: [method: string, uri: string, statusCode: number];
}

/**
 * The client's schemas, with topics in paths taking slashes as they are too: the developer guide's own examples post to
 * `/topics/test/topic` (`http`, "HTTPS message code examples"), while the SDKs send `%2F`.
 */
export function withGreedyTopics(schemas: Schemas): Schemas {
  const changed: Record<string, unknown> = {};
  for (const [exported, schema] of Object.entries(schemas)) {
    if (!isOperation(schema)) continue;
    const [kind, namespace, name, traits, ...rest] = schema;
    const [method, uri, statusCode] = traits.http;
    if (!uri.endsWith('/{topic}')) continue;
    const http = [method, uri.replace('{topic}', '{topic+}'), statusCode];
    changed[exported] = [kind, namespace, name, { ...traits, http }, ...rest];
  }
  return { ...schemas, ...changed };
}

const OPERATION = 9;

function isOperation(schema: unknown): schema is OperationSchema {
  return Array.isArray(schema) && schema[0] === OPERATION;
}
