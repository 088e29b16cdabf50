import type { Database, Partition, StorageDescriptor, Table } from '@aws-sdk/client-glue';
import type { Catalog } from './catalog.ts';
import type { DatabaseRecord, PartitionRecord, TableRecord } from './records.ts';

/** Objects of the catalog as the API answers them. */

export function wireDatabase({ context }: Catalog, database: DatabaseRecord): Database {
  return {
    Name: database.name,
    Description: database.description,
    LocationUri: database.locationUri,
    Parameters: database.parameters,
    CreateTime: new Date(database.createdAt),
    CreateTableDefaultPermissions: [
      { Principal: { DataLakePrincipalIdentifier: 'IAM_ALLOWED_PRINCIPALS' }, Permissions: ['ALL'] },
    ],
    CatalogId: context.account.accountId,
  };
}

export function wireTable({ context }: Catalog, table: TableRecord): Table {
  return {
    Name: table.name,
    DatabaseName: table.database,
    Description: table.description,
    Owner: table.owner,
    CreateTime: new Date(table.createdAt),
    UpdateTime: new Date(table.updatedAt),
    LastAccessTime: dateOf(table.lastAccessTime),
    LastAnalyzedTime: dateOf(table.lastAnalyzedTime),
    Retention: table.retention,
    StorageDescriptor: table.storage as StorageDescriptor | undefined,
    PartitionKeys: table.partitionKeys.map((column) => ({ ...column })),
    ViewOriginalText: table.viewOriginalText,
    ViewExpandedText: table.viewExpandedText,
    TableType: table.tableType,
    Parameters: table.parameters,
    CreatedBy: table.createdBy,
    IsRegisteredWithLakeFormation: false,
    CatalogId: context.account.accountId,
    VersionId: String(table.version),
  };
}

export function wirePartition({ context }: Catalog, partition: PartitionRecord, withColumns = true): Partition {
  const { storage } = partition;
  const { Columns: _columns, ...rest } = storage ?? {};
  return {
    Values: [...partition.values],
    DatabaseName: partition.database,
    TableName: partition.table,
    CreationTime: new Date(partition.createdAt),
    LastAccessTime: dateOf(partition.lastAccessTime),
    LastAnalyzedTime: dateOf(partition.lastAnalyzedTime),
    StorageDescriptor: (storage === undefined || withColumns ? storage : rest) as StorageDescriptor | undefined,
    Parameters: partition.parameters,
    CatalogId: context.account.accountId,
  };
}

function dateOf(at: number | undefined): Date | undefined {
  return at === undefined ? undefined : new Date(at);
}
