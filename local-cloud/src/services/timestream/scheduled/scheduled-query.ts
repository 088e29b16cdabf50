import type {
  CreateScheduledQueryRequest,
  ScheduledQueryRunStatus,
  TimestreamConfiguration,
} from '@aws-sdk/client-timestream-query';
import { NotImplementedError } from '../../../core/errors.ts';
import { parseSchedule } from '../../../core/schedule/schedule-expression.ts';
import { validationError } from '../faults.ts';

/** A scheduled query as it is kept. Times in ms since the epoch. */
export interface ScheduledQueryRecord {
  readonly arn: string;
  readonly name: string;
  readonly query: string;
  readonly schedule: string;
  readonly topicArn: string;
  readonly target?: TimestreamConfiguration | undefined;
  readonly roleArn: string;
  readonly errorReport: { readonly bucket: string; readonly prefix: string };
  readonly tags: readonly { readonly Key: string; readonly Value: string }[];
  readonly state: 'ENABLED' | 'DISABLED';
  readonly createdAt: number;
  /** When the schedule began to count. */
  readonly scheduledFrom: number;
  /** Newest first. */
  readonly runs: readonly RunRecord[];
}

export interface RunRecord {
  readonly invokedAt: number;
  readonly triggeredAt: number;
  readonly status: ScheduledQueryRunStatus;
  readonly milliseconds: number;
  readonly recordsIngested: number;
  readonly resultRows: number;
  readonly failure?: string | undefined;
  readonly errorReportKey?: string | undefined;
}

/** API reference, CreateScheduledQuery. @throws AwsError `ValidationException`, `NotImplemented` */
export function readScheduledQuery(
  input: CreateScheduledQueryRequest,
): Omit<ScheduledQueryRecord, 'arn' | 'createdAt' | 'scheduledFrom' | 'runs'> {
  const name = input.Name ?? '';
  if (!/^[a-zA-Z0-9|!\-_*'()]{1,64}$/.test(name))
    throw validationError(`The scheduled query name '${name}' is not valid.`);
  const schedule = input.ScheduleConfiguration?.ScheduleExpression ?? '';
  const parsed = parseSchedule(schedule);
  if (parsed === undefined || parsed.kind === 'at')
    throw validationError(`The schedule expression '${schedule}' is not valid.`);
  if (input.KmsKeyId !== undefined) throw new NotImplementedError('Timestream: KmsKeyId of a scheduled query');
  const report = input.ErrorReportConfiguration?.S3Configuration;
  if (report?.EncryptionOption === 'SSE_KMS') throw new NotImplementedError('Timestream: SSE_KMS of error reports');
  const topicArn = input.NotificationConfiguration?.SnsConfiguration?.TopicArn;
  const { QueryString: query, ScheduledQueryExecutionRoleArn: roleArn } = input;
  if (!query || !roleArn || !topicArn || !report?.BucketName) {
    throw validationError(
      'QueryString, ScheduledQueryExecutionRoleArn, NotificationConfiguration and ErrorReportConfiguration must be given.',
    );
  }
  const target = input.TargetConfiguration?.TimestreamConfiguration;
  if (target !== undefined) checkTarget(target);
  return {
    name,
    query,
    schedule,
    topicArn,
    target,
    roleArn,
    errorReport: { bucket: report.BucketName, prefix: report.ObjectKeyPrefix ?? '' },
    tags: (input.Tags ?? []).map(({ Key = '', Value = '' }) => ({ Key, Value })),
    state: 'ENABLED',
  };
}

function checkTarget(target: TimestreamConfiguration): void {
  const {
    DatabaseName,
    DimensionMappings,
    MixedMeasureMappings: mixed,
    MultiMeasureMappings: multi,
    TableName,
  } = target;
  if (!DatabaseName || !TableName || !target.TimeColumn || DimensionMappings === undefined) {
    throw validationError(
      'TimestreamConfiguration must name DatabaseName, TableName, TimeColumn and DimensionMappings.',
    );
  }
  // "Only one of MixedMeasureMappings or MultiMeasureMappings is to be provided."
  if ((mixed === undefined) === (multi === undefined)) {
    throw validationError('Exactly one of MixedMeasureMappings and MultiMeasureMappings must be provided.');
  }
  if (mixed !== undefined) throw new NotImplementedError('Timestream: MixedMeasureMappings of a scheduled query');
  if (multi?.TargetMultiMeasureName === undefined && target.MeasureNameColumn === undefined) {
    throw validationError('TargetMultiMeasureName or MeasureNameColumn must be provided.');
  }
}
