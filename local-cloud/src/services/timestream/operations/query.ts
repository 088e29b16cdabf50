import type {
  CancelQueryRequest,
  CancelQueryResponse,
  PrepareQueryRequest,
  PrepareQueryResponse,
  QueryRequest,
  QueryResponse,
} from '@aws-sdk/client-timestream-query';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import { Constraints } from '../constraints.ts';
import { validationError } from '../faults.ts';
import { MAX_QUERY_BYTES, MAX_ROWS_PER_PAGE } from '../limits.ts';
import { typeInfo } from '../query/execution/datum.ts';
import type { QueryService } from '../query/query-service.ts';

export function queryOperations(queries: QueryService): readonly Operation[] {
  const query: Operation<QueryRequest, QueryResponse> = {
    name: 'Query',
    authorize(input) {
      checkQueryString(input.QueryString);
      return queries.permissions(queries.parse(input));
    },
    handle(input, call) {
      const constraints = new Constraints();
      constraints.length(input.ClientToken, 'clientToken', 32, 128);
      constraints.length(input.NextToken, 'nextToken', 1, 2048);
      constraints.range(input.MaxRows, 'maxRows', 1, MAX_ROWS_PER_PAGE);
      constraints.check();
      const insights = input.QueryInsights?.Mode;
      if (insights !== undefined && insights !== 'DISABLED') {
        throw new NotImplementedError(`timestream-query Query with QueryInsights ${insights}`);
      }
      return queries.run(input, call);
    },
  };

  const cancel: Operation<CancelQueryRequest, CancelQueryResponse> = {
    name: 'CancelQuery',
    authorize: () => [{ action: 'timestream:CancelQuery', resource: '*' }],
    handle({ QueryId }) {
      const constraints = new Constraints();
      if (constraints.required(QueryId, 'queryId')) {
        constraints.length(QueryId, 'queryId', 1, 64);
        constraints.pattern(QueryId, 'queryId', /^[a-zA-Z0-9]+$/);
      }
      constraints.check();
      const cancelled = queries.cancel(QueryId as string);
      return {
        CancellationMessage: cancelled ? 'The query was cancelled.' : 'The query has ended or was cancelled before.',
      };
    },
  };

  const prepare: Operation<PrepareQueryRequest, PrepareQueryResponse> = {
    name: 'PrepareQuery',
    authorize(input) {
      checkQueryString(input.QueryString);
      return [{ action: 'timestream:PrepareQuery', resource: '*' }, ...queries.permissions(queries.parse(input))];
    },
    async handle(input) {
      const statement = queries.parse(input);
      if (statement.kind !== 'query') throw validationError('Only SELECT statements can be prepared.');
      if (input.ValidateOnly !== true) {
        throw new NotImplementedError('timestream-query PrepareQuery without ValidateOnly');
      }
      const { columns } = await queries.prepare(statement.query, statement);
      return {
        QueryString: input.QueryString,
        Columns: columns.map(({ name, type, source, aliased }, index) => ({
          Name: name ?? `_col${index}`,
          Type: typeInfo(type),
          ...(source === undefined ? {} : { DatabaseName: source.database, TableName: source.table }),
          Aliased: aliased === true,
        })),
        Parameters: [],
      };
    },
  };

  return [query, cancel, prepare];
}

/** @throws AwsError `ValidationException` */
function checkQueryString(text: string | undefined): void {
  const constraints = new Constraints();
  if (constraints.required(text, 'queryString')) constraints.length(text, 'queryString', 1, MAX_QUERY_BYTES);
  constraints.check();
  if (Buffer.byteLength(text as string) > MAX_QUERY_BYTES) {
    throw validationError(`The query string is longer than ${MAX_QUERY_BYTES / 1024} KiB.`);
  }
}
