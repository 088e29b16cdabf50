import type { StoredIndex } from 'dynalite/db/index.js';
import { AwsError } from '../../core/errors.ts';
import type { Engine, Json } from './engine.ts';
import { INDEX_FILL_PAGE } from './limits.ts';
import { keyNames, type TableRecord } from './tables.ts';

/** A global secondary index to be made or removed. */
export type IndexChange = { readonly create: Json } | { readonly remove: string };

/**
 * The creation or deletion in an UpdateTable request; undefined when it only changes throughput.
 * @throws AwsError `LimitExceededException` for more than one
 */
export function readIndexChange(updates: unknown): IndexChange | undefined {
  const list = (updates ?? []) as Json[];
  const changes = list.filter((update) => update.Create !== undefined || update.Delete !== undefined);
  if (changes.length > 1 || (changes.length === 1 && list.length > 1)) {
    throw new AwsError(
      'LimitExceededException',
      'Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table',
    );
  }
  const [change] = changes;
  if (change === undefined) return undefined;
  if (change.Create !== undefined) return { create: change.Create as Json };
  return { remove: String((change.Delete as Json).IndexName) };
}

/**
 * Makes an index and fills it from the table's items, or removes one. dynalite knows indexes from the table's creation
 * only, so the definition it keeps is changed here. The caller lets nothing else run.
 * @throws AwsError `ValidationException`, `ResourceNotFoundException`
 */
export async function applyIndexChange(
  engine: Engine,
  record: TableRecord,
  change: IndexChange,
  attributes: unknown,
): Promise<void> {
  const table = await engine.table(record.name);
  const kept = table.GlobalSecondaryIndexes ?? [];
  if ('remove' in change) {
    const name = change.remove;
    if (!kept.some((index) => index.IndexName === name)) {
      throw new AwsError('ResourceNotFoundException', `Requested resource not found: Index: ${name} not found`);
    }
    const left = kept.filter((index) => index.IndexName !== name);
    if (left.length > 0) table.GlobalSecondaryIndexes = left;
    else delete table.GlobalSecondaryIndexes;
    const used = new Set(
      [table, ...left, ...(table.LocalSecondaryIndexes ?? [])].flatMap(({ KeySchema }) =>
        KeySchema.map(({ AttributeName }) => AttributeName),
      ),
    );
    table.AttributeDefinitions = table.AttributeDefinitions.filter(({ AttributeName }) => used.has(AttributeName));
    await engine.saveTable(table);
    await engine.clearIndex(record.name, name);
    delete record.indexes[name];
    record.globalIndexes = record.globalIndexes.filter((one) => one !== name);
    return;
  }
  const { create } = change;
  const name = String(create.IndexName);
  if (record.indexes[name] !== undefined) {
    throw new AwsError(
      'ValidationException',
      `One or more parameter values were invalid: Duplicate index name: ${name}`,
    );
  }
  const definitions = (attributes ?? table.AttributeDefinitions) as typeof table.AttributeDefinitions;
  // The rules of CreateTable hold for what the table becomes.
  engine.validated('CreateTable', {
    TableName: record.name,
    BillingMode: 'PAY_PER_REQUEST',
    KeySchema: table.KeySchema,
    AttributeDefinitions: definitions,
    GlobalSecondaryIndexes: [
      ...kept.map(({ IndexName, KeySchema, Projection }) => ({ IndexName, KeySchema, Projection })),
      { IndexName: create.IndexName, KeySchema: create.KeySchema, Projection: create.Projection },
    ],
    ...(table.LocalSecondaryIndexes === undefined
      ? {}
      : {
          LocalSecondaryIndexes: table.LocalSecondaryIndexes.map(({ IndexName, KeySchema, Projection }) => ({
            IndexName,
            KeySchema,
            Projection,
          })),
        }),
  });
  const index: StoredIndex = {
    IndexName: name,
    KeySchema: create.KeySchema as StoredIndex['KeySchema'],
    Projection: create.Projection as StoredIndex['Projection'],
    IndexArn: `${table.TableArn}/index/${name}`,
    IndexSizeBytes: 0,
    ItemCount: 0,
    IndexStatus: 'ACTIVE',
    ProvisionedThroughput: {
      ReadCapacityUnits: 0,
      WriteCapacityUnits: 0,
      ...(create.ProvisionedThroughput as object | undefined),
      NumberOfDecreasesToday: 0,
    },
  };
  table.AttributeDefinitions = definitions;
  // Rows that an interrupted attempt left behind would never be corrected.
  await engine.clearIndex(record.name, name);
  let start: unknown;
  do {
    const page = await engine.run('Scan', {
      TableName: record.name,
      Limit: INDEX_FILL_PAGE,
      ...(start === undefined ? {} : { ExclusiveStartKey: start }),
    });
    await engine.fillIndex(table, index, page.Items as Json[]);
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  table.GlobalSecondaryIndexes = [...kept, index];
  await engine.saveTable(table);
  record.indexes[name] = keyNames(index.KeySchema);
  record.globalIndexes.push(name);
}
