import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { SNSClient } from '@aws-sdk/client-sns';
import { SQSClient } from '@aws-sdk/client-sqs';
import { PRESENCE_SHADOW } from '@fleetwright/contracts';
import { publishAlert } from '../shared/alert-topic.ts';
import { dataPlane } from '../shared/data-plane.ts';
import { readEnvironment } from '../shared/environment.ts';
import { sendLook } from '../shared/later-look.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import { handleByKey, type QueueEvent, type QueueResponse } from '../shared/queue-batch.ts';
import { stateTable } from '../shared/state-table.ts';
import { advance, type TrackingPorts } from '../shared/tracked-state.ts';
import {
  look,
  type PresenceOutput,
  type PresenceState,
  presenceOutputSchema,
  presenceStateSchema,
  shownOutputs,
  takeEvent,
} from './follow-presence.ts';
import { environmentSchema, messageSchema, type PresenceMessage } from './schema.ts';

const environment = readEnvironment(environmentSchema);
const settings = {
  settle: environment.SETTLE_SECONDS * 1_000,
  flapWindow: environment.FLAP_WINDOW_SECONDS * 1_000,
  flapLimit: environment.FLAP_LIMIT,
  flapHold: environment.FLAP_HOLD_SECONDS * 1_000,
  offlineBound: environment.OFFLINE_ALERT_SECONDS * 1_000,
};
const sqs = new SQSClient({});
const sns = new SNSClient({});
const shadows = dataPlane(new IoTClient({}));

const ports: TrackingPorts<PresenceState, PresenceOutput> = {
  ...stateTable({
    client: new DynamoDBClient({}),
    tableName: environment.STATE_TABLE,
    keyOf: (thingName) => ({ thingName }),
    state: presenceStateSchema,
    output: presenceOutputSchema,
  }),
  async tell(thingName, output) {
    if (output.kind === 'alert') {
      await publishAlert(sns, environment.ALERT_TOPIC_ARN, output.alert);
      metrics.addMetric(output.alert.state === 'raised' ? 'offlineRaised' : 'offlineCleared', MetricUnit.Count, 1);
      logger.info('alert published', { alert: output.alert });
      return;
    }
    const payload = new TextEncoder().encode(JSON.stringify({ state: { reported: output.shadow } }));
    const client = await shadows();
    await client.send(new UpdateThingShadowCommand({ thingName, shadowName: PRESENCE_SHADOW, payload }));
    metrics.addMetric('presenceChanges', MetricUnit.Count, 1);
  },
  arrange: (key, dueAt) => sendLook(sqs, environment.QUEUE_URL, key, dueAt, Date.now()),
};

export const handler = observed<QueueEvent, QueueResponse>(async (event) => {
  const failed = await handleByKey(event.Records, read, handle, (messageId, problem) =>
    logger.error('message left to the queue', { messageId, problem }),
  );
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
});

function read(body: string): { key: string; message: PresenceMessage } {
  const message = messageSchema.parse(JSON.parse(body));
  return { key: message.kind === 'look' ? message.key : message.thingName, message };
}

async function handle(key: string, message: PresenceMessage): Promise<void> {
  const now = Date.now();
  if (message.kind !== 'look') {
    await advance(key, (state) => takeEvent(state, message, settings, now), ports, shownOutputs);
  } else if (message.dueAt > now) {
    await sendLook(sqs, environment.QUEUE_URL, key, message.dueAt, now);
  } else {
    await advance(
      key,
      (state, dueAt) => (state === undefined || dueAt !== message.dueAt ? undefined : look(state, settings, now)),
      ports,
      shownOutputs,
    );
  }
}
