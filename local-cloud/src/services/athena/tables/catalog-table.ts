import type { GetPartitionsResponse, GetTableResponse, Partition, Table } from '@aws-sdk/client-glue';
import { AwsError } from '../../../core/errors.ts';
import type { Principal } from '../../../core/iam/principal.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { type HiveType, parseHiveType } from '../../../core/sql/hive-type.ts';
import { judge } from '../../../core/sql/partition-filter.ts';
import type { Expression } from '../../../core/sql/syntax/ast.ts';
import { QueryFailure } from '../errors.ts';
import { comparable, type PartitionKey, Projection } from './projection.ts';

export interface TableColumn {
  /** Lower case. */
  readonly name: string;
  readonly type: HiveType;
}

/** A table of the Data Catalog that a query reads. */
export interface CatalogTable {
  readonly database: string;
  readonly name: string;
  readonly columns: readonly TableColumn[];
  readonly keys: readonly TableColumn[];
  readonly definition: Table;
}

/** Where the objects of one partition lie; a table without keys has one without values. */
export interface PartitionLocation {
  readonly values: readonly string[];
  readonly bucket: string;
  readonly prefix: string;
}

/** @throws QueryFailure */
export async function readCatalogTable(
  context: CloudContext,
  caller: Principal,
  database: string,
  name: string,
): Promise<CatalogTable | undefined> {
  let definition: Table | undefined;
  try {
    const input = { DatabaseName: database, Name: name };
    definition = (await context.api.call<GetTableResponse>(caller, 'glue', 'GetTable', input)).Table;
  } catch (error) {
    if (error instanceof AwsError && error.code === 'EntityNotFoundException') return undefined;
    throw error;
  }
  if (definition === undefined) return undefined;
  if (definition.TableType === 'VIRTUAL_VIEW' || definition.ViewOriginalText !== undefined) {
    throw new QueryFailure(`NOT_SUPPORTED: the view ${database}.${name} is not implemented by the local cloud`);
  }
  const read = (column: { Name?: string | undefined; Type?: string | undefined }): TableColumn => {
    const type = parseHiveType(column.Type ?? '');
    if (type === undefined) {
      throw new QueryFailure(
        `NOT_SUPPORTED: the type '${column.Type}' of column '${column.Name}' is not implemented by the local cloud`,
      );
    }
    return { name: (column.Name ?? '').toLowerCase(), type };
  };
  return {
    database,
    name,
    definition,
    columns: (definition.StorageDescriptor?.Columns ?? []).map(read),
    keys: (definition.PartitionKeys ?? []).map(read),
  };
}

/** The partitions whose rows can satisfy the condition, by projection or as the catalog has them. @throws QueryFailure */
export async function locations(
  context: CloudContext,
  caller: Principal,
  table: CatalogTable,
  condition: Expression | undefined,
): Promise<PartitionLocation[]> {
  const { definition } = table;
  const base = locationOf(definition.StorageDescriptor?.Location ?? '');
  if (table.keys.length === 0) return [{ values: [], ...base }];
  const keys = table.keys.map(({ name, type }): PartitionKey => {
    const isInteger = type.kind === 'scalar' && /int/.test(type.name);
    return { name, isInteger };
  });
  const matches = (values: readonly string[]) =>
    condition === undefined ||
    judge(condition, (parts) => {
      const index = keys.findIndex(({ name }) => name === parts.at(-1));
      const key = keys[index];
      return key === undefined ? undefined : comparable(key, values[index] as string);
    }) !== false;
  const properties = definition.Parameters ?? {};
  if (Projection.isEnabled(properties)) {
    const template = properties['storage.location.template'];
    return new Projection(keys, properties, context.clock.now())
      .partitions(condition)
      .filter(matches)
      .map((values) => ({ values, ...projectedLocation(base, template, keys, values) }));
  }
  const partitions = await cataloguedPartitions(context, caller, table);
  return partitions
    .filter(({ Values }) => matches(Values ?? []))
    .map(({ StorageDescriptor, Values = [] }) => {
      const own = StorageDescriptor?.Location;
      return { values: Values, ...(own === undefined ? hiveLocation(base, keys, Values) : locationOf(own)) };
    });
}

async function cataloguedPartitions(
  context: CloudContext,
  caller: Principal,
  table: CatalogTable,
): Promise<Partition[]> {
  const found: Partition[] = [];
  let NextToken: string | undefined;
  do {
    const page: GetPartitionsResponse = await context.api.call(caller, 'glue', 'GetPartitions', {
      DatabaseName: table.database,
      TableName: table.name,
      ...(NextToken === undefined ? {} : { NextToken }),
    });
    found.push(...(page.Partitions ?? []));
    NextToken = page.NextToken;
  } while (NextToken !== undefined);
  return found;
}

type Location = Pick<PartitionLocation, 'bucket' | 'prefix'>;

function projectedLocation(
  base: Location,
  template: string | undefined,
  keys: readonly PartitionKey[],
  values: readonly string[],
): Location {
  if (template === undefined) return hiveLocation(base, keys, values);
  const named = new Map(keys.map(({ name }, index) => [name, values[index] as string]));
  return locationOf(
    template.replace(/\$\{([^}]+)\}/g, (whole, name: string) => named.get(name.toLowerCase()) ?? whole),
  );
}

function hiveLocation(base: Location, keys: readonly PartitionKey[], values: readonly string[]): Location {
  const path = keys.map(({ name }, index) => `${name}=${values[index]}/`).join('');
  return { bucket: base.bucket, prefix: `${base.prefix}${path}` };
}

/** Locations are folders: `s3://bucket/a` holds `a/b` and not `ab`. */
function locationOf(uri: string): Location {
  const match = /^s3:\/\/([^/]+)(?:\/(.*))?$/.exec(uri);
  if (match === null) throw new QueryFailure(`HIVE_METASTORE_ERROR: the location '${uri}' is no location in Amazon S3`);
  const [, bucket = '', path = ''] = match;
  return { bucket, prefix: path === '' || path.endsWith('/') ? path : `${path}/` };
}
