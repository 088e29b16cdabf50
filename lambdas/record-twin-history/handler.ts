import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import { TimestreamWriteClient, WriteRecordsCommand } from '@aws-sdk/client-timestream-write';
import { readEnvironment } from '../shared/environment.ts';
import { lakeStream } from '../shared/lake-stream.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import type { QueueEvent, QueueMessage, QueueResponse } from '../shared/queue-batch.ts';
import { writeLakeHistory } from './lake-history.ts';
import { environmentSchema, type HistoryEnvironment } from './schema.ts';
import { type HistoryReport, writeHistory } from './write-history.ts';

type Write = (messages: readonly QueueMessage[]) => Promise<HistoryReport>;

const write = writer(readEnvironment(environmentSchema));

export const handler = observed<QueueEvent, QueueResponse>(async (event) => {
  const { stored, failed } = await write(event.Records);
  metrics.addMetric('twinRecordsStored', MetricUnit.Count, stored);
  if (failed.length > 0) metrics.addMetric('twinChangesRetried', MetricUnit.Count, failed.length);
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
});

function writer(environment: HistoryEnvironment): Write {
  const onFailure = (messageIds: readonly string[], problem: string): void => {
    logger.error('changes left to the queue', { messageIds, problem });
  };
  if (environment.HOT_STORE === 'lake') {
    const { put } = lakeStream(new FirehoseClient({}), environment.LAKE_STREAM);
    return (messages) => writeLakeHistory(messages, { put, onFailure });
  }
  const timestream = new TimestreamWriteClient({});
  return (messages) =>
    writeHistory(messages, {
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
      onFailure,
    });
}
