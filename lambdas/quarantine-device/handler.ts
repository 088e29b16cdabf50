import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { IoTClient } from '@aws-sdk/client-iot';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import * as z from 'zod';
import { dataPlane } from '../shared/data-plane.ts';
import { readEnvironment } from '../shared/environment.ts';
import { FunctionError, messageOf } from '../shared/errors.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import { complaintOf, complaintsOf } from './complaints.ts';
import { auditFindings, deviceAccess } from './device-access.ts';
import type { Outcome, QuarantinePorts, QuarantineRequest } from './model.ts';
import { confirm, quarantine, release } from './quarantine-device.ts';
import { quarantineRecords } from './quarantine-records.ts';
import { environmentSchema, type Message, messageSchema, type Order, orderSchema } from './schema.ts';

const environment = readEnvironment(environmentSchema);
const settings = {
  topicRoot: environment.TOPIC_ROOT,
  maxPerHour: environment.MAX_PER_HOUR,
  grace: environment.GRACE_MINUTES * 60_000,
};
const complaintSettings = {
  automatic: environment.AUTOMATIC === 'true',
  behaviors: environment.BEHAVIORS,
  auditChecks: environment.AUDIT_CHECKS,
};
const iot = new IoTClient({});
const sqs = new SQSClient({});

const ports: QuarantinePorts = {
  ...quarantineRecords(new DynamoDBClient({}), environment.QUARANTINE_TABLE),
  ...deviceAccess(iot, dataPlane(iot), environment.QUARANTINE_GROUP),
  now: Date.now,
  async confirmLater(thingName, since) {
    await sqs.send(
      new SendMessageCommand({
        QueueUrl: environment.QUARANTINE_QUEUE_URL,
        MessageBody: JSON.stringify({ action: 'confirm', thingName, since }),
        DelaySeconds: environment.CONFIRM_SECONDS,
      }),
    );
  },
};
const findings = { ...auditFindings(iot), now: Date.now };

interface QueueEvent {
  readonly Records: readonly { readonly messageId: string; readonly body: string }[];
}

interface QueueResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

/** Answer to an operator. */
interface OrderResponse {
  readonly outcome: Outcome;
}

/** Serves its queue, and operators who invoke it with an {@link Order}. */
export const handler = observed<unknown, QueueResponse | OrderResponse>(async (event) =>
  isQueueEvent(event) ? serveQueue(event) : { outcome: await obey(readOrder(event)) },
);

async function serveQueue({ Records: records }: QueueEvent): Promise<QueueResponse> {
  const failed: { itemIdentifier: string }[] = [];
  for (const { messageId, body } of records) {
    try {
      await serve(readMessage(body));
    } catch (error) {
      logger.error('message left to the queue', { messageId, reason: messageOf(error) });
      failed.push({ itemIdentifier: messageId });
    }
  }
  return { batchItemFailures: failed };
}

async function serve(message: Message): Promise<void> {
  if ('action' in message) {
    report(message.thingName, await confirm(message.thingName, message.since, ports));
    return;
  }
  if ('violationId' in message) {
    const request = complaintOf(message, complaintSettings);
    if (request === undefined) logger.info('violation without a quarantine', { violationId: message.violationId });
    else await complain(request);
    return;
  }
  for (const request of await complaintsOf(message, complaintSettings, findings)) await complain(request);
}

async function complain(request: QuarantineRequest): Promise<void> {
  report(request.thingName, await quarantine(request, settings, ports), request.reason);
}

async function obey({ action, thingName, reason, by }: Order): Promise<Outcome> {
  const outcome =
    action === 'release'
      ? await release({ thingName, reason, by }, ports)
      : await quarantine({ thingName, reason, by, origin: 'operator', at: Date.now() }, settings, ports);
  report(thingName, outcome, reason);
  return outcome;
}

const COUNTED: Partial<Record<Outcome, string>> = {
  QUARANTINED: 'devicesQuarantined',
  RELEASED: 'devicesReleased',
  BOUND_REACHED: 'quarantinesOverBound',
  IN_GRACE: 'quarantinesInGrace',
  CERTIFICATES_DEACTIVATED: 'quarantinesByCertificate',
};

function report(thingName: string, outcome: Outcome, reason?: string): void {
  logger.warn('quarantine', { thingName, outcome, ...(reason === undefined ? {} : { reason }) });
  const name = COUNTED[outcome];
  if (name !== undefined) metrics.addMetric(name, MetricUnit.Count, 1);
}

function isQueueEvent(event: unknown): event is QueueEvent {
  return typeof event === 'object' && event !== null && 'Records' in event;
}

function readOrder(event: unknown): Order {
  const parsed = orderSchema.safeParse(event);
  if (!parsed.success) throw new FunctionError('EVENT_INVALID', z.prettifyError(parsed.error));
  return parsed.data;
}

function readMessage(body: string): Message {
  const parsed = messageSchema.safeParse(JSON.parse(body));
  if (!parsed.success) throw new FunctionError('EVENT_INVALID', z.prettifyError(parsed.error));
  return parsed.data;
}
