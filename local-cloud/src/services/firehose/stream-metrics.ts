import type { Metrics } from '../../core/metrics.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { DeliveryStreams } from './delivery-streams.ts';

/** Once a minute (developer guide, "Monitor Amazon Data Firehose with CloudWatch metrics"). */
export function putStreamMetrics(context: CloudContext, streams: DeliveryStreams, metrics: Pick<Metrics, 'put'>): void {
  const now = context.clock.now();
  for (const stream of streams.all()) {
    const dimensions = { DeliveryStreamName: stream.record.name };
    const { records, bytes, deliveredRecords, successes, failures } = stream.takeActivity();
    metrics.put('AWS/Firehose', 'IncomingRecords', dimensions, records, 'Count');
    metrics.put('AWS/Firehose', 'IncomingBytes', dimensions, bytes, 'Bytes');
    const attempts = successes + failures;
    if (attempts > 0) {
      metrics.put('AWS/Firehose', 'DeliveryToS3.Records', dimensions, deliveredRecords, 'Count');
      metrics.put('AWS/Firehose', 'DeliveryToS3.Success', dimensions, successes / attempts, 'None');
    }
    const age = stream.oldest === undefined ? 0 : Math.max(0, (now - stream.oldest) / 1000);
    metrics.put('AWS/Firehose', 'DeliveryToS3.DataFreshness', dimensions, age, 'Seconds');
  }
}
