import type { GetTableResponse } from '@aws-sdk/client-glue';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import type { AssumedRole } from '../../core/iam/principal.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { type HiveType, parseHiveType } from '../../core/sql/hive-type.ts';
import type { Conversion } from './record-format.ts';

export interface SchemaColumn {
  /** Lower case, as the catalog keeps it. */
  readonly name: string;
  readonly type: HiveType;
}

export interface TableSchema {
  readonly columns: readonly SchemaColumn[];
  readonly versionId: string;
}

/**
 * Reads the schema that records are converted to from the Glue Data Catalog.
 * @throws AwsError as Glue answers the role, `NotImplemented` for a column type that is not built
 */
export async function readSchema(
  context: CloudContext,
  role: AssumedRole,
  { database, table, catalogId, region }: Conversion['schema'],
): Promise<TableSchema> {
  if (region !== undefined && region !== context.account.region) {
    throw new NotImplementedError(`Firehose SchemaConfiguration Region '${region}'`);
  }
  const { Table } = await context.api.call<GetTableResponse>(role, 'glue', 'GetTable', {
    DatabaseName: database,
    Name: table,
    ...(catalogId === undefined ? {} : { CatalogId: catalogId }),
  });
  const columns = (Table?.StorageDescriptor?.Columns ?? []).map(({ Name = '', Type = '' }) => {
    const type = parseHiveType(Type);
    if (type === undefined) throw new NotImplementedError(`Firehose: the type '${Type}' of the column '${Name}'`);
    return { name: Name.toLowerCase(), type };
  });
  if (columns.length === 0) {
    throw new AwsError('InvalidArgumentException', `The schema of table ${database}.${table} has no columns`);
  }
  return { columns, versionId: Table?.VersionId ?? '0' };
}
