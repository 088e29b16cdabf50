import type {
  BatchCreatePartitionRequest,
  BatchCreatePartitionResponse,
  BatchDeletePartitionRequest,
  BatchDeletePartitionResponse,
  BatchGetPartitionRequest,
  BatchGetPartitionResponse,
  CreatePartitionRequest,
  DeletePartitionRequest,
  GetPartitionRequest,
  GetPartitionResponse,
  GetPartitionsRequest,
  GetPartitionsResponse,
  PartitionError,
  UpdatePartitionRequest,
} from '@aws-sdk/client-glue';
import type { Operation } from '../../../core/api.ts';
import { AwsError } from '../../../core/errors.ts';
import type { Catalog } from '../catalog.ts';
import { entityNotFound, invalidInput } from '../errors.ts';
import { MAX_BATCH_CREATE, MAX_BATCH_DELETE, MAX_BATCH_GET, MAX_PARTITIONS_PAGE } from '../limits.ts';
import { page } from '../page.ts';
import { partitionExpression } from '../partition-expression.ts';
import { checkCatalog, tablePermissions } from '../permissions.ts';
import { readPartition, readValues, refuse } from '../read-input.ts';
import type { PartitionRecord, TableRecord } from '../records.ts';
import { wirePartition } from '../wire-shapes.ts';

interface NamesTable {
  readonly CatalogId?: string | undefined;
  readonly DatabaseName?: string | undefined;
  readonly TableName?: string | undefined;
}

export function partitionOperations(catalog: Catalog): Operation[] {
  const on = (action: string) => (input: NamesTable) =>
    tablePermissions(catalog, action, input.DatabaseName, input.TableName);
  const tableOf = (input: NamesTable): TableRecord => {
    checkCatalog(catalog, input.CatalogId);
    return catalog.table(input.DatabaseName, input.TableName);
  };
  const partitionOf = (table: TableRecord, values: readonly string[] | undefined): PartitionRecord => {
    const found = catalog.findPartition(table, readValues(table, values));
    if (found === undefined) throw entityNotFound('Cannot find partition.');
    return found;
  };

  const create: Operation<CreatePartitionRequest, object> = {
    name: 'CreatePartition',
    authorize: on('CreatePartition'),
    async handle(input) {
      const table = tableOf(input);
      await catalog.createPartition(table, readPartition(table, input.PartitionInput));
      return {};
    },
  };

  const createMany: Operation<BatchCreatePartitionRequest, BatchCreatePartitionResponse> = {
    name: 'BatchCreatePartition',
    authorize: on('BatchCreatePartition'),
    async handle(input) {
      const table = tableOf(input);
      const partitions = atMost('PartitionInputList', input.PartitionInputList, MAX_BATCH_CREATE);
      return {
        Errors: await each(
          partitions,
          ({ Values }) => Values,
          async (partition) => {
            await catalog.createPartition(table, readPartition(table, partition));
          },
        ),
      };
    },
  };

  const get: Operation<GetPartitionRequest, GetPartitionResponse> = {
    name: 'GetPartition',
    authorize: on('GetPartition'),
    handle(input) {
      refuse('GetPartition request', input, ['AuditContext']);
      return { Partition: wirePartition(catalog, partitionOf(tableOf(input), input.PartitionValues)) };
    },
  };

  const getMany: Operation<BatchGetPartitionRequest, BatchGetPartitionResponse> = {
    name: 'BatchGetPartition',
    authorize: on('BatchGetPartition'),
    handle(input) {
      refuse('BatchGetPartition request', input, ['AuditContext', 'QuerySessionContext']);
      const table = tableOf(input);
      const asked = atMost('PartitionsToGet', input.PartitionsToGet, MAX_BATCH_GET);
      const found = asked.map(({ Values }) => catalog.findPartition(table, readValues(table, Values)));
      return {
        Partitions: found
          .filter((partition) => partition !== undefined)
          .map((partition) => wirePartition(catalog, partition)),
        UnprocessedKeys: [],
      };
    },
  };

  const list: Operation<GetPartitionsRequest, GetPartitionsResponse> = {
    name: 'GetPartitions',
    authorize: on('GetPartitions'),
    handle(input) {
      refuse('GetPartitions request', input, ['Segment', 'TransactionId', 'QueryAsOfTime', 'AuditContext']);
      const table = tableOf(input);
      const all = catalog.partitions(table);
      const found = input.Expression === undefined ? all : all.filter(partitionExpression(table, input.Expression));
      const { members, NextToken } = page(found, input, MAX_PARTITIONS_PAGE);
      const withColumns = input.ExcludeColumnSchema !== true;
      return { Partitions: members.map((partition) => wirePartition(catalog, partition, withColumns)), NextToken };
    },
  };

  const update: Operation<UpdatePartitionRequest, object> = {
    name: 'UpdatePartition',
    authorize: on('UpdatePartition'),
    async handle(input) {
      const table = tableOf(input);
      const current = partitionOf(table, input.PartitionValueList);
      await catalog.updatePartition(table, current, readPartition(table, input.PartitionInput));
      return {};
    },
  };

  const remove: Operation<DeletePartitionRequest, object> = {
    name: 'DeletePartition',
    authorize: on('DeletePartition'),
    async handle(input) {
      const table = tableOf(input);
      await catalog.deletePartition(table, partitionOf(table, input.PartitionValues));
      return {};
    },
  };

  const removeMany: Operation<BatchDeletePartitionRequest, BatchDeletePartitionResponse> = {
    name: 'BatchDeletePartition',
    authorize: on('BatchDeletePartition'),
    async handle(input) {
      const table = tableOf(input);
      const asked = atMost('PartitionsToDelete', input.PartitionsToDelete, MAX_BATCH_DELETE);
      return {
        Errors: await each(
          asked,
          ({ Values }) => Values,
          async ({ Values }) => {
            await catalog.deletePartition(table, partitionOf(table, Values));
          },
        ),
      };
    },
  };

  return [create, createMany, get, getMany, list, update, remove, removeMany];
}

/** @throws AwsError `InvalidInputException` */
function atMost<T>(name: string, list: readonly T[] | undefined, most: number): readonly T[] {
  if (list === undefined) throw invalidInput(`${name} must not be null`);
  if (list.length > most) throw invalidInput(`${name} must have at most ${most} members`);
  return list;
}

/** One failure does not keep the others from being done. */
async function each<T>(
  members: readonly T[],
  valuesOf: (member: T) => string[] | undefined,
  act: (member: T) => Promise<void>,
): Promise<PartitionError[]> {
  const errors: PartitionError[] = [];
  for (const member of members) {
    try {
      await act(member);
    } catch (error) {
      if (!(error instanceof AwsError)) throw error;
      errors.push({
        PartitionValues: valuesOf(member),
        ErrorDetail: { ErrorCode: error.code, ErrorMessage: error.message },
      });
    }
  }
  return errors;
}
