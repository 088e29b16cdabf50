import type {
  BatchDeleteTableRequest,
  BatchDeleteTableResponse,
  CreateTableRequest,
  DeleteTableRequest,
  GetTableRequest,
  GetTableResponse,
  GetTablesRequest,
  GetTablesResponse,
  TableError,
  UpdateTableRequest,
} from '@aws-sdk/client-glue';
import type { ApiCall, Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { Catalog } from '../catalog.ts';
import { invalidInput } from '../errors.ts';
import { MAX_BATCH_TABLES, MAX_TABLES_PAGE } from '../limits.ts';
import { page } from '../page.ts';
import { checkCatalog, databasePermissions, tablePermissions } from '../permissions.ts';
import { readTable, refuse } from '../read-input.ts';
import { wireTable } from '../wire-shapes.ts';

export function tableOperations(catalog: Catalog): Operation[] {
  const create: Operation<CreateTableRequest, object> = {
    name: 'CreateTable',
    authorize: ({ DatabaseName, Name, TableInput }) =>
      tablePermissions(catalog, 'CreateTable', DatabaseName, TableInput?.Name ?? Name),
    async handle(input, call) {
      checkCatalog(catalog, input.CatalogId);
      refuse('table', input, ['PartitionIndexes', 'TransactionId', 'OpenTableFormatInput']);
      if (input.Name !== undefined && input.Name !== input.TableInput?.Name) {
        throw new NotImplementedError('Glue: CreateTable with a Name beside that of its TableInput');
      }
      await catalog.createTable(input.DatabaseName, readTable(input.TableInput), callerOf(call));
      return {};
    },
  };

  const get: Operation<GetTableRequest, GetTableResponse> = {
    name: 'GetTable',
    authorize: ({ DatabaseName, Name }) => tablePermissions(catalog, 'GetTable', DatabaseName, Name),
    handle(input) {
      checkCatalog(catalog, input.CatalogId);
      refuse('GetTable request', input, ['TransactionId', 'QueryAsOfTime', 'AttributesToGet', 'AuditContext']);
      return { Table: wireTable(catalog, catalog.table(input.DatabaseName, input.Name)) };
    },
  };

  const list: Operation<GetTablesRequest, GetTablesResponse> = {
    name: 'GetTables',
    authorize: ({ DatabaseName }) => [
      ...tablePermissions(catalog, 'GetTables', DatabaseName, '*').slice(0, 1),
      ...databasePermissions(catalog, 'GetTables', DatabaseName),
    ],
    handle(input) {
      checkCatalog(catalog, input.CatalogId);
      refuse('GetTables request', input, ['TransactionId', 'QueryAsOfTime', 'AttributesToGet', 'AuditContext']);
      const { name } = catalog.database(input.DatabaseName);
      const pattern = namePattern(input.Expression);
      const found = catalog.tables(name).filter((table) => pattern.test(table.name));
      const { members, NextToken } = page(found, input, MAX_TABLES_PAGE);
      return { TableList: members.map((table) => wireTable(catalog, table)), NextToken };
    },
  };

  const update: Operation<UpdateTableRequest, object> = {
    name: 'UpdateTable',
    authorize: ({ DatabaseName, Name, TableInput }) =>
      tablePermissions(catalog, 'UpdateTable', DatabaseName, TableInput?.Name ?? Name),
    async handle(input) {
      checkCatalog(catalog, input.CatalogId);
      refuse('table', input, ['TransactionId', 'ViewUpdateAction', 'UpdateOpenTableFormatInput', 'VersionId']);
      const settings = readTable(input.TableInput);
      await catalog.updateTable(catalog.table(input.DatabaseName, settings.name), settings);
      return {};
    },
  };

  const remove: Operation<DeleteTableRequest, object> = {
    name: 'DeleteTable',
    authorize: ({ DatabaseName, Name }) => tablePermissions(catalog, 'DeleteTable', DatabaseName, Name),
    async handle(input) {
      checkCatalog(catalog, input.CatalogId);
      refuse('table', input, ['TransactionId']);
      await catalog.deleteTable(catalog.table(input.DatabaseName, input.Name));
      return {};
    },
  };

  const removeMany: Operation<BatchDeleteTableRequest, BatchDeleteTableResponse> = {
    name: 'BatchDeleteTable',
    authorize: ({ DatabaseName, TablesToDelete }) =>
      (TablesToDelete ?? []).flatMap((name) => tablePermissions(catalog, 'BatchDeleteTable', DatabaseName, name)),
    async handle(input) {
      checkCatalog(catalog, input.CatalogId);
      const names = input.TablesToDelete ?? [];
      if (names.length > MAX_BATCH_TABLES)
        throw invalidInput(`TablesToDelete must have at most ${MAX_BATCH_TABLES} members`);
      catalog.database(input.DatabaseName);
      const errors: TableError[] = [];
      for (const TableName of names) {
        const table = catalog.findTable(input.DatabaseName, TableName);
        if (table !== undefined) await catalog.deleteTable(table);
        else {
          const detail = { ErrorCode: 'EntityNotFoundException', ErrorMessage: `Table ${TableName} not found.` };
          errors.push({ TableName, ErrorDetail: detail });
        }
      }
      return { Errors: errors };
    },
  };

  return [create, get, list, update, remove, removeMany];
}

export function callerOf({ principal }: Pick<ApiCall, 'principal'>): string {
  return principal.kind === 'account' || principal.kind === 'assumed-role' ? principal.arn : principal.kind;
}

/** @throws AwsError `InvalidInputException` */
function namePattern(expression: string | undefined): RegExp {
  try {
    return new RegExp(`^(?:${expression ?? '.*'})$`);
  } catch {
    throw invalidInput(`Expression '${expression}' is not a regular expression`);
  }
}
