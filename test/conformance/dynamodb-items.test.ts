import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BatchGetItemOutput, GetItemOutput, QueryOutput, ScanOutput } from '@aws-sdk/client-dynamodb';
import type { RawResponse } from '../../local-cloud/src/core/api.ts';
import { createDynamodbPlugin } from '../../local-cloud/src/services/dynamodb/plugin.ts';
import { ADMINISTRATOR, createTestCloud } from '../../local-cloud/src/testing/context.ts';

/** Expected values: DynamoDB API reference; developer guide, "Expressions". */

function open(directory?: string) {
  const cloud = createTestCloud(directory === undefined ? {} : { directory });
  const plugin = cloud.use(createDynamodbPlugin);
  return {
    cloud,
    plugin,
    call: <O = unknown>(operation: string, input: object) =>
      cloud.api.call<O>(ADMINISTRATOR, 'dynamodb', operation, input),
    wire: (operation: string, body: string): Promise<RawResponse> => {
      const passThrough = plugin.apis?.[0]?.passThrough;
      if (passThrough === undefined) throw new Error('no pass-through');
      const request = { method: 'POST', url: '/', headers: {}, body: Buffer.from(body) };
      return passThrough(operation, request, {
        principal: ADMINISTRATOR,
        requestId: 'r1',
        sourceIp: '127.0.0.1',
        secure: true,
      });
    },
  };
}

const TABLE = {
  TableName: 'devices',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'N' },
    { AttributeName: 'site', AttributeType: 'S' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: 'by-site',
      KeySchema: [{ AttributeName: 'site', KeyType: 'HASH' }],
      Projection: { ProjectionType: 'ALL' },
    },
  ],
};

let { cloud, plugin, call, wire } = open();
beforeEach(async () => {
  await cloud.close();
  ({ cloud, plugin, call, wire } = open());
  await plugin.start?.();
  await call('CreateTable', TABLE);
  cloud.asked.length = 0;
});
afterAll(() => cloud.close());

const item = (pk: string, sk: number, more: object = {}) => ({ pk: { S: pk }, sk: { N: String(sk) }, ...more });
const put = (Item: object, more: object = {}) => call('PutItem', { TableName: 'devices', Item, ...more });

test('an item comes back as it was put, bytes as bytes', async () => {
  const everything = item('a', 1, {
    b: { B: Buffer.from([1, 2, 255]) },
    bs: { BS: [Buffer.from('x')] },
    m: { M: { B: { S: 'an attribute named B' }, l: { L: [{ NULL: true }, { BOOL: false }] } } },
    ns: { NS: ['1', '2'] },
  });
  await put(everything);
  const answer = await call<GetItemOutput>('GetItem', { TableName: 'devices', Key: item('a', 1) });
  expect(answer.Item).toEqual(everything);
});

test('conditions decide whether a write happens', async () => {
  await put(item('a', 1, { v: { N: '1' } }), { ConditionExpression: 'attribute_not_exists(pk)' });
  await expect(put(item('a', 1), { ConditionExpression: 'attribute_not_exists(pk)' })).rejects.toMatchObject({
    code: 'ConditionalCheckFailedException',
    message: 'The conditional request failed',
  });
  const update = {
    TableName: 'devices',
    Key: item('a', 1),
    UpdateExpression: 'SET v = v + :one, seen = list_append(if_not_exists(seen, :none), :now)',
    ConditionExpression: 'v < :limit',
    ExpressionAttributeValues: {
      ':one': { N: '1' },
      ':limit': { N: '2' },
      ':none': { L: [] },
      ':now': { L: [{ N: '9' }] },
    },
    ReturnValues: 'ALL_NEW',
  };
  expect(await call('UpdateItem', update)).toMatchObject({ Attributes: { v: { N: '2' }, seen: { L: [{ N: '9' }] } } });
  await expect(call('UpdateItem', update)).rejects.toMatchObject({ code: 'ConditionalCheckFailedException' });
});

test('a failed condition answers with the item when asked to', async () => {
  await put(item('a', 1, { owner: { S: 'x' } }));
  const refused = put(item('a', 1), {
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  await expect(refused).rejects.toMatchObject({
    code: 'ConditionalCheckFailedException',
    fields: { Item: item('a', 1, { owner: { S: 'x' } }) },
  });
});

test('queries and scans read table and index, in order and in pages', async () => {
  for (let n = 1; n <= 5; n++) await put(item('a', n, { site: { S: n % 2 ? 'odd' : 'even' } }));
  const query = {
    TableName: 'devices',
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
    ExpressionAttributeValues: { ':pk': { S: 'a' }, ':from': { N: '2' }, ':to': { N: '5' } },
    ScanIndexForward: false,
    Limit: 3,
  };
  const first = await call<QueryOutput>('Query', query);
  expect(first.Items?.map((one) => one.sk?.N)).toEqual(['5', '4', '3']);
  const second = await call<QueryOutput>('Query', { ...query, ExclusiveStartKey: first.LastEvaluatedKey });
  expect(second.Items?.map((one) => one.sk?.N)).toEqual(['2']);
  const even = await call<QueryOutput>('Query', {
    TableName: 'devices',
    IndexName: 'by-site',
    KeyConditionExpression: 'site = :site',
    ExpressionAttributeValues: { ':site': { S: 'even' } },
  });
  expect(even.Count).toBe(2);
  const scanned = await call<ScanOutput>('Scan', {
    TableName: 'devices',
    ConsistentRead: true,
    FilterExpression: 'sk > :n',
    ExpressionAttributeValues: { ':n': { N: '3' } },
  });
  expect(scanned).toMatchObject({ Count: 2, ScannedCount: 5 });
  await expect(
    call('Scan', { TableName: 'devices', IndexName: 'by-site', ConsistentRead: true }),
  ).rejects.toMatchObject({ code: 'ValidationException' });
});

test('batches write and read several items', async () => {
  await call('BatchWriteItem', {
    RequestItems: { devices: [1, 2, 3].map((n) => ({ PutRequest: { Item: item('a', n) } })) },
  });
  const answer = await call<BatchGetItemOutput>('BatchGetItem', {
    RequestItems: { devices: { Keys: [item('a', 1), item('a', 3), item('a', 9)] } },
  });
  expect(answer.Responses?.devices?.map((one) => one.sk?.N).sort()).toEqual(['1', '3']);
});

test('a table may be named by its ARN, and one of another account does not exist', async () => {
  await put(item('a', 1));
  const arn = 'arn:aws:dynamodb:us-east-1:123456789012:table/devices';
  expect(await call('GetItem', { TableName: arn, Key: item('a', 1) })).toHaveProperty('Item');
  await expect(
    call('GetItem', { TableName: arn.replace('123456789012', '999999999999'), Key: item('a', 1) }),
  ).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
});

test.each([
  ['a missing table', 'GetItem', { TableName: 'absent', Key: item('a', 1) }, 'ResourceNotFoundException'],
  ['a key of the wrong shape', 'GetItem', { TableName: 'devices', Key: { pk: { S: 'a' } } }, 'ValidationException'],
  [
    'an item beyond 400 KB',
    'PutItem',
    { TableName: 'devices', Item: item('a', 1, { x: { S: 'x'.repeat(409_600) } }) },
    'ValidationException',
  ],
  [
    'a broken expression',
    'PutItem',
    { TableName: 'devices', Item: item('a', 1), ConditionExpression: 'pk ===' },
    'ValidationException',
  ],
  ['PartiQL', 'ExecuteStatement', { Statement: 'SELECT * FROM devices' }, 'NotImplemented'],
])('%s is refused', async (_title, operation, input, code) => {
  await expect(call(operation, input)).rejects.toMatchObject({ code });
});

/** Service authorization reference, "Amazon DynamoDB"; developer guide, "Fine-grained access control". */
test('permissions name table, index, leading keys and attributes', async () => {
  const table = 'arn:aws:dynamodb:us-east-1:123456789012:table/devices';
  await put(item('a', 1));
  await call('GetItem', {
    TableName: 'devices',
    Key: item('b', 1),
    ProjectionExpression: '#m.x, pk',
    ExpressionAttributeNames: { '#m': 'meta' },
  });
  await call('Query', {
    TableName: 'devices',
    IndexName: 'by-site',
    KeyConditionExpression: '#s = :s',
    ExpressionAttributeNames: { '#s': 'site' },
    ExpressionAttributeValues: { ':s': { S: 'north' } },
  });
  await call('BatchGetItem', { RequestItems: { devices: { Keys: [item('c', 1), item('d', 1)] } } });
  expect(cloud.asked).toMatchObject([
    { action: 'dynamodb:PutItem', resource: table, conditions: { 'dynamodb:LeadingKeys': ['a'] } },
    {
      action: 'dynamodb:GetItem',
      resource: table,
      conditions: {
        'dynamodb:LeadingKeys': ['b'],
        'dynamodb:Attributes': ['meta', 'pk', 'sk'],
        'dynamodb:Select': 'SPECIFIC_ATTRIBUTES',
      },
    },
    { action: 'dynamodb:Query', resource: `${table}/index/by-site`, conditions: { 'dynamodb:LeadingKeys': ['north'] } },
    { action: 'dynamodb:BatchGetItem', resource: table, conditions: { 'dynamodb:LeadingKeys': ['c', 'd'] } },
  ]);
});

describe('on the wire', () => {
  test('JSON goes in and out as DynamoDB words it', async () => {
    const bytes = { data: { B: Buffer.from([1, 2]).toString('base64') } };
    await wire('PutItem', JSON.stringify({ TableName: 'devices', Item: item('a', 1, bytes) }));
    const answer = await wire('GetItem', JSON.stringify({ TableName: 'devices', Key: item('a', 1) }));
    expect(answer).toMatchObject({ statusCode: 200, headers: { 'content-type': 'application/x-amz-json-1.0' } });
    expect(JSON.parse(answer.body.toString())).toEqual({ Item: item('a', 1, bytes) });
  });

  test.each([
    ['GetItem', '{', 400, 'com.amazon.coral.service#SerializationException'],
    ['GetItem', '{"TableName":"devices","Key":{"pk":{"S":1}}}', 400, 'com.amazon.coral.service#SerializationException'],
    ['GetItem', '{"TableName":"x"}', 400, 'com.amazon.coral.validate#ValidationException'],
    ['Frobnicate', '{}', 400, 'com.amazon.coral.service#UnknownOperationException'],
    ['ExportTableToPointInTime', '{}', 501, 'com.amazonaws.dynamodb.v20120810#NotImplemented'],
  ])('%s %s answers %d', async (operation, body, statusCode, type) => {
    const answer = await wire(operation, body);
    expect(answer.statusCode).toBe(statusCode);
    expect(JSON.parse(answer.body.toString()).__type).toBe(type);
  });

  test('a caller without permission is refused before anything is read', async () => {
    cloud.denied.add('dynamodb:GetItem');
    const answer = await wire('GetItem', JSON.stringify({ TableName: 'devices', Key: item('a', 1) }));
    expect(JSON.parse(answer.body.toString()).__type).toBe('com.amazon.coral.service#AccessDeniedException');
  });
});

test('items survive a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-dynamodb-'));
  const first = open(directory);
  await first.plugin.start?.();
  await first.call('CreateTable', TABLE);
  await first.call('PutItem', { TableName: 'devices', Item: item('a', 1) });
  await first.cloud.close();
  const second = open(directory);
  await second.plugin.start?.();
  expect(await second.call('GetItem', { TableName: 'devices', Key: item('a', 1) })).toEqual({ Item: item('a', 1) });
  await second.cloud.close();
});
