import { randomBytes } from 'node:crypto';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DescribeThingCommand, IoTClient } from '@aws-sdk/client-iot';
import { PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { SQSClient } from '@aws-sdk/client-sqs';
import type { IssueCommandResult } from '@fleetwright/contracts';
import { commandTable } from '../shared/command-table.ts';
import { dataPlane } from '../shared/data-plane.ts';
import { readEnvironment } from '../shared/environment.ts';
import { errorName } from '../shared/errors.ts';
import { sendLook } from '../shared/later-look.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import { type IssuePorts, issueCommand } from './issue-command.ts';
import { environmentSchema } from './schema.ts';

const environment = readEnvironment(environmentSchema);
const settings = { topicRoot: environment.TOPIC_ROOT, thingNamePrefix: environment.THING_NAME_PREFIX };
const registry = new IoTClient({});
const devices = dataPlane(registry);
const sqs = new SQSClient({});

const ports: IssuePorts = {
  ...commandTable(new DynamoDBClient({}), environment.COMMAND_TABLE, environment.KEEP_DAYS),
  arrange: (key, dueAt) => sendLook(sqs, environment.QUEUE_URL, key, dueAt, Date.now()),
  now: Date.now,
  random: () => randomBytes(16).toString('hex'),
  async findThing(thingName) {
    try {
      const { attributes } = await registry.send(new DescribeThingCommand({ thingName }));
      return attributes ?? {};
    } catch (error) {
      if (errorName(error) === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  },
  async publish(topic, payload, messageExpiry) {
    const client = await devices();
    await client.send(new PublishCommand({ topic, payload, qos: 1, messageExpiry }));
  },
};

export const handler = observed<unknown, IssueCommandResult>(async (event) => {
  const result = await issueCommand(event, settings, ports);
  metrics.addMetric(result.ok ? 'commandsIssued' : 'commandsRefused', MetricUnit.Count, 1);
  // Neither nonce nor parameters: they are the device's alone.
  if (result.ok) logger.info('command issued', { commandId: result.commandId });
  else logger.warn('command refused', { reason: result.reason });
  return result;
});
