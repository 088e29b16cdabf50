import type {
  CreateDatabaseRequest,
  CreateDatabaseResponse,
  DeleteDatabaseRequest,
  DescribeDatabaseRequest,
  DescribeDatabaseResponse,
  ListDatabasesRequest,
  ListDatabasesResponse,
  UpdateDatabaseRequest,
} from '@aws-sdk/client-timestream-write';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { Permission } from '../../../core/iam/authorizer.ts';
import type { Timestream } from '../timestream.ts';
import { listPage } from './list-page.ts';

export function databaseOperations(timestream: Timestream): readonly Operation[] {
  const on = (action: string, name: string | undefined): readonly Permission[] => [
    { action: `timestream:${action}`, resource: timestream.catalog.databaseArn(name ?? '') },
  ];

  const create: Operation<CreateDatabaseRequest, CreateDatabaseResponse> = {
    name: 'CreateDatabase',
    authorize: ({ DatabaseName, Tags }) => [
      ...on('CreateDatabase', DatabaseName),
      ...(Tags === undefined || Tags.length === 0 ? [] : on('TagResource', DatabaseName)),
    ],
    async handle(input) {
      return { Database: timestream.describeDatabase(await timestream.createDatabase(input)) };
    },
  };

  const describe: Operation<DescribeDatabaseRequest, DescribeDatabaseResponse> = {
    name: 'DescribeDatabase',
    authorize: ({ DatabaseName }) => on('DescribeDatabase', DatabaseName),
    handle: ({ DatabaseName }) => ({
      Database: timestream.describeDatabase(timestream.catalog.database(DatabaseName as string)),
    }),
  };

  const list: Operation<ListDatabasesRequest, ListDatabasesResponse> = {
    name: 'ListDatabases',
    authorize: () => on('ListDatabases', '*'),
    handle(input) {
      const { page, NextToken } = listPage(timestream.catalog.databases(), ({ name }) => name, input);
      return { Databases: page.map((database) => timestream.describeDatabase(database)), NextToken };
    },
  };

  /** All that the operation changes is the KMS key. */
  const update: Operation<UpdateDatabaseRequest, never> = {
    name: 'UpdateDatabase',
    authorize: ({ DatabaseName }) => on('UpdateDatabase', DatabaseName),
    handle({ DatabaseName }) {
      timestream.catalog.database(DatabaseName as string);
      throw new NotImplementedError('timestream-write UpdateDatabase (KmsKeyId of a database)');
    },
  };

  const remove: Operation<DeleteDatabaseRequest, object> = {
    name: 'DeleteDatabase',
    authorize: ({ DatabaseName }) => on('DeleteDatabase', DatabaseName),
    async handle({ DatabaseName }) {
      await timestream.deleteDatabase(DatabaseName as string);
      return {};
    },
  };

  return [create, describe, list, update, remove];
}
