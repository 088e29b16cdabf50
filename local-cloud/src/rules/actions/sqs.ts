import { isUtf8 } from 'node:buffer';
import { z } from 'zod';
import { AwsError } from '../../core/errors.ts';
import { flagSchema, readParameters, roleArnSchema } from './parameters.ts';
import type { ActionKind } from './rule-action.ts';

const schema = z.strictObject({
  roleArn: roleArnSchema,
  queueUrl: z.string().min(1),
  useBase64: flagSchema.default(false),
});

/** "SQS": one SendMessage per message; FIFO queues are not supported. */
export const sqsAction: ActionKind = {
  kind: 'sqs',
  compile(parameters, site) {
    const { roleArn, queueUrl, useBase64 } = readParameters(schema, parameters, site);
    const url = site.template('queueUrl', queueUrl);
    if (queueUrl.endsWith('.fifo')) throw site.refuse('queueUrl', 'must not be a FIFO queue');
    return {
      failedAction: 'SqsAction',
      readsOutput: false,
      roleArn,
      complaint: 'Failed to send message to SQS queue.',
      async run(work) {
        if (!useBase64 && work.isRaw && !isUtf8(work.bytes)) {
          throw new AwsError('InvalidMessageContents', 'The message contains characters outside the allowed set.');
        }
        await site.api.call(site.role(roleArn), 'sqs', 'SendMessage', {
          QueueUrl: work.render(url),
          MessageBody: useBase64 ? work.bytes.toString('base64') : work.text,
        });
      },
      resource: (work) => work.render(url),
      describe: (work) => `Action: sqs, Queue: ${work.render(url)}`,
    };
  },
};
