import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { errorName } from '../shared/errors.ts';
import type { Origin, QuarantineRecord, QuarantineState, RecordPorts } from './model.ts';

const LOST = 'ConditionalCheckFailedException';
/** An hour's places are of no use after it; seconds. */
const PLACES_KEPT = 2 * 86_400;

/** The records, one item for each device and, with an expiry, one for each hour: its places. Key: `id`. */
export function quarantineRecords(client: DynamoDBClient, tableName: string): RecordPorts {
  return {
    async find(thingName) {
      const { Item } = await client.send(
        new GetItemCommand({ TableName: tableName, Key: { id: { S: thingKey(thingName) } }, ConsistentRead: true }),
      );
      return Item === undefined ? undefined : recordOf(Item);
    },
    async replace(next) {
      try {
        await client.send(
          new PutItemCommand({
            TableName: tableName,
            Item: itemOf(next),
            ...(next.revision === 1
              ? { ConditionExpression: 'attribute_not_exists(id)' }
              : {
                  ConditionExpression: '#revision = :before',
                  ExpressionAttributeNames: { '#revision': 'revision' },
                  ExpressionAttributeValues: { ':before': { N: String(next.revision - 1) } },
                }),
          }),
        );
        return true;
      } catch (error) {
        if (errorName(error) === LOST) return false;
        throw error;
      }
    },
    async reserve(hour, thingName, places) {
      if (places === 0) return false;
      try {
        await client.send(
          new UpdateItemCommand({
            TableName: tableName,
            Key: { id: { S: `hour#${hour}` } },
            UpdateExpression: 'ADD #things :thing SET #expiresAt = :expiresAt',
            ConditionExpression: 'attribute_not_exists(#things) OR size(#things) < :places OR contains(#things, :name)',
            ExpressionAttributeNames: { '#things': 'things', '#expiresAt': 'expiresAt' },
            ExpressionAttributeValues: {
              ':thing': { SS: [thingName] },
              ':name': { S: thingName },
              ':places': { N: String(places) },
              ':expiresAt': { N: String(hour * 3_600 + PLACES_KEPT) },
            },
          }),
        );
        return true;
      } catch (error) {
        if (errorName(error) === LOST) return false;
        throw error;
      }
    },
  };
}

function thingKey(thingName: string): string {
  return `thing#${thingName}`;
}

function strings(values: readonly string[]): AttributeValue {
  return { L: values.map((value) => ({ S: value })) };
}

function itemOf(record: QuarantineRecord): Record<string, AttributeValue> {
  const { thingName, revision, since, wasMember, deactivated, releasedAt, ...texts } = record;
  return {
    id: { S: thingKey(thingName) },
    thingName: { S: thingName },
    revision: { N: String(revision) },
    since: { N: String(since) },
    wasMember: { BOOL: wasMember },
    deactivated: strings(deactivated),
    ...(releasedAt === undefined ? {} : { releasedAt: { N: String(releasedAt) } }),
    ...Object.fromEntries(
      Object.entries(texts).flatMap(([name, text]) => (text === undefined ? [] : [[name, { S: text }]])),
    ),
  };
}

function recordOf(item: Record<string, AttributeValue>): QuarantineRecord {
  const text = (name: string): string => item[name]?.S ?? '';
  return {
    thingName: text('thingName'),
    state: text('state') as QuarantineState,
    revision: Number(item.revision?.N),
    since: Number(item.since?.N),
    origin: text('origin') as Origin,
    by: text('by'),
    reason: text('reason'),
    wasMember: item.wasMember?.BOOL === true,
    deactivated: (item.deactivated?.L ?? []).map(({ S }) => S ?? ''),
    ...(item.releasedAt === undefined ? {} : { releasedAt: Number(item.releasedAt.N) }),
    ...(item.releasedBy === undefined ? {} : { releasedBy: text('releasedBy') }),
    ...(item.releaseReason === undefined ? {} : { releaseReason: text('releaseReason') }),
  };
}
