import { z } from 'zod';
import { AwsError } from '../../core/errors.ts';
import { outputBytes } from '../output-bytes.ts';
import type { SqlValue } from '../values/value.ts';
import { flagSchema, readParameters, roleArnSchema } from './parameters.ts';
import type { ActionKind } from './rule-action.ts';

/** Records of one batch ("Kinesis Data Firehose", `batchMode`). */
const MAX_BATCH_RECORDS = 500;

const schema = z.strictObject({
  roleArn: roleArnSchema,
  deliveryStreamName: z.string().min(1),
  separator: z.enum(['\n', '\t', '\r\n', ',']).optional(),
  batchMode: flagSchema.default(false),
});

interface PutRecordBatchAnswer {
  readonly FailedPutCount?: number;
  readonly RequestResponses?: readonly { readonly ErrorCode?: string; readonly ErrorMessage?: string }[];
}

/** "Kinesis Data Firehose": one record per message, or one per element of an array with `batchMode`. */
export const firehoseAction: ActionKind = {
  kind: 'firehose',
  compile(parameters, site) {
    const { roleArn, deliveryStreamName, separator, batchMode } = readParameters(schema, parameters, site);
    const stream = site.template('deliveryStreamName', deliveryStreamName);
    const suffix = separator === undefined ? undefined : Buffer.from(separator);
    const record = (bytes: Buffer): { Data: Buffer } => ({
      Data: suffix === undefined ? bytes : Buffer.concat([bytes, suffix]),
    });

    const putBatch = async (name: string, items: readonly SqlValue[]): Promise<void> => {
      if (items.length > MAX_BATCH_RECORDS) {
        throw new AwsError('InvalidArgumentException', `The array has more than ${MAX_BATCH_RECORDS} elements`);
      }
      if (items.length === 0) return;
      const answer = await site.api.call<PutRecordBatchAnswer>(site.role(roleArn), 'firehose', 'PutRecordBatch', {
        DeliveryStreamName: name,
        Records: items.map((item) => record(outputBytes(item))),
      });
      if ((answer.FailedPutCount ?? 0) === 0) return;
      const failed = answer.RequestResponses?.find(({ ErrorCode }) => ErrorCode !== undefined);
      throw new AwsError(
        failed?.ErrorCode ?? 'ServiceUnavailableException',
        `${answer.FailedPutCount} of ${items.length} records failed: ${failed?.ErrorMessage ?? 'no reason given'}`,
        500,
      );
    };

    return {
      failedAction: 'FirehoseAction',
      readsOutput: batchMode,
      roleArn,
      complaint: 'Failed to put record to Firehose.',
      async run(work) {
        const name = work.render(stream);
        if (batchMode && Array.isArray(work.output)) return putBatch(name, work.output);
        await site.api.call(site.role(roleArn), 'firehose', 'PutRecord', {
          DeliveryStreamName: name,
          Record: record(work.bytes),
        });
      },
      resource: (work) => work.render(stream),
      describe: (work) => `Action: firehose, Stream: ${work.render(stream)}`,
    };
  },
};
