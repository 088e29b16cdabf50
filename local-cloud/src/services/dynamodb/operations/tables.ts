import { AwsError } from '../../../core/errors.ts';
import type { Json } from '../engine.ts';
import { MAX_LISTED_TABLES } from '../limits.ts';
import { tablePermission } from '../permissions.ts';
import type { TableLifecycle } from '../table-lifecycle.ts';
import type { Tables } from '../tables.ts';
import type { WireOperation } from '../wire-operation.ts';

/** CreateTable, DescribeTable, UpdateTable, DeleteTable and ListTables. */
export function createTableOperations(tables: Tables, lifecycle: TableLifecycle): WireOperation[] {
  const name = (request: Json) => tables.nameOf(required(request));
  return [
    {
      name: 'CreateTable',
      authorize: (request) => [
        tablePermission(tables, 'CreateTable', request.TableName),
        ...(request.Tags === undefined ? [] : [tablePermission(tables, 'TagResource', request.TableName)]),
      ],
      run: (request) => lifecycle.create(request),
    },
    {
      name: 'DescribeTable',
      authorize: (request) => [tablePermission(tables, 'DescribeTable', request.TableName)],
      run: async (request) => lifecycle.describe(name(request)),
    },
    {
      name: 'UpdateTable',
      authorize: (request) => [tablePermission(tables, 'UpdateTable', request.TableName)],
      run: async (request) => lifecycle.update(name(request), request),
    },
    {
      name: 'DeleteTable',
      authorize: (request) => [tablePermission(tables, 'DeleteTable', request.TableName)],
      run: async (request) => lifecycle.delete(name(request)),
    },
    {
      name: 'ListTables',
      authorize: () => [{ action: 'dynamodb:ListTables', resource: '*' }],
      async run(request) {
        const limit = Number(request.Limit ?? MAX_LISTED_TABLES);
        if (!Number.isInteger(limit) || limit < 1 || limit > MAX_LISTED_TABLES) {
          throw new AwsError(
            'ValidationException',
            `1 validation error detected: Value '${request.Limit}' at 'limit' failed to satisfy constraint: Member must have value ${limit < 1 ? 'greater than or equal to 1' : `less than or equal to ${MAX_LISTED_TABLES}`}`,
          );
        }
        const after = request.ExclusiveStartTableName;
        const names = tables
          .all()
          .map((record) => record.name)
          .filter((one) => typeof after !== 'string' || one > after);
        const page = names.slice(0, limit);
        return {
          TableNames: page,
          ...(page.length < names.length ? { LastEvaluatedTableName: page.at(-1) } : {}),
        };
      },
    },
  ];
}

function required(request: Json): string {
  if (typeof request.TableName === 'string') return request.TableName;
  throw new AwsError('ValidationException', "The parameter 'TableName' is required but was not present in the request");
}
