import type {
  CreateLogStreamRequest,
  DeleteLogStreamRequest,
  DescribeLogStreamsRequest,
  DescribeLogStreamsResponse,
  LogStream as LogStreamDescription,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError } from '../../../core/errors.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { MAX_DESCRIBED } from '../limits.ts';
import { groupPermission, logStreamArn, requestedGroup, streamPermission } from '../log-arns.ts';
import type { LogGroups, LogStream } from '../log-groups.ts';
import { nameToken, readNameToken } from '../page-token.ts';

export function createLogStreamOperations(context: CloudContext, logs: LogGroups): Operation[] {
  const { account } = context;
  const createLogStream: Operation<CreateLogStreamRequest, object> = {
    name: 'CreateLogStream',
    authorize: (input) => [
      streamPermission(account, 'CreateLogStream', input.logGroupName ?? '', input.logStreamName ?? ''),
    ],
    async handle(input) {
      logs.createStream(logs.require(input.logGroupName as string), input.logStreamName as string);
      await context.store.durable();
      return {};
    },
  };

  const deleteLogStream: Operation<DeleteLogStreamRequest, object> = {
    name: 'DeleteLogStream',
    authorize: (input) => [
      streamPermission(account, 'DeleteLogStream', input.logGroupName ?? '', input.logStreamName ?? ''),
    ],
    async handle(input) {
      const group = logs.require(input.logGroupName as string);
      await logs.deleteStream(group, logs.requireStream(group, input.logStreamName as string));
      await context.store.durable();
      return {};
    },
  };

  const describeLogStreams: Operation<DescribeLogStreamsRequest, DescribeLogStreamsResponse> = {
    name: 'DescribeLogStreams',
    authorize: (input) => [groupPermission(account, 'DescribeLogStreams', requestedGroup(account, input))],
    async handle(input) {
      new ConstraintViolations()
        .range('limit', input.limit, 1, MAX_DESCRIBED)
        .oneOf('orderBy', input.orderBy, ['LogStreamName', 'LastEventTime'])
        .throwIfAny('InvalidParameterException');
      if (input.orderBy === 'LastEventTime' && input.logStreamNamePrefix !== undefined) {
        throw new AwsError('InvalidParameterException', 'Cannot order by LastEventTime with a logStreamNamePrefix.');
      }
      const group = logs.require(requestedGroup(account, input));
      const found = [...group.streams.values()].filter((stream) =>
        stream.record.name.startsWith(input.logStreamNamePrefix ?? ''),
      );
      await Promise.all(found.map((stream) => stream.events.recover()));
      const key = sortKey(input.orderBy === 'LastEventTime');
      const sign = input.descending === true ? -1 : 1;
      found.sort((a, b) => (key(a) < key(b) ? -sign : sign));
      const after = input.nextToken === undefined ? undefined : readNameToken(input.nextToken);
      const rest = found.filter(
        (stream) => after === undefined || (key(stream) > after ? sign > 0 : key(stream) < after && sign < 0),
      );
      const page = rest.slice(0, input.limit ?? MAX_DESCRIBED);
      const last = page.at(-1);
      return {
        logStreams: page.map((stream) => describe(context, stream)),
        ...(last !== undefined && page.length < rest.length ? { nextToken: nameToken(key(last)) } : {}),
      };
    },
  };

  return [createLogStream, deleteLogStream, describeLogStreams];
}

/** Unique text whose order is the order asked for. Streams without events come first. */
function sortKey(byTime: boolean): (stream: LogStream) => string {
  return ({ record, events }) =>
    byTime ? `${String(events.lastTimestamp ?? 0).padStart(16, '0')} ${record.name}` : record.name;
}

function describe(context: CloudContext, { record, events }: LogStream): LogStreamDescription {
  const first = events.firstTimestamp;
  const last = events.lastTimestamp;
  return {
    logStreamName: record.name,
    creationTime: record.creationTime,
    ...(first === undefined ? {} : { firstEventTimestamp: first }),
    ...(last === undefined ? {} : { lastEventTimestamp: last }),
    ...(record.lastIngestionTime === undefined ? {} : { lastIngestionTime: record.lastIngestionTime }),
    uploadSequenceToken: String(record.nextSequence).padStart(56, '0'),
    arn: logStreamArn(context.account, record.group, record.name),
    storedBytes: 0,
  };
}
