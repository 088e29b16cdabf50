import type {
  CreateTableRequest,
  CreateTableResponse,
  DeleteTableRequest,
  DescribeTableRequest,
  DescribeTableResponse,
  ListTablesRequest,
  ListTablesResponse,
  UpdateTableRequest,
  UpdateTableResponse,
} from '@aws-sdk/client-timestream-write';
import type { Operation } from '../../../core/api.ts';
import type { Permission } from '../../../core/iam/authorizer.ts';
import type { Timestream } from '../timestream.ts';
import { listPage } from './list-page.ts';

interface TableInput {
  DatabaseName?: string | undefined;
  TableName?: string | undefined;
}

export function tableOperations(timestream: Timestream): readonly Operation[] {
  const { catalog } = timestream;
  const on = (action: string, { DatabaseName, TableName }: TableInput): readonly Permission[] => [
    { action: `timestream:${action}`, resource: catalog.tableArn(DatabaseName ?? '', TableName ?? '') },
  ];

  const create: Operation<CreateTableRequest, CreateTableResponse> = {
    name: 'CreateTable',
    authorize: (input) => [
      ...on('CreateTable', input),
      ...(input.Tags === undefined || input.Tags.length === 0 ? [] : on('TagResource', input)),
    ],
    async handle(input) {
      return { Table: timestream.describeTable(await timestream.createTable(input)) };
    },
  };

  const describe: Operation<DescribeTableRequest, DescribeTableResponse> = {
    name: 'DescribeTable',
    authorize: (input) => on('DescribeTable', input),
    handle: ({ DatabaseName, TableName }) => ({
      Table: timestream.describeTable(catalog.table(DatabaseName as string, TableName as string)),
    }),
  };

  const list: Operation<ListTablesRequest, ListTablesResponse> = {
    name: 'ListTables',
    authorize: ({ DatabaseName }) => [
      { action: 'timestream:ListTables', resource: catalog.databaseArn(DatabaseName ?? '*') },
    ],
    handle(input) {
      if (input.DatabaseName !== undefined) catalog.database(input.DatabaseName);
      const tables = catalog.tables(input.DatabaseName);
      const { page, NextToken } = listPage(tables, ({ database, name }) => `${database}/${name}`, input);
      return { Tables: page.map((table) => timestream.describeTable(table)), NextToken };
    },
  };

  const update: Operation<UpdateTableRequest, UpdateTableResponse> = {
    name: 'UpdateTable',
    authorize: (input) => on('UpdateTable', input),
    async handle(input) {
      return { Table: timestream.describeTable(await timestream.updateTable(input)) };
    },
  };

  const remove: Operation<DeleteTableRequest, object> = {
    name: 'DeleteTable',
    authorize: (input) => on('DeleteTable', input),
    async handle({ DatabaseName, TableName }) {
      await timestream.deleteTable(DatabaseName as string, TableName as string);
      return {};
    },
  };

  return [create, describe, list, update, remove];
}
