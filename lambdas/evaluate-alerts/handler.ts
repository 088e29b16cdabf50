import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { alertStateTable } from '../shared/alert-state-table.ts';
import { publishAlert } from '../shared/alert-topic.ts';
import { readEnvironment } from '../shared/environment.ts';
import { messageOf } from '../shared/errors.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import type { QueueEvent, QueueResponse } from '../shared/queue-batch.ts';
import { readSettings } from '../shared/settings-file.ts';
import { DeviceFollower } from './follow-devices.ts';
import { readSamples } from './read-samples.ts';
import { environmentSchema, settingsSchema } from './schema.ts';

const environment = readEnvironment(environmentSchema);
const settings = {
  topicRoot: environment.TOPIC_ROOT,
  rules: readSettings(settingsSchema).rules,
  maxLateness: environment.MAX_LATENESS_SECONDS * 1_000,
};
const sns = new SNSClient({});

const follower = new DeviceFollower(
  {
    ...alertStateTable(new DynamoDBClient({}), environment.STATE_TABLE),
    async tell(_thingName, alert) {
      await publishAlert(sns, environment.ALERT_TOPIC_ARN, alert);
      metrics.addMetric(alert.state === 'raised' ? 'telemetryRaised' : 'telemetryCleared', MetricUnit.Count, 1);
      logger.info('alert published', { alert });
    },
  },
  Date.now,
  (thingName, error) => logger.error('samples left to the queue', { thingName, problem: messageOf(error) }),
);

export const handler = observed<QueueEvent, QueueResponse>(async (event) => {
  const { ahead, devices, late, unreadable } = readSamples(event.Records, settings);
  const { failed, read, written } = await follower.follow(devices);
  const counts = {
    samplesTooLate: late,
    samplesAhead: ahead,
    messagesNotJudged: unreadable,
    alertStatesRead: read,
    alertStatesWritten: written,
    messagesRetried: failed.length,
  };
  for (const [name, count] of Object.entries(counts)) {
    if (count > 0) metrics.addMetric(name, MetricUnit.Count, count);
  }
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
});
