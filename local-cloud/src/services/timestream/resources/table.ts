import type { MagneticStoreWriteProperties, PartitionKey, Tag } from '@aws-sdk/client-timestream-write';
import { AwsError } from '../../../core/errors.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { retentionProperties } from '../catalog/definitions.ts';
import { DEFAULT_RETENTION } from '../catalog/table-settings.ts';
import { validationError } from '../faults.ts';
import type { Timestream } from '../timestream.ts';
import { replaceTags } from './resource-tags.ts';

/** Numbers and booleans of a template may be strings. */
interface TableProperties {
  DatabaseName: string;
  TableName?: string;
  RetentionProperties?: {
    MemoryStoreRetentionPeriodInHours?: string | number;
    MagneticStoreRetentionPeriodInDays?: string | number;
  };
  MagneticStoreWriteProperties?: Omit<MagneticStoreWriteProperties, 'EnableMagneticStoreWrites'> & {
    EnableMagneticStoreWrites: boolean | string;
  };
  Schema?: { CompositePartitionKey?: PartitionKey[] };
  Tags?: Tag[];
}

/**
 * AWS::Timestream::Table. `Ref` answers `<database>|<table>`, `Fn::GetAtt` Arn and Name (CloudFormation template
 * reference).
 */
export function tableResource(timestream: Timestream): ResourceProvider<TableProperties> {
  const { catalog } = timestream;
  const state = (database: string, name: string): ResourceState => ({
    physicalId: `${database}|${name}`,
    attributes: { Arn: catalog.tableArn(database, name), Name: name },
  });
  return {
    type: 'AWS::Timestream::Table',
    replaceOn: ['DatabaseName', 'TableName'],
    properties: ['DatabaseName', 'TableName', 'RetentionProperties', 'MagneticStoreWriteProperties', 'Schema', 'Tags'],
    async create(properties, scope) {
      const TableName = properties.TableName ?? scope.generateName(64);
      const { Tags } = properties;
      const settings = readSettings(properties);
      const input = {
        DatabaseName: properties.DatabaseName,
        TableName,
        ...settings,
        ...(Tags === undefined ? {} : { Tags }),
      };
      const table = await timestream.createTable(input);
      return state(table.database, table.name);
    },
    async update(properties, _previous, { physicalId }) {
      const [DatabaseName, TableName] = physicalId.split('|') as [string, string];
      // What the template no longer names returns to its default.
      await timestream.updateTable({
        DatabaseName,
        TableName,
        RetentionProperties: retentionProperties(DEFAULT_RETENTION),
        MagneticStoreWriteProperties: { EnableMagneticStoreWrites: false },
        ...readSettings(properties),
      });
      await replaceTags(timestream, catalog.tableArn(DatabaseName, TableName), properties.Tags);
      return state(DatabaseName, TableName);
    },
    async delete({ physicalId }) {
      const [database, name] = physicalId.split('|') as [string, string];
      try {
        await timestream.deleteTable(database, name);
      } catch (error) {
        if (!(error instanceof AwsError && error.code === 'ResourceNotFoundException')) throw error;
      }
    },
  };
}

function readSettings({ RetentionProperties, MagneticStoreWriteProperties, Schema }: TableProperties): object {
  const { memoryHours, magneticDays } = DEFAULT_RETENTION;
  return {
    ...(RetentionProperties === undefined
      ? {}
      : {
          RetentionProperties: {
            MemoryStoreRetentionPeriodInHours: whole(
              RetentionProperties.MemoryStoreRetentionPeriodInHours,
              memoryHours,
            ),
            MagneticStoreRetentionPeriodInDays: whole(
              RetentionProperties.MagneticStoreRetentionPeriodInDays,
              magneticDays,
            ),
          },
        }),
    ...(MagneticStoreWriteProperties === undefined
      ? {}
      : {
          MagneticStoreWriteProperties: {
            ...MagneticStoreWriteProperties,
            EnableMagneticStoreWrites: String(MagneticStoreWriteProperties.EnableMagneticStoreWrites) === 'true',
          },
        }),
    ...(Schema === undefined ? {} : { Schema }),
  };
}

/** @throws AwsError `ValidationException` */
function whole(value: string | number | undefined, otherwise: number): number {
  if (value === undefined) return otherwise;
  if (!/^\d+$/.test(String(value))) throw validationError(`RetentionProperties: '${value}' is not a whole number.`);
  return Number(value);
}
