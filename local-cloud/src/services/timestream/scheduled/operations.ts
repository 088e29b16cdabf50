import type {
  CreateScheduledQueryRequest,
  CreateScheduledQueryResponse,
  DeleteScheduledQueryRequest,
  DescribeScheduledQueryRequest,
  DescribeScheduledQueryResponse,
  ExecuteScheduledQueryRequest,
  ListScheduledQueriesRequest,
  ListScheduledQueriesResponse,
  ScheduledQueryRunSummary,
  UpdateScheduledQueryRequest,
} from '@aws-sdk/client-timestream-query';
import { arn } from '../../../core/account.ts';
import type { Operation } from '../../../core/api.ts';
import { nextRun, parseSchedule } from '../../../core/schedule/schedule-expression.ts';
import { validationError } from '../faults.ts';
import type { ScheduledQueries } from './scheduled-queries.ts';
import { type RunRecord, readScheduledQuery, type ScheduledQueryRecord } from './scheduled-query.ts';

export function scheduledQueryOperations(queries: ScheduledQueries): Operation[] {
  const { account, clock } = queries.context;
  const on = (action: string, resource: string | undefined) => [
    { action: `timestream:${action}`, resource: resource ?? '*' },
  ];

  const create: Operation<CreateScheduledQueryRequest, CreateScheduledQueryResponse> = {
    name: 'CreateScheduledQuery',
    authorize: ({ ScheduledQueryExecutionRoleArn: role }) => [
      ...on('CreateScheduledQuery', arn(account, 'timestream', 'scheduled-query/*')),
      ...(role === undefined
        ? []
        : [
            {
              action: 'iam:PassRole',
              resource: role,
              conditions: { 'iam:PassedToService': 'timestream.amazonaws.com' },
            },
          ]),
    ],
    handle: async (input) => ({ Arn: (await queries.create(readScheduledQuery(input))).arn }),
  };

  const describe: Operation<DescribeScheduledQueryRequest, DescribeScheduledQueryResponse> = {
    name: 'DescribeScheduledQuery',
    authorize: ({ ScheduledQueryArn }) => on('DescribeScheduledQuery', ScheduledQueryArn),
    handle: ({ ScheduledQueryArn }) => ({
      ScheduledQuery: description(queries.require(ScheduledQueryArn), clock.now()),
    }),
  };

  const list: Operation<ListScheduledQueriesRequest, ListScheduledQueriesResponse> = {
    name: 'ListScheduledQueries',
    authorize: () => on('ListScheduledQueries', '*'),
    handle({ MaxResults = 1000, NextToken = '0' }) {
      const all = queries.all();
      const from = Number(NextToken);
      if (!Number.isInteger(from) || from < 0) throw validationError('NextToken is not valid.');
      return {
        ScheduledQueries: all.slice(from, from + MaxResults).map((record) => {
          const { Arn, CreationTime, ErrorReportConfiguration, LastRunSummary, Name, NextInvocationTime, State } =
            description(record, clock.now());
          return {
            Arn,
            Name,
            CreationTime,
            State,
            NextInvocationTime,
            ErrorReportConfiguration,
            LastRunStatus: LastRunSummary?.RunStatus,
          };
        }),
        NextToken: from + MaxResults < all.length ? String(from + MaxResults) : undefined,
      };
    },
  };

  const update: Operation<UpdateScheduledQueryRequest, object> = {
    name: 'UpdateScheduledQuery',
    authorize: ({ ScheduledQueryArn }) => on('UpdateScheduledQuery', ScheduledQueryArn),
    async handle({ ScheduledQueryArn, State }) {
      if (State !== 'ENABLED' && State !== 'DISABLED') throw validationError(`The state '${State}' is not valid.`);
      await queries.update(queries.require(ScheduledQueryArn), State);
      return {};
    },
  };

  const execute: Operation<ExecuteScheduledQueryRequest, object> = {
    name: 'ExecuteScheduledQuery',
    authorize: ({ ScheduledQueryArn }) => on('ExecuteScheduledQuery', ScheduledQueryArn),
    handle({ InvocationTime, ScheduledQueryArn }) {
      if (InvocationTime === undefined) throw validationError('InvocationTime must be given.');
      void queries.run(queries.require(ScheduledQueryArn), InvocationTime.getTime(), 'MANUAL');
      return {};
    },
  };

  const remove: Operation<DeleteScheduledQueryRequest, object> = {
    name: 'DeleteScheduledQuery',
    authorize: ({ ScheduledQueryArn }) => on('DeleteScheduledQuery', ScheduledQueryArn),
    async handle({ ScheduledQueryArn }) {
      await queries.delete(queries.require(ScheduledQueryArn));
      return {};
    },
  };

  return [create, describe, list, update, execute, remove].map((operation) => ({ ...operation, here: true as const }));
}

function description(
  record: ScheduledQueryRecord,
  now: number,
): NonNullable<DescribeScheduledQueryResponse['ScheduledQuery']> {
  const schedule = parseSchedule(record.schedule);
  const anchor = schedule?.kind === 'rate' ? record.scheduledFrom + schedule.milliseconds : record.scheduledFrom;
  const next = schedule === undefined || record.state !== 'ENABLED' ? undefined : nextRun(schedule, now, anchor);
  const { bucket, prefix } = record.errorReport;
  const [last] = record.runs;
  return {
    Arn: record.arn,
    Name: record.name,
    QueryString: record.query,
    CreationTime: new Date(record.createdAt),
    State: record.state,
    NextInvocationTime: next === undefined ? undefined : new Date(next),
    ScheduleConfiguration: { ScheduleExpression: record.schedule },
    NotificationConfiguration: { SnsConfiguration: { TopicArn: record.topicArn } },
    TargetConfiguration: record.target === undefined ? undefined : { TimestreamConfiguration: record.target },
    ScheduledQueryExecutionRoleArn: record.roleArn,
    ErrorReportConfiguration: {
      S3Configuration: { BucketName: bucket, ...(prefix === '' ? {} : { ObjectKeyPrefix: prefix }) },
    },
    LastRunSummary: last === undefined ? undefined : summary(record, last),
    RecentlyFailedRuns: record.runs.filter(({ failure }) => failure !== undefined).map((run) => summary(record, run)),
  };
}

function summary(record: ScheduledQueryRecord, run: RunRecord): ScheduledQueryRunSummary {
  return {
    InvocationTime: new Date(run.invokedAt),
    TriggerTime: new Date(run.triggeredAt),
    RunStatus: run.status,
    ExecutionStats: {
      ExecutionTimeInMillis: run.milliseconds,
      RecordsIngested: run.recordsIngested,
      QueryResultRows: run.resultRows,
    },
    FailureReason: run.failure,
    ErrorReportLocation:
      run.errorReportKey === undefined
        ? undefined
        : { S3ReportLocation: { BucketName: record.errorReport.bucket, ObjectKey: run.errorReportKey } },
  };
}
