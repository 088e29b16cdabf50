import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { TimestreamWriteClient, WriteRecordsCommand } from '@aws-sdk/client-timestream-write';
import { readEnvironment } from '../shared/environment.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import type { QueueEvent, QueueResponse } from '../shared/queue-batch.ts';
import { environmentSchema } from './schema.ts';
import { writeHistory } from './write-history.ts';

const environment = readEnvironment(environmentSchema);
const timestream = new TimestreamWriteClient({});

export const handler = observed<QueueEvent, QueueResponse>(async (event) => {
  const { stored, failed } = await writeHistory(event.Records, {
    async write(records) {
      await timestream.send(
        new WriteRecordsCommand({
          DatabaseName: environment.DATABASE_NAME,
          TableName: environment.TABLE_NAME,
          CommonAttributes: { MeasureName: 'twin', MeasureValueType: 'MULTI', TimeUnit: 'NANOSECONDS' },
          Records: [...records],
        }),
      );
    },
    onFailure: (messageIds, problem) => logger.error('changes left to the queue', { messageIds, problem }),
  });
  metrics.addMetric('twinRecordsStored', MetricUnit.Count, stored);
  if (failed.length > 0) metrics.addMetric('twinChangesRetried', MetricUnit.Count, failed.length);
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
});
