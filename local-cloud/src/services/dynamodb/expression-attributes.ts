import type { Json } from './engine.ts';

/** Words of expressions that are not attributes (developer guide, "Expressions"). */
const WORDS = new Set(
  (
    'AND OR NOT BETWEEN IN SET REMOVE ADD DELETE attribute_exists attribute_not_exists attribute_type begins_with ' +
    'contains size if_not_exists list_append'
  ).split(' '),
);
const KEYWORDS = new Set([...WORDS].map((word) => word.toUpperCase()));

const EXPRESSIONS = [
  'ProjectionExpression',
  'FilterExpression',
  'ConditionExpression',
  'KeyConditionExpression',
  'UpdateExpression',
];
const MAPS = ['Key', 'Item', 'Expected', 'AttributeUpdates', 'KeyConditions', 'QueryFilter', 'ScanFilter'];

/** Top-level attributes that a request names: what `dynamodb:Attributes` compares. */
export function namedAttributes(request: Json): string[] {
  const found = new Set<string>();
  const aliases = (request.ExpressionAttributeNames ?? {}) as Record<string, string>;
  for (const member of EXPRESSIONS) {
    const expression = request[member];
    if (typeof expression !== 'string') continue;
    for (const head of heads(expression)) found.add(aliases[head] ?? head);
  }
  for (const member of MAPS) for (const name of Object.keys((request[member] ?? {}) as Json)) found.add(name);
  for (const name of (request.AttributesToGet ?? []) as string[]) found.add(name);
  return [...found];
}

/** The first name of every path in an expression. */
function heads(expression: string): string[] {
  const names: string[] = [];
  for (const match of expression.matchAll(/(?<![\w.:#])(#?[A-Za-z_]\w*)/g)) {
    const name = match[1] as string;
    if (!KEYWORDS.has(name.toUpperCase())) names.push(name);
  }
  return names;
}

/** The value that a query asks its hash key to equal. */
export function queriedHash(request: Json, hash: string): unknown {
  const legacy = ((request.KeyConditions ?? {}) as Record<string, Json>)[hash];
  if (legacy !== undefined) return (legacy.AttributeValueList as unknown[] | undefined)?.[0];
  const expression = request.KeyConditionExpression;
  if (typeof expression !== 'string') return undefined;
  const aliases = (request.ExpressionAttributeNames ?? {}) as Record<string, string>;
  const values = (request.ExpressionAttributeValues ?? {}) as Json;
  for (const [, left, right] of expression.matchAll(/([#:]?\w+)\s*=\s*([#:]?\w+)/g)) {
    for (const [name, value] of [
      [left, right],
      [right, left],
    ] as [string, string][]) {
      if ((aliases[name] ?? name) === hash && value.startsWith(':')) return values[value];
    }
  }
  return undefined;
}
