import type {
  BatchGetQueryExecutionInput,
  BatchGetQueryExecutionOutput,
  GetQueryExecutionInput,
  GetQueryExecutionOutput,
  GetQueryResultsInput,
  GetQueryResultsOutput,
  ListQueryExecutionsInput,
  ListQueryExecutionsOutput,
  StartQueryExecutionInput,
  StartQueryExecutionOutput,
  StopQueryExecutionInput,
} from '@aws-sdk/client-athena';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import { invalidRequest } from '../errors.ts';
import { type Executions, wireExecution } from '../executions.ts';
import { MAX_LISTED, MAX_RESULT_ROWS } from '../limits.ts';
import { page } from '../page.ts';
import type { WorkGroups } from '../workgroups.ts';

/** Permissions are on the workgroup of the execution (service authorization reference, "Amazon Athena"). */
export function executionOperations(executions: Executions, groups: WorkGroups): Operation[] {
  const on = (action: string, workGroup: string | undefined) => [
    { action: `athena:${action}`, resource: groups.arn(workGroup) },
  ];
  const onExecution = (action: string, id: string | undefined) => on(action, executions.find(id)?.workGroup);

  const start: Operation<StartQueryExecutionInput, StartQueryExecutionOutput> = {
    name: 'StartQueryExecution',
    authorize: ({ WorkGroup }) => on('StartQueryExecution', WorkGroup),
    handle: async (input, call) => ({ QueryExecutionId: await executions.start(input, call.principal) }),
  };

  const get: Operation<GetQueryExecutionInput, GetQueryExecutionOutput> = {
    name: 'GetQueryExecution',
    authorize: ({ QueryExecutionId }) => onExecution('GetQueryExecution', QueryExecutionId),
    handle: ({ QueryExecutionId }) => ({ QueryExecution: wireExecution(executions.require(QueryExecutionId)) }),
  };

  const getMany: Operation<BatchGetQueryExecutionInput, BatchGetQueryExecutionOutput> = {
    name: 'BatchGetQueryExecution',
    authorize: ({ QueryExecutionIds }) =>
      (QueryExecutionIds ?? []).flatMap((id) => onExecution('BatchGetQueryExecution', id)),
    handle({ QueryExecutionIds = [] }) {
      const found = QueryExecutionIds.map((id) => executions.find(id));
      return {
        QueryExecutions: found.filter((record) => record !== undefined).map(wireExecution),
        UnprocessedQueryExecutionIds: QueryExecutionIds.filter((_, index) => found[index] === undefined).map(
          (QueryExecutionId) => ({
            QueryExecutionId,
            ErrorCode: 'INVALID_INPUT',
            ErrorMessage: 'Query execution was not found',
          }),
        ),
      };
    },
  };

  const results: Operation<GetQueryResultsInput, GetQueryResultsOutput> = {
    name: 'GetQueryResults',
    authorize: ({ QueryExecutionId }) => onExecution('GetQueryResults', QueryExecutionId),
    async handle(input, call) {
      if (input.QueryResultType !== undefined && input.QueryResultType !== 'DATA_ROWS') {
        throw new NotImplementedError(`Athena: QueryResultType '${input.QueryResultType}'`);
      }
      const record = executions.require(input.QueryExecutionId);
      if (record.state !== 'SUCCEEDED') {
        const detail = record.state === 'FAILED' || record.state === 'CANCELLED' ? '' : 'Query has not yet finished. ';
        throw invalidRequest(`${detail}Current state: ${record.state}`, 'INVALID_QUERY_EXECUTION_STATE');
      }
      const { members, NextToken } = page(await executions.rows(record, call.principal), input, MAX_RESULT_ROWS);
      return {
        UpdateCount: 0,
        ResultSet: {
          Rows: members.map((row) => ({ Data: row.map((cell) => (cell === undefined ? {} : { VarCharValue: cell })) })),
          ResultSetMetadata: {
            ColumnInfo: (record.columns ?? []).map(({ name, precision, type }) => ({
              CatalogName: 'hive',
              SchemaName: '',
              TableName: '',
              Name: name,
              Label: name,
              Type: type,
              Precision: precision,
              Scale: 0,
              Nullable: 'UNKNOWN' as const,
              CaseSensitive: type === 'varchar',
            })),
          },
        },
        NextToken,
      };
    },
  };

  const stop: Operation<StopQueryExecutionInput, object> = {
    name: 'StopQueryExecution',
    authorize: ({ QueryExecutionId }) => onExecution('StopQueryExecution', QueryExecutionId),
    async handle({ QueryExecutionId }) {
      await executions.cancel(QueryExecutionId);
      return {};
    },
  };

  const list: Operation<ListQueryExecutionsInput, ListQueryExecutionsOutput> = {
    name: 'ListQueryExecutions',
    authorize: ({ WorkGroup }) => on('ListQueryExecutions', WorkGroup),
    handle(input) {
      const { members, NextToken } = page(executions.of(groups.require(input.WorkGroup).name), input, MAX_LISTED);
      return { QueryExecutionIds: members.map(({ id }) => id), NextToken };
    },
  };

  return [start, get, getMany, results, stop, list];
}
