import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { SQSClient } from '@aws-sdk/client-sqs';
import { type CommandOutcome, type CommandRecord, commandOutcomeSchema } from '@fleetwright/contracts';
import { commandTable } from '../shared/command-table.ts';
import { readEnvironment } from '../shared/environment.ts';
import { messageOf } from '../shared/errors.ts';
import { sendLook } from '../shared/later-look.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import { handleByKey, type QueueEvent, type QueueResponse } from '../shared/queue-batch.ts';
import { advance, type TrackingPorts } from '../shared/tracked-state.ts';
import { lookAtDeadline, takeOutcome, unrelated } from './follow-command.ts';
import { type CommandMessage, environmentSchema, messageSchema } from './schema.ts';

const environment = readEnvironment(environmentSchema);
const sqs = new SQSClient({});

const ports: TrackingPorts<CommandRecord, never> = {
  ...commandTable(new DynamoDBClient({}), environment.COMMAND_TABLE, environment.KEEP_DAYS),
  tell: async () => {},
  arrange: (key, dueAt) => sendLook(sqs, environment.QUEUE_URL, key, dueAt, Date.now()),
};

type Read =
  | { readonly kind: 'outcome'; readonly outcome: CommandOutcome; readonly at: number }
  | { readonly kind: 'unreadable'; readonly problem: string }
  | { readonly kind: 'look'; readonly dueAt: number };

export const handler = observed<QueueEvent, QueueResponse>(async (event) => {
  const failed = await handleByKey(event.Records, read, handle, (messageId, problem) =>
    logger.error('message left to the queue', { messageId, problem }),
  );
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
});

function read(body: string): { key: string; message: Read } {
  const message: CommandMessage = messageSchema.parse(JSON.parse(body));
  if (message.kind === 'look') return { key: message.key, message: { kind: 'look', dueAt: message.dueAt } };
  const { thingName, at, payload } = message;
  try {
    const outcome = commandOutcomeSchema.parse(JSON.parse(Buffer.from(payload, 'base64').toString('utf8')));
    return { key: `${thingName}/${outcome.commandId}`, message: { kind: 'outcome', outcome, at } };
  } catch (error) {
    return { key: thingName, message: { kind: 'unreadable', problem: messageOf(error) } };
  }
}

async function handle(key: string, message: Read): Promise<void> {
  const now = Date.now();
  if (message.kind === 'unreadable') {
    refuse('UNREADABLE', key, message.problem);
  } else if (message.kind === 'outcome') {
    await advance(
      key,
      (record) => {
        const reason = unrelated(record, message.outcome);
        if (reason === undefined && record !== undefined) return takeOutcome(record, message.outcome, message.at);
        refuse(reason ?? 'UNKNOWN_COMMAND', key);
        return undefined;
      },
      ports,
    );
  } else if (message.dueAt > now) {
    await sendLook(sqs, environment.QUEUE_URL, key, message.dueAt, now);
  } else {
    await advance(
      key,
      (record, dueAt) => (record === undefined || dueAt !== message.dueAt ? undefined : lookAtDeadline(record, now)),
      ports,
    );
  }
}

/** What no delivery will make good is counted and logged, not kept: a device could fill the dead letters with it. */
function refuse(reason: string, key: string, problem?: string): void {
  metrics.addMetric('outcomesRefused', MetricUnit.Count, 1);
  logger.warn('outcome refused', { reason, key, ...(problem !== undefined && { problem }) });
}
