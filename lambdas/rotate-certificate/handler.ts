import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { SQSClient } from '@aws-sdk/client-sqs';
import { dataPlane } from '../shared/data-plane.ts';
import { readEnvironment } from '../shared/environment.ts';
import { sendLook } from '../shared/later-look.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import { handleByKey, type QueueEvent, type QueueResponse } from '../shared/queue-batch.ts';
import { stateTable } from '../shared/state-table.ts';
import { certificateDesk } from './certificate-desk.ts';
import { type RotationState, rotationOutputSchema, rotationStateSchema } from './follow-rotation.ts';
import { type RotationPorts, takeLook, takeNotice } from './rotate-certificate.ts';
import { environmentSchema, messageSchema } from './schema.ts';

const environment = readEnvironment(environmentSchema);
const settings = {
  confirm: environment.CONFIRM_SECONDS * 1_000,
  deleteAfter: environment.DELETE_AFTER_SECONDS * 1_000,
};
const sqs = new SQSClient({});
// Throttled calls of a fleet that rotates together are slowed down, not failed.
const iot = new IoTClient({ maxAttempts: 6, retryMode: 'adaptive' });
const messages = dataPlane(iot);

/** seconds that the outcome of a rotation is remembered, for messages that come again */
const REMEMBERED = 30 * 86_400;

const ports: RotationPorts = {
  ...stateTable({
    client: new DynamoDBClient({}),
    tableName: environment.STATE_TABLE,
    keyOf: (thingName) => ({ thingName }),
    state: rotationStateSchema,
    output: rotationOutputSchema,
    expiresAt,
  }),
  desk: certificateDesk(iot, environment.CERTIFICATE_ARN_PREFIX),
  now: () => Date.now(),
  async tell(_thingName, { answer, topic }) {
    const client = await messages();
    await client.send(new PublishCommand({ topic, qos: 1, payload: new TextEncoder().encode(JSON.stringify(answer)) }));
  },
  arrange: (key, dueAt) => sendLook(sqs, environment.QUEUE_URL, key, dueAt, Date.now()),
  note(event, details) {
    metrics.addMetric(event, MetricUnit.Count, 1);
    logger.info(event, details);
  },
};

export const handler = observed<QueueEvent, QueueResponse>(async (event) => {
  const failed = await handleByKey(event.Records, read, handle, (messageId, problem) =>
    logger.error('message left to the queue', { messageId, problem }),
  );
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
});

type Message = ReturnType<typeof messageSchema.parse>;

function read(body: string): { key: string; message: Message } {
  const message = messageSchema.parse(JSON.parse(body));
  return { key: message.kind === 'look' ? message.key : message.thingName, message };
}

async function handle(key: string, message: Message): Promise<void> {
  if (message.kind === 'message') return takeNotice(message, settings, ports);
  const now = Date.now();
  if (message.dueAt > now) return sendLook(sqs, environment.QUEUE_URL, key, message.dueAt, now);
  return takeLook(key, message.dueAt, settings, ports);
}

function expiresAt({ current, last, retired }: RotationState): number | undefined {
  if (current !== undefined || retired.length > 0 || last === undefined) return undefined;
  return Math.ceil(last.at / 1_000) + REMEMBERED;
}
