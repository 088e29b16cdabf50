import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import type { DynaliteOperation } from '../dynalite-operations.ts';
import type { Engine, Json } from '../engine.ts';
import type { Gate } from '../gate.ts';
import { batchPermissions, itemPermission, searchPermission } from '../permissions.ts';
import type { Tables } from '../tables.ts';
import type { WireOperation } from '../wire-operation.ts';

/** GetItem, PutItem, UpdateItem, DeleteItem, Query, Scan, BatchGetItem and BatchWriteItem. */
export function createItemOperations(tables: Tables, engine: Engine, gate: Gate): WireOperation[] {
  const run = (name: DynaliteOperation) => (request: Json) =>
    gate.shared(() => engine.run(name, resolved(tables, request)));

  const single = (name: 'GetItem' | 'PutItem' | 'UpdateItem' | 'DeleteItem'): WireOperation => ({
    name,
    authorize: (request) => [itemPermission(tables, name, request)],
    run(request) {
      refuseMetrics(tables, request, [String(request.TableName)]);
      const { ReturnValuesOnConditionCheckFailure: returns, ...rest } = request;
      if (name === 'GetItem' || returns === undefined || returns === 'NONE')
        return run(name)(name === 'GetItem' ? request : rest);
      if (returns !== 'ALL_OLD') {
        throw new AwsError(
          'ValidationException',
          `1 validation error detected: Value '${returns}' at 'returnValuesOnConditionCheckFailure' failed to satisfy constraint: Member must satisfy enum value set: [ALL_OLD, NONE]`,
        );
      }
      return gate.exclusive(() => withOldItem(engine, name, resolved(tables, rest)));
    },
  });

  const query: WireOperation = {
    name: 'Query',
    authorize: (request) => [searchPermission(tables, 'Query', request)],
    run: run('Query'),
  };

  const scan: WireOperation = {
    name: 'Scan',
    authorize: (request) => [searchPermission(tables, 'Scan', request)],
    run(request) {
      // dynalite does not know the member; its reads are always consistent.
      const { ConsistentRead: consistent, ...rest } = request;
      const record = tables.find(tables.nameOf(String(request.TableName)));
      if (consistent === true && record?.globalIndexes.includes(String(request.IndexName))) {
        throw new AwsError('ValidationException', 'Consistent reads are not supported on global secondary indexes');
      }
      return run('Scan')(rest);
    },
  };

  const batch = (name: 'BatchGetItem' | 'BatchWriteItem'): WireOperation => ({
    name,
    authorize: (request) => batchPermissions(tables, name, request),
    run(request) {
      const items = (request.RequestItems ?? {}) as Json;
      refuseMetrics(tables, request, Object.keys(items));
      const named = Object.entries(items).map(([table, wanted]) => [tables.nameOf(table), wanted]);
      return run(name)({ ...request, RequestItems: Object.fromEntries(named) });
    },
  });

  return [
    single('GetItem'),
    single('PutItem'),
    single('UpdateItem'),
    single('DeleteItem'),
    query,
    scan,
    batch('BatchGetItem'),
    batch('BatchWriteItem'),
  ];
}

function resolved(tables: Tables, request: Json): Json {
  const { TableName: name } = request;
  return typeof name === 'string' ? { ...request, TableName: tables.nameOf(name) } : request;
}

/** The answer to a failed condition carries the item as it is. Runs alone, so that it is the item that was checked. */
async function withOldItem(engine: Engine, name: DynaliteOperation, request: Json): Promise<Json> {
  try {
    return await engine.run(name, request);
  } catch (error) {
    if (!(error instanceof AwsError) || error.code !== 'ConditionalCheckFailedException') throw error;
    const table = await engine.table(String(request.TableName));
    const source = (request.Key ?? request.Item) as Json;
    const key = Object.fromEntries(table.KeySchema.map(({ AttributeName }) => [AttributeName, source[AttributeName]]));
    const item = await engine.item(table, key);
    throw new AwsError(error.code, error.message, error.statusCode, {
      cause: error,
      fields: item === undefined ? {} : { Item: item },
    });
  }
}

/** Sizes of item collections exist for tables with local secondary indexes only ("ReturnItemCollectionMetrics"). */
function refuseMetrics(tables: Tables, request: Json, names: readonly string[]): void {
  const wanted = request.ReturnItemCollectionMetrics;
  if (wanted === undefined || wanted === 'NONE') return;
  if (names.some((name) => (tables.find(tables.nameOf(name))?.localIndexes.length ?? 0) > 0)) {
    throw new NotImplementedError(`ReturnItemCollectionMetrics '${wanted}' on a table with local secondary indexes`);
  }
}
