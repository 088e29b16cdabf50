import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type Alert, alertSchema } from '@fleetwright/contracts';
import { publishAlert } from '../shared/alert-topic.ts';
import { readEnvironment } from '../shared/environment.ts';
import { sendLook } from '../shared/later-look.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import { handleByKey, type QueueEvent, type QueueResponse } from '../shared/queue-batch.ts';
import { stateTable } from '../shared/state-table.ts';
import { advance, type TrackingPorts } from '../shared/tracked-state.ts';
import { type DriftState, driftStateSchema, judge, takeChange } from './follow-drift.ts';
import { type DriftMessage, environmentSchema, messageSchema } from './schema.ts';

const environment = readEnvironment(environmentSchema);
const settings = {
  raiseAfter: environment.RAISE_AFTER_SECONDS * 1_000,
  clearAfter: environment.CLEAR_AFTER_SECONDS * 1_000,
};
const sqs = new SQSClient({});
const sns = new SNSClient({});

/** A shadow's name has no slash, and neither has a thing's. */
const keyOf = (key: string) => {
  const [thingName = '', shadowName = ''] = key.split('/');
  return { thingName, shadowName };
};

const ports: TrackingPorts<DriftState, Alert> = {
  ...stateTable({
    client: new DynamoDBClient({}),
    tableName: environment.STATE_TABLE,
    keyOf,
    state: driftStateSchema,
    output: alertSchema,
  }),
  async tell(_key, alert) {
    await publishAlert(sns, environment.ALERT_TOPIC_ARN, alert);
    metrics.addMetric(alert.state === 'raised' ? 'driftRaised' : 'driftCleared', MetricUnit.Count, 1);
    logger.info('alert published', { alert });
  },
  arrange: (key, dueAt) => sendLook(sqs, environment.QUEUE_URL, key, dueAt, Date.now()),
};

export const handler = observed<QueueEvent, QueueResponse>(async (event) => {
  const failed = await handleByKey(event.Records, read, handle, (messageId, problem) =>
    logger.error('message left to the queue', { messageId, problem }),
  );
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
});

function read(body: string): { key: string; message: DriftMessage } {
  const message = messageSchema.parse(JSON.parse(body));
  return { key: message.kind === 'look' ? message.key : `${message.thingName}/${message.shadowName}`, message };
}

async function handle(key: string, message: DriftMessage): Promise<void> {
  const now = Date.now();
  if (message.kind !== 'look') {
    await advance(key, (state) => takeChange(state, message, settings, now), ports);
  } else if (message.dueAt > now) {
    await sendLook(sqs, environment.QUEUE_URL, key, message.dueAt, now);
  } else {
    await advance(
      key,
      (state, dueAt) => (state === undefined || dueAt !== message.dueAt ? undefined : judge(state, settings, now)),
      ports,
    );
  }
}
