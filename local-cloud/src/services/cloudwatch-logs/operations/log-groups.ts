import type {
  CreateLogGroupRequest,
  DeleteLogGroupRequest,
  DeleteRetentionPolicyRequest,
  DescribeLogGroupsRequest,
  DescribeLogGroupsResponse,
  LogGroup as LogGroupDescription,
  PutRetentionPolicyRequest,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { MAX_DESCRIBED } from '../limits.ts';
import { groupPermission, logGroupArn, tagPermission } from '../log-arns.ts';
import type { LogGroup, LogGroups } from '../log-groups.ts';
import { nameToken, readNameToken } from '../page-token.ts';
import { validateTags } from './tags.ts';

export function createLogGroupOperations(context: CloudContext, logs: LogGroups): Operation[] {
  const { account } = context;
  const createLogGroup: Operation<CreateLogGroupRequest, object> = {
    name: 'CreateLogGroup',
    authorize: (input) => [
      groupPermission(account, 'CreateLogGroup', input.logGroupName ?? ''),
      ...(input.tags === undefined ? [] : [tagPermission(account, 'TagResource', input.logGroupName ?? '')]),
    ],
    async handle(input) {
      if (input.kmsKeyId !== undefined)
        throw new NotImplementedError('CreateLogGroup kmsKeyId (encryption by a KMS key)');
      if (input.deletionProtectionEnabled === true) {
        throw new NotImplementedError('CreateLogGroup deletionProtectionEnabled');
      }
      validateTags(input.tags ?? {});
      logs.create(input.logGroupName as string, input);
      await context.store.durable();
      return {};
    },
  };

  const deleteLogGroup: Operation<DeleteLogGroupRequest, object> = {
    name: 'DeleteLogGroup',
    authorize: (input) => [groupPermission(account, 'DeleteLogGroup', input.logGroupName ?? '')],
    async handle(input) {
      await logs.delete(logs.require(input.logGroupName as string));
      await context.store.durable();
      return {};
    },
  };

  const describeLogGroups: Operation<DescribeLogGroupsRequest, DescribeLogGroupsResponse> = {
    name: 'DescribeLogGroups',
    authorize: () => [groupPermission(account, 'DescribeLogGroups', '')],
    handle(input) {
      validateDescribe(input);
      const found = logs.all().filter((group) => isWanted(group, input));
      const after = input.nextToken === undefined ? '' : readNameToken(input.nextToken);
      const rest = found.filter((group) => group.record.name > after);
      const page = rest.slice(0, input.limit ?? MAX_DESCRIBED);
      const last = page.at(-1);
      return {
        logGroups: page.map((group) => describe(context, group, input.logGroupNamePattern !== undefined)),
        ...(last !== undefined && page.length < rest.length ? { nextToken: nameToken(last.record.name) } : {}),
      };
    },
  };

  const putRetentionPolicy: Operation<PutRetentionPolicyRequest, object> = {
    name: 'PutRetentionPolicy',
    authorize: (input) => [groupPermission(account, 'PutRetentionPolicy', input.logGroupName ?? '')],
    async handle(input) {
      new ConstraintViolations()
        .required('retentionInDays', input.retentionInDays)
        .throwIfAny('InvalidParameterException');
      logs.setRetention(logs.require(input.logGroupName as string), input.retentionInDays);
      await context.store.durable();
      return {};
    },
  };

  const deleteRetentionPolicy: Operation<DeleteRetentionPolicyRequest, object> = {
    name: 'DeleteRetentionPolicy',
    authorize: (input) => [groupPermission(account, 'DeleteRetentionPolicy', input.logGroupName ?? '')],
    async handle(input) {
      logs.setRetention(logs.require(input.logGroupName as string), undefined);
      await context.store.durable();
      return {};
    },
  };

  return [createLogGroup, deleteLogGroup, describeLogGroups, putRetentionPolicy, deleteRetentionPolicy];
}

function validateDescribe(input: DescribeLogGroupsRequest): void {
  new ConstraintViolations().range('limit', input.limit, 1, MAX_DESCRIBED).throwIfAny('InvalidParameterException');
  if (input.logGroupNamePrefix !== undefined && input.logGroupNamePattern !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      'LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.',
    );
  }
  if (input.accountIdentifiers !== undefined || input.includeLinkedAccounts === true) {
    throw new NotImplementedError('DescribeLogGroups across accounts (accountIdentifiers, includeLinkedAccounts)');
  }
}

function isWanted({ record }: LogGroup, input: DescribeLogGroupsRequest): boolean {
  if (input.logGroupNamePrefix !== undefined && !record.name.startsWith(input.logGroupNamePrefix)) return false;
  if (input.logGroupNamePattern !== undefined && !record.name.includes(input.logGroupNamePattern)) return false;
  if (input.logGroupIdentifiers !== undefined && !input.logGroupIdentifiers.includes(record.name)) return false;
  return input.logGroupClass === undefined || input.logGroupClass === record.logGroupClass;
}

/** With a name pattern, only ARN, creation time and name are answered ("DescribeLogGroups"). */
function describe(context: CloudContext, { record, streams }: LogGroup, brief: boolean): LogGroupDescription {
  const arn = logGroupArn(context.account, record.name);
  const basic = { logGroupName: record.name, creationTime: record.creationTime, arn: `${arn}:*` };
  if (brief) return basic;
  return {
    ...basic,
    logGroupArn: arn,
    metricFilterCount: 0,
    storedBytes: [...streams.values()].reduce((sum, stream) => sum + stream.events.messageBytes, 0),
    logGroupClass: record.logGroupClass,
    ...(record.retentionInDays === undefined ? {} : { retentionInDays: record.retentionInDays }),
  };
}
