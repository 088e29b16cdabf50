import type { DatabaseInput, PartitionInput, StorageDescriptor, TableInput } from '@aws-sdk/client-glue';
import { ConstraintViolations } from '../../core/constraint-violations.ts';
import { NotImplementedError } from '../../core/errors.ts';
import { invalidInput } from './errors.ts';
import { MAX_NAME } from './limits.ts';
import type { ColumnRecord, DatabaseRecord, PartitionRecord, StorageRecord, TableRecord } from './records.ts';

type Loose = Readonly<Record<string, unknown>>;

/** Names of the catalog are kept in lower case ("For Hive compatibility, this is folded to lowercase when it is stored"). */
export function readName(path: string, name: string | undefined): string {
  new ConstraintViolations().required(path, name).length(path, name, 1, MAX_NAME).throwIfAny('InvalidInputException');
  return (name as string).toLowerCase();
}

export function readDatabase(input: DatabaseInput | undefined): Omit<DatabaseRecord, 'createdAt'> {
  if (input === undefined) throw invalidInput('DatabaseInput must not be null');
  refuse('database', input, ['TargetDatabase', 'FederatedDatabase']);
  const others = (input.CreateTableDefaultPermissions ?? []).filter(
    ({ Principal, Permissions }) =>
      Principal?.DataLakePrincipalIdentifier !== 'IAM_ALLOWED_PRINCIPALS' || Permissions?.join() !== 'ALL',
  );
  if (others.length > 0) throw new NotImplementedError('Glue CreateTableDefaultPermissions (Lake Formation)');
  return {
    name: readName('databaseInput.name', input.Name),
    description: input.Description,
    locationUri: input.LocationUri,
    parameters: input.Parameters,
  };
}

export type TableSettings = Omit<TableRecord, 'database' | 'createdBy' | 'createdAt' | 'updatedAt' | 'version'>;

export function readTable(input: TableInput | undefined): TableSettings {
  if (input === undefined) throw invalidInput('TableInput must not be null');
  refuse('table', input, ['TargetTable', 'FederatedTable', 'ViewDefinition']);
  const partitionKeys = readColumns('partitionKeys', input.PartitionKeys) ?? [];
  const storage = readStorage(input.StorageDescriptor);
  const names = [...(storage?.Columns ?? []), ...partitionKeys].map(({ Name }) => Name.toLowerCase());
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalidInput(`Duplicate column name: ${twice}`);
  return {
    name: readName('tableInput.name', input.Name),
    description: input.Description,
    owner: input.Owner,
    retention: input.Retention ?? 0,
    storage,
    partitionKeys,
    viewOriginalText: input.ViewOriginalText,
    viewExpandedText: input.ViewExpandedText,
    tableType: input.TableType,
    parameters: input.Parameters,
    lastAccessTime: input.LastAccessTime?.getTime(),
    lastAnalyzedTime: input.LastAnalyzedTime?.getTime(),
  };
}

export type PartitionSettings = Omit<PartitionRecord, 'database' | 'table' | 'createdAt'>;

export function readPartition(table: TableRecord, input: PartitionInput | undefined): PartitionSettings {
  if (input === undefined) throw invalidInput('PartitionInput must not be null');
  return {
    values: readValues(table, input.Values),
    storage: readStorage(input.StorageDescriptor),
    parameters: input.Parameters,
    lastAccessTime: input.LastAccessTime?.getTime(),
    lastAnalyzedTime: input.LastAnalyzedTime?.getTime(),
  };
}

/** @throws AwsError `InvalidInputException` */
export function readValues(table: TableRecord, values: readonly string[] | undefined): readonly string[] {
  if (values === undefined || values.length !== table.partitionKeys.length) {
    throw invalidInput(
      `The number of partition keys do not match the number of partition values: ${table.partitionKeys.length} keys, ${values?.length ?? 0} values`,
    );
  }
  return values;
}

function readStorage(input: StorageDescriptor | undefined): StorageRecord | undefined {
  if (input === undefined) return undefined;
  refuse('storage descriptor', input, ['AdditionalLocations', 'SchemaReference']);
  const { Columns, ...rest } = input;
  const columns = readColumns('storageDescriptor.columns', Columns);
  return { ...(rest as StorageRecord), ...(columns === undefined ? {} : { Columns: columns }) };
}

function readColumns(path: string, columns: TableInput['PartitionKeys']): ColumnRecord[] | undefined {
  return columns?.map((column, index) => {
    readName(`${path}.${index + 1}.member.name`, column.Name);
    return column as ColumnRecord;
  });
}

/** @throws AwsError `NotImplemented` for a member that is given and would change what the object means */
export function refuse(what: string, input: object, members: readonly string[]): void {
  for (const member of members) {
    if ((input as Loose)[member] !== undefined) throw new NotImplementedError(`Glue: ${member} of a ${what}`);
  }
}
