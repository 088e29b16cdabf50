import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import {
  AddThingToThingGroupCommand,
  AttachPolicyCommand,
  DescribeThingCommand,
  IoTClient,
  ListThingGroupsForThingCommand,
  UpdateThingCommand,
} from '@aws-sdk/client-iot';
import { LIFECYCLE_ATTRIBUTE } from '@fleetwright/contracts';
import { readEnvironment } from '../shared/environment.ts';
import { errorName } from '../shared/errors.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import { handleByKey, type QueueEvent, type QueueResponse } from '../shared/queue-batch.ts';
import { type ActivationPorts, activateDevice } from './activate-device.ts';
import { type Connection, connectionSchema, environmentSchema } from './schema.ts';

const environment = readEnvironment(environmentSchema);
const stage = { topicRoot: environment.TOPIC_ROOT, coreTypes: environment.CORE_TYPES };
const dynamodb = new DynamoDBClient({});
// Throttled calls of a fleet that comes back together are slowed down, not failed.
const iot = new IoTClient({ maxAttempts: 6, retryMode: 'adaptive' });

/** seconds after which a device is looked at again, in case its thing was made anew under the same certificate */
const REMEMBERED = 7 * 86_400;

const keyOf = ({ principal, thingName }: Connection) => ({ thingName: { S: thingName }, principal: { S: principal } });

const ports: ActivationPorts = {
  async wasSeen(connection) {
    const { Item: item } = await dynamodb.send(
      new GetItemCommand({ TableName: environment.SEEN_TABLE, Key: keyOf(connection) }),
    );
    return Number(item?.expiresAt?.N ?? 0) * 1_000 > Date.now();
  },
  async remember(connection) {
    const expiresAt = { N: String(Math.ceil(Date.now() / 1_000) + REMEMBERED) };
    await dynamodb.send(
      new PutItemCommand({ TableName: environment.SEEN_TABLE, Item: { ...keyOf(connection), expiresAt } }),
    );
  },
  async find(thingName) {
    try {
      const { attributes = {}, version = 0 } = await iot.send(new DescribeThingCommand({ thingName }));
      return { attributes, version };
    } catch (error) {
      if (errorName(error) === 'ResourceNotFoundException') return undefined;
      throw error;
    }
  },
  async groupsOf(thingName) {
    const { thingGroups = [] } = await iot.send(new ListThingGroupsForThingCommand({ thingName, maxResults: 100 }));
    return thingGroups.map(({ groupName = '' }) => groupName);
  },
  async joinGroup(thingName, thingGroupName) {
    await iot.send(new AddThingToThingGroupCommand({ thingName, thingGroupName }));
  },
  async allow(certificateId, policyName) {
    await iot.send(
      new AttachPolicyCommand({ policyName, target: `${environment.CERTIFICATE_PREFIX}${certificateId}` }),
    );
  },
  async activate(thingName, expectedVersion) {
    const attributePayload = { attributes: { [LIFECYCLE_ATTRIBUTE]: 'active' }, merge: true };
    try {
      await iot.send(new UpdateThingCommand({ thingName, attributePayload, expectedVersion }));
      return true;
    } catch (error) {
      if (errorName(error) === 'VersionConflictException') return false;
      throw error;
    }
  },
};

export const handler = observed<QueueEvent, QueueResponse>(async (event) => {
  const failed = await handleByKey(event.Records, read, handle, (messageId, problem) =>
    logger.error('message left to the queue', { messageId, problem }),
  );
  return { batchItemFailures: failed.map((itemIdentifier) => ({ itemIdentifier })) };
});

function read(body: string): { key: string; message: Connection } {
  const message = connectionSchema.parse(JSON.parse(body));
  return { key: message.thingName, message };
}

async function handle(thingName: string, connection: Connection): Promise<void> {
  const activation = await activateDevice(connection, stage, ports);
  if (activation === 'activated') {
    metrics.addMetric('devicesActivated', MetricUnit.Count, 1);
    logger.info('device activated', { thingName });
  } else if (activation === 'no-thing') {
    logger.warn('a client that is no thing connected', { thingName });
  }
}
