import type { Permission } from '../../core/iam/authorizer.ts';
import type { ConditionKeys } from '../../core/iam/policy-document.ts';
import type { Json } from './engine.ts';
import { namedAttributes, queriedHash } from './expression-attributes.ts';
import type { Tables } from './tables.ts';

/** Permission of an operation on a table as a whole. */
export function tablePermission(tables: Tables, action: string, table: unknown): Permission {
  return { action: `dynamodb:${action}`, resource: typeof table === 'string' ? tables.arn(tables.nameOf(table)) : '*' };
}

/** Permission of GetItem, PutItem, UpdateItem, DeleteItem and ConditionCheckItem. */
export function itemPermission(tables: Tables, action: string, request: Json): Permission {
  return keyedPermission(tables, action, request, [request.Key ?? request.Item], {
    'dynamodb:ReturnValues': text(request.ReturnValues) ?? (action === 'GetItem' ? undefined : 'NONE'),
  });
}

/** Permission of Query and Scan: on the index where one is named. */
export function searchPermission(tables: Tables, action: 'Query' | 'Scan', request: Json): Permission {
  const name = tables.nameOf(String(request.TableName));
  const index = text(request.IndexName);
  const record = tables.find(name);
  const hash = (index === undefined ? record?.keys : record?.indexes[index])?.hash;
  const value = action === 'Query' && hash !== undefined ? queriedHash(request, hash) : undefined;
  const projected = request.ProjectionExpression ?? request.AttributesToGet;
  const unprojected = index === undefined ? 'ALL_ATTRIBUTES' : 'ALL_PROJECTED_ATTRIBUTES';
  return {
    action: `dynamodb:${action}`,
    resource: index === undefined ? tables.arn(name) : `${tables.arn(name)}/index/${index}`,
    conditions: {
      ...leadingKeys([value]),
      'dynamodb:Attributes': namedAttributes(request),
      'dynamodb:Select': text(request.Select) ?? (projected === undefined ? unprojected : 'SPECIFIC_ATTRIBUTES'),
      ...consumed(request),
    },
  };
}

/** Permissions of BatchGetItem and BatchWriteItem: one for each table. */
export function batchPermissions(
  tables: Tables,
  action: 'BatchGetItem' | 'BatchWriteItem',
  request: Json,
): Permission[] {
  const items = (request.RequestItems ?? {}) as Record<string, unknown>;
  return Object.entries(items).map(([table, wanted]) => {
    if (action === 'BatchGetItem') {
      const read = (wanted ?? {}) as Json;
      return keyedPermission(tables, action, { ...read, TableName: table }, (read.Keys ?? []) as unknown[], {
        ...consumed(request),
      });
    }
    const writes = (Array.isArray(wanted) ? wanted : []) as Record<string, Json | undefined>[];
    const keys = writes.map((write) => write.PutRequest?.Item ?? write.DeleteRequest?.Key);
    return keyedPermission(tables, action, { TableName: table }, keys, consumed(request));
  });
}

const TRANSACT_ACTIONS: Readonly<Record<string, string>> = {
  ConditionCheck: 'ConditionCheckItem',
  Delete: 'DeleteItem',
  Get: 'GetItem',
  Put: 'PutItem',
  Update: 'UpdateItem',
};

/** Permissions of TransactGetItems and TransactWriteItems: those of the single operations. */
export function transactPermissions(tables: Tables, request: Json): Permission[] {
  const items = (Array.isArray(request.TransactItems) ? request.TransactItems : []) as Record<string, Json>[];
  return items.flatMap((item) =>
    Object.entries(item ?? {})
      .filter(([kind]) => Object.hasOwn(TRANSACT_ACTIONS, kind))
      .map(([kind, one]) => itemPermission(tables, TRANSACT_ACTIONS[kind] as string, one)),
  );
}

function keyedPermission(
  tables: Tables,
  action: string,
  request: Json,
  keys: readonly unknown[],
  conditions: ConditionKeys,
): Permission {
  const name = tables.nameOf(String(request.TableName));
  const hash = tables.find(name)?.keys.hash;
  const attributes = new Set([
    ...namedAttributes(request),
    ...keys.flatMap((key) => (typeof key === 'object' && key !== null ? Object.keys(key) : [])),
  ]);
  const projected = request.ProjectionExpression ?? request.AttributesToGet;
  const reads = action === 'GetItem' || action === 'BatchGetItem';
  return {
    action: `dynamodb:${action}`,
    resource: tables.arn(name),
    conditions: {
      ...(hash === undefined ? {} : leadingKeys(keys.map((key) => (key as Json | undefined)?.[hash]))),
      'dynamodb:Attributes': [...attributes],
      ...(reads ? { 'dynamodb:Select': projected === undefined ? 'ALL_ATTRIBUTES' : 'SPECIFIC_ATTRIBUTES' } : {}),
      ...consumed(request),
      ...conditions,
    },
  };
}

/** "Using IAM policy conditions for fine-grained access control": the values of the partition key, as text. */
function leadingKeys(values: readonly unknown[]): ConditionKeys {
  const found = values
    .map((value) => Object.values((value ?? {}) as Json)[0])
    .filter((value): value is string => typeof value === 'string');
  return found.length === 0 ? {} : { 'dynamodb:LeadingKeys': [...new Set(found)] };
}

function consumed(request: Json): ConditionKeys {
  return { 'dynamodb:ReturnConsumedCapacity': text(request.ReturnConsumedCapacity) ?? 'NONE' };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
