import { z } from 'zod';
import { readParameters, roleArnSchema } from './parameters.ts';
import type { ActionKind } from './rule-action.ts';

const schema = z.strictObject({
  roleArn: roleArnSchema,
  streamName: z.string().min(1),
  partitionKey: z.string().min(1),
});

/** "Kinesis Data Streams": one PutRecord per message. */
export const kinesisAction: ActionKind = {
  kind: 'kinesis',
  compile(parameters, site) {
    const { roleArn, streamName, partitionKey } = readParameters(schema, parameters, site);
    const stream = site.template('streamName', streamName);
    const key = site.template('partitionKey', partitionKey);
    return {
      failedAction: 'KinesisAction',
      readsOutput: false,
      roleArn,
      complaint: 'Failed to put record to Kinesis.',
      async run(work) {
        await site.api.call(site.role(roleArn), 'kinesis', 'PutRecord', {
          StreamName: work.render(stream),
          PartitionKey: work.render(key),
          Data: work.bytes,
        });
      },
      resource: (work) => work.render(stream),
      describe: (work) => `Action: kinesis, Stream: ${work.render(stream)}, PartitionKey: ${work.render(key)}`,
    };
  },
};
