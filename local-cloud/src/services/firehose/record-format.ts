import type { DataFormatConversionConfiguration } from '@aws-sdk/client-firehose';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import { ROLE_ARN_PATTERN } from './limits.ts';

/** Conversion of JSON records to Parquet, as it is kept. */
export interface Conversion {
  readonly schema: {
    readonly roleArn: string;
    readonly catalogId?: string | undefined;
    readonly database: string;
    readonly table: string;
    readonly region?: string | undefined;
    readonly versionId: string;
  };
  readonly ignoreCase: boolean;
  readonly dotsToUnderscores: boolean;
  /** Key of the document by column. */
  readonly keys: Readonly<Record<string, string>>;
  readonly compression: 'SNAPPY' | 'GZIP' | 'UNCOMPRESSED';
}

/**
 * Reads the conversion of a destination ("DataFormatConversionConfiguration"); undefined when it is off.
 * @throws AwsError `InvalidArgumentException`, `NotImplemented` for Hive's JSON SerDe, ORC and tuning of Parquet
 */
export function readConversion(
  input: DataFormatConversionConfiguration | undefined,
  deliveryRole: string,
): Conversion | undefined {
  if (input === undefined || input.Enabled === false) return undefined;
  const { SchemaConfiguration: schema, InputFormatConfiguration: from, OutputFormatConfiguration: to } = input;
  if (schema === undefined || from?.Deserializer === undefined || to?.Serializer === undefined) {
    throw invalid(
      'DataFormatConversionConfiguration must specify SchemaConfiguration, InputFormatConfiguration and OutputFormatConfiguration when it is enabled',
    );
  }
  const { OpenXJsonSerDe: openX, HiveJsonSerDe: hive } = from.Deserializer;
  if ((openX === undefined) === (hive === undefined)) throw invalid('Exactly one Deserializer must be specified');
  if (openX === undefined) throw new NotImplementedError('Firehose HiveJsonSerDe (use OpenXJsonSerDe)');
  const { ParquetSerDe: parquet, OrcSerDe: orc } = to.Serializer;
  if ((parquet === undefined) === (orc === undefined)) throw invalid('Exactly one Serializer must be specified');
  if (parquet === undefined) throw new NotImplementedError('Firehose OrcSerDe (use ParquetSerDe)');
  for (const member of ['BlockSizeBytes', 'PageSizeBytes', 'MaxPaddingBytes', 'EnableDictionaryCompression'] as const) {
    if (parquet[member] !== undefined) throw new NotImplementedError(`Firehose ParquetSerDe ${member}`);
  }
  if (parquet.WriterVersion !== undefined && parquet.WriterVersion !== 'V1') {
    throw new NotImplementedError(`Firehose ParquetSerDe WriterVersion '${parquet.WriterVersion}'`);
  }
  const { DatabaseName: database, TableName: table } = schema;
  if (database === undefined || table === undefined) {
    throw invalid('SchemaConfiguration must specify DatabaseName and TableName');
  }
  const versionId = schema.VersionId ?? 'LATEST';
  if (versionId !== 'LATEST') throw new NotImplementedError(`Firehose SchemaConfiguration VersionId '${versionId}'`);
  const roleArn = schema.RoleARN ?? deliveryRole;
  if (!new RegExp(`^${ROLE_ARN_PATTERN}$`).test(roleArn)) throw invalid(`RoleARN '${roleArn}' is not a role's`);
  return {
    schema: { roleArn, catalogId: schema.CatalogId, database, table, region: schema.Region, versionId },
    ignoreCase: openX.CaseInsensitive ?? true,
    dotsToUnderscores: openX.ConvertDotsInJsonKeysToUnderscores ?? false,
    keys: openX.ColumnToJsonKeyMappings ?? {},
    compression: parquet.Compression ?? 'SNAPPY',
  };
}

export function describeConversion(conversion: Conversion): DataFormatConversionConfiguration {
  const { compression, dotsToUnderscores, ignoreCase, keys, schema } = conversion;
  return {
    Enabled: true,
    SchemaConfiguration: {
      RoleARN: schema.roleArn,
      CatalogId: schema.catalogId,
      DatabaseName: schema.database,
      TableName: schema.table,
      Region: schema.region,
      VersionId: schema.versionId,
    },
    InputFormatConfiguration: {
      Deserializer: {
        OpenXJsonSerDe: {
          CaseInsensitive: ignoreCase,
          ConvertDotsInJsonKeysToUnderscores: dotsToUnderscores,
          ColumnToJsonKeyMappings: keys,
        },
      },
    },
    OutputFormatConfiguration: { Serializer: { ParquetSerDe: { Compression: compression } } },
  };
}

function invalid(message: string): AwsError {
  return new AwsError('InvalidArgumentException', message);
}
