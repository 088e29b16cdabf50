import type { PartitionInput } from '@aws-sdk/client-glue';
import type { ResourceProvider } from '../../../core/resources.ts';
import type { Catalog } from '../catalog.ts';
import { entityNotFound } from '../errors.ts';
import { checkCatalog } from '../permissions.ts';
import { readPartition } from '../read-input.ts';
import type { PartitionRecord } from '../records.ts';
import { typedProperties } from './typed-properties.ts';

interface PartitionProperties {
  readonly CatalogId: string;
  readonly DatabaseName: string;
  readonly TableName: string;
  readonly PartitionInput: PartitionInput;
}

/** CloudFormation template reference, "AWS::Glue::Partition". */
export function partitionResource(catalog: Catalog): ResourceProvider<PartitionProperties> {
  const stateOf = ({ database, table, values }: PartitionRecord) => ({
    physicalId: `${database}|${table}|${values.join('|')}`,
    attributes: {},
  });
  const find = ({ DatabaseName, TableName, PartitionInput }: PartitionProperties) => {
    const table = catalog.findTable(DatabaseName, TableName);
    const partition = table && catalog.findPartition(table, PartitionInput.Values ?? []);
    return table === undefined || partition === undefined ? undefined : { table, partition };
  };
  return {
    type: 'AWS::Glue::Partition',
    replaceOn: ['CatalogId', 'DatabaseName', 'TableName'],
    properties: ['CatalogId', 'DatabaseName', 'TableName', 'PartitionInput'],
    async create(properties) {
      checkCatalog(catalog, properties.CatalogId);
      const table = catalog.table(properties.DatabaseName, properties.TableName);
      const input = typedProperties<PartitionInput>(properties.PartitionInput);
      return stateOf(await catalog.createPartition(table, readPartition(table, input)));
    },
    async update(properties, previous) {
      const found = find(previous);
      if (found === undefined) throw entityNotFound('Cannot find partition.');
      const input = typedProperties<PartitionInput>(properties.PartitionInput);
      const settings = readPartition(found.table, input);
      return stateOf(await catalog.updatePartition(found.table, found.partition, settings));
    },
    async delete(_state, properties) {
      const found = find(properties);
      if (found !== undefined) await catalog.deletePartition(found.table, found.partition);
    },
  };
}
