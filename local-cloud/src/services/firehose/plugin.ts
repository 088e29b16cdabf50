import * as schemas from '@aws-sdk/client-firehose';
import type { PluginFactory } from '../../core/plugin.ts';
import { DeliveryStreams } from './delivery-streams.ts';
import { createStreamOperations } from './operations/delivery-streams.ts';
import { createPutOperations } from './operations/put-record.ts';
import { createDeliveryStreamProvider } from './resources/delivery-stream.ts';
import { putStreamMetrics } from './stream-metrics.ts';

/** Amazon Data Firehose from direct puts to Amazon S3. */
export const createFirehosePlugin: PluginFactory = (context) => {
  const streams = new DeliveryStreams(context);
  return {
    name: 'firehose',
    apis: [
      {
        service: 'firehose',
        signingName: 'firehose',
        protocol: 'awsJson1_1',
        schemas,
        operations: [...createStreamOperations(streams), ...createPutOperations(streams)],
      },
    ],
    resources: [createDeliveryStreamProvider(streams)],
    async start() {
      streams.start();
      context.ports.find('metrics')?.gauge((metrics) => putStreamMetrics(context, streams, metrics));
    },
    async stop() {
      await streams.stop();
    },
  };
};
