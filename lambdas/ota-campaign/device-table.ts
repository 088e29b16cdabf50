import { type DynamoDBClient, PutItemCommand, paginateQuery } from '@aws-sdk/client-dynamodb';
import { type DeviceUpdate, deviceUpdateSchema } from '@fleetwright/contracts';
import { errorName } from '../shared/errors.ts';
import type { DevicePorts } from './ports.ts';

/** What campaigns meant for devices: `{ campaignId, thingName, record }`, the last as JSON; indexed by thing too. */
export function deviceTable(client: DynamoDBClient, TableName: string): DevicePorts {
  const itemOf = (device: DeviceUpdate) => ({
    campaignId: { S: device.campaignId },
    thingName: { S: device.thingName },
    record: { S: JSON.stringify(device) },
  });
  return {
    async add(device) {
      try {
        await client.send(
          new PutItemCommand({
            TableName,
            Item: itemOf(device),
            ConditionExpression: 'attribute_not_exists(campaignId)',
          }),
        );
      } catch (error) {
        if (errorName(error) !== 'ConditionalCheckFailedException') throw error;
      }
    },
    async put(device) {
      await client.send(new PutItemCommand({ TableName, Item: itemOf(device) }));
    },
    async list(campaignId) {
      const devices: DeviceUpdate[] = [];
      const query = {
        TableName,
        KeyConditionExpression: 'campaignId = :campaign',
        ExpressionAttributeValues: { ':campaign': { S: campaignId } },
        ConsistentRead: true,
      };
      for await (const { Items = [] } of paginateQuery({ client }, query)) {
        for (const { record } of Items) devices.push(deviceUpdateSchema.parse(JSON.parse(record?.S ?? 'null')));
      }
      return devices;
    },
  };
}
