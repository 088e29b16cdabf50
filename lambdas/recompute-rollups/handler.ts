import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { ExecuteScheduledQueryCommand, TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import { readEnvironment } from '../shared/environment.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import type { QueueEvent, QueueResponse } from '../shared/queue-batch.ts';
import { recomputeRollups } from './recompute-rollups.ts';
import { environmentSchema } from './schema.ts';

const environment = readEnvironment(environmentSchema);
const timestream = new TimestreamQueryClient({});
const QUERIES = { '1m': environment.MINUTE_QUERY_ARN, '1h': environment.HOUR_QUERY_ARN };

export const handler = observed<QueueEvent, QueueResponse>(async (event) => {
  const { beyondBound, failed, runs } = await recomputeRollups(event.Records, environment.MAX_OFFLINE_HOURS, {
    now: Date.now,
    async run({ at, rollup }) {
      await timestream.send(
        new ExecuteScheduledQueryCommand({ ScheduledQueryArn: QUERIES[rollup], InvocationTime: new Date(at) }),
      );
    },
    onFailure: (problem, what) => logger.error('roll-ups not made anew', { problem, ...what }),
  });
  metrics.addMetric('rollupsRecomputed', MetricUnit.Count, runs);
  if (beyondBound > 0) metrics.addMetric('lateBeyondBound', MetricUnit.Count, beyondBound);
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
});
