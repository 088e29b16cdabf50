import type {
  PutRecordBatchInput,
  PutRecordBatchOutput,
  PutRecordBatchResponseEntry,
  PutRecordInput,
  PutRecordOutput,
} from '@aws-sdk/client-firehose';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError, messageOf } from '../../../core/errors.ts';
import { streamArn } from '../delivery-stream.ts';
import type { DeliveryStreams } from '../delivery-streams.ts';
import { MAX_BATCH_BYTES, MAX_BATCH_RECORDS, MAX_RECORD_BYTES } from '../limits.ts';

/** PutRecord and PutRecordBatch: answered when the records are on disk. */
export function createPutOperations(streams: DeliveryStreams): Operation[] {
  const { context } = streams;
  const { meter } = context;
  const prefix = context.entropy.bytes(24).toString('base64url');
  let counter = 0;
  /** Unique among the records of the account: random for each run, then counted. */
  const newId = () => `${prefix}${String(counter++).padStart(16, '0')}`;
  const permission = (action: string, name: string | undefined) => [
    { action: `firehose:${action}`, resource: streamArn(context, name ?? '') },
  ];

  const putRecord: Operation<PutRecordInput, PutRecordOutput> = {
    name: 'PutRecord',
    authorize: (input) => permission('PutRecord', input.DeliveryStreamName),
    async handle(input) {
      const data = input.Record?.Data;
      if (data === undefined || data.length > MAX_RECORD_BYTES) {
        new ConstraintViolations()
          .required('record.data', data)
          .length('record.data', data, 0, MAX_RECORD_BYTES)
          .throwIfAny();
      }
      const stream = streams.require(input.DeliveryStreamName);
      try {
        await stream.put(data as Uint8Array);
      } catch (cause) {
        throw new AwsError('ServiceUnavailableException', `The record could not be kept: ${messageOf(cause)}`, 503, {
          cause,
        });
      }
      meter.count('firehose.records');
      return { RecordId: newId(), Encrypted: stream.record.encrypted };
    },
  };

  const putRecordBatch: Operation<PutRecordBatchInput, PutRecordBatchOutput> = {
    name: 'PutRecordBatch',
    authorize: (input) => permission('PutRecordBatch', input.DeliveryStreamName),
    async handle(input) {
      validateBatch(input);
      const stream = streams.require(input.DeliveryStreamName);
      const entries = await Promise.all(
        (input.Records ?? []).map(async ({ Data }): Promise<PutRecordBatchResponseEntry> => {
          try {
            await stream.put(Data as Uint8Array);
            return { RecordId: newId() };
          } catch (error) {
            return { ErrorCode: 'ServiceUnavailableException', ErrorMessage: messageOf(error) };
          }
        }),
      );
      const failed = entries.filter((entry) => entry.ErrorCode !== undefined).length;
      meter.count('firehose.records', entries.length - failed);
      return { FailedPutCount: failed, Encrypted: stream.record.encrypted, RequestResponses: entries };
    },
  };

  return [putRecord, putRecordBatch];
}

function validateBatch(input: PutRecordBatchInput): void {
  const violations = new ConstraintViolations()
    .required('records', input.Records)
    .length('records', input.Records, 1, MAX_BATCH_RECORDS);
  let size = 0;
  input.Records?.forEach(({ Data }, index) => {
    violations
      .required(`records.${index + 1}.member.data`, Data)
      .length(`records.${index + 1}.member.data`, Data, 0, MAX_RECORD_BYTES);
    size += Data?.length ?? 0;
  });
  violations.throwIfAny();
  if (size > MAX_BATCH_BYTES) {
    throw new AwsError('InvalidArgumentException', 'Records size exceeds 4 MB limit');
  }
}
