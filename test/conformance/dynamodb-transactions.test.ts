import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScanOutput } from '@aws-sdk/client-dynamodb';
import { createDynamodbPlugin } from '../../local-cloud/src/services/dynamodb/plugin.ts';
import { ADMINISTRATOR, createTestCloud } from '../../local-cloud/src/testing/context.ts';

/** Expected values: DynamoDB API reference, "TransactWriteItems" and "TransactGetItems". */

function open(directory?: string) {
  const cloud = createTestCloud(directory === undefined ? {} : { directory });
  const plugin = cloud.use(createDynamodbPlugin);
  return {
    cloud,
    plugin,
    call: <O = unknown>(operation: string, input: object) =>
      cloud.api.call<O>(ADMINISTRATOR, 'dynamodb', operation, input),
  };
}

const TABLE = {
  TableName: 'tab',
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
};

let { cloud, plugin, call } = open();
beforeEach(async () => {
  await cloud.close();
  ({ cloud, plugin, call } = open());
  await plugin.start?.();
  await call('CreateTable', TABLE);
});
afterAll(() => cloud.close());

const key = (id: string) => ({ id: { S: id } });
const put = (id: string, more: object = {}) => ({ Put: { TableName: 'tab', Item: key(id), ...more } });
const write = (TransactItems: object[], more: object = {}) => call('TransactWriteItems', { TransactItems, ...more });
const ids = async (on = call) =>
  ((await on<ScanOutput>('Scan', { TableName: 'tab' })).Items ?? []).map((item) => item.id?.S).sort();

test('all actions happen together', async () => {
  await write([put('gone'), put('kept')]);
  await write([
    { Delete: { TableName: 'tab', Key: key('gone') } },
    { ConditionCheck: { TableName: 'tab', Key: key('kept'), ConditionExpression: 'attribute_exists(id)' } },
    {
      Update: {
        TableName: 'tab',
        Key: key('new'),
        UpdateExpression: 'SET n = :n',
        ExpressionAttributeValues: { ':n': { N: '1' } },
      },
    },
  ]);
  expect(await ids()).toEqual(['kept', 'new']);
});

test('an item that names no action is refused, and the others are not done', async () => {
  await expect(write([put('a'), {}])).rejects.toMatchObject({ code: 'ValidationException' });
  expect(await ids()).toEqual([]);
});

test('one failed condition cancels all, with a reason for each action in order', async () => {
  await write([put('there')]);
  const refused = write([
    put('other'),
    put('there', { ConditionExpression: 'attribute_not_exists(id)', ReturnValuesOnConditionCheckFailure: 'ALL_OLD' }),
  ]);
  await expect(refused).rejects.toMatchObject({
    code: 'TransactionCanceledException',
    message:
      'Transaction cancelled, please refer cancellation reasons for specific reasons [None, ConditionalCheckFailed]',
    fields: {
      CancellationReasons: [
        { Code: 'None' },
        { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed', Item: key('there') },
      ],
    },
  });
  expect(await ids()).toEqual(['there']);
});

test('an action that fails while it is applied takes the others back', async () => {
  await write([put('text', { Item: { ...key('text'), n: { S: 'not a number' } } })]);
  const refused = write([
    put('before'),
    {
      Update: {
        TableName: 'tab',
        Key: key('text'),
        UpdateExpression: 'SET n = n + :n',
        ExpressionAttributeValues: { ':n': { N: '1' } },
      },
    },
  ]);
  await expect(refused).rejects.toMatchObject({
    fields: { CancellationReasons: [{ Code: 'None' }, { Code: 'ValidationError' }] },
  });
  expect(await ids()).toEqual(['text']);
});

test('nobody sees half a transaction', async () => {
  await write([put('a', { Item: { ...key('a'), n: { N: '0' } } }), put('b', { Item: { ...key('b'), n: { N: '0' } } })]);
  const bump = (id: string) => ({
    Update: {
      TableName: 'tab',
      Key: key(id),
      UpdateExpression: 'SET n = n + :one',
      ExpressionAttributeValues: { ':one': { N: '1' } },
    },
  });
  const sums: number[] = [];
  const look = async () => {
    const { Items } = await call<ScanOutput>('Scan', { TableName: 'tab' });
    sums.push((Items ?? []).reduce((sum, item) => sum + Number(item.n?.N), 0));
  };
  await Promise.all(Array.from({ length: 10 }, () => [write([bump('a'), bump('b')]), look()]).flat());
  await look();
  expect(sums.at(-1)).toBe(20);
  expect(sums.filter((sum) => sum % 2 !== 0)).toEqual([]);
});

test('a token makes the transaction happen once', async () => {
  const bump = [
    {
      Update: {
        TableName: 'tab',
        Key: key('n'),
        UpdateExpression: 'ADD n :one',
        ExpressionAttributeValues: { ':one': { N: '1' } },
      },
    },
  ];
  const value = async () => (await call<ScanOutput>('Scan', { TableName: 'tab' })).Items?.[0]?.n?.N;
  await write(bump, { ClientRequestToken: 'once' });
  await write(bump, { ClientRequestToken: 'once' });
  expect(await value()).toBe('1');
  await expect(write([put('x')], { ClientRequestToken: 'once' })).rejects.toMatchObject({
    code: 'IdempotentParameterMismatchException',
  });
  await cloud.clock.advance(10 * 60_000);
  await write(bump, { ClientRequestToken: 'once' });
  expect(await value()).toBe('2');
});

test.each([
  ['two actions on one item', [put('a'), { Delete: { TableName: 'tab', Key: key('a') } }], 'ValidationException'],
  ['two actions in one entry', [{ ...put('a'), Delete: { TableName: 'tab', Key: key('b') } }], 'ValidationException'],
  ['more than 100 actions', Array.from({ length: 101 }, (_, n) => put(String(n))), 'ValidationException'],
  ['a missing table', [{ Put: { TableName: 'absent', Item: key('a') } }], 'ResourceNotFoundException'],
])('%s are refused', async (_title, items, code) => {
  await expect(write(items)).rejects.toMatchObject({ code });
  expect(await ids()).toEqual([]);
});

test('TransactGetItems answers in order, with nothing for a missing item', async () => {
  await write([put('a'), put('b')]);
  const get = (id: string) => ({ Get: { TableName: 'tab', Key: key(id) } });
  expect(await call('TransactGetItems', { TransactItems: [get('b'), get('x'), get('a')] })).toEqual({
    Responses: [{ Item: key('b') }, {}, { Item: key('a') }],
  });
});

test('what a crash left half done is taken back at the next start', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-dynamodb-'));
  const first = open(directory);
  await first.plugin.start?.();
  await first.call('CreateTable', TABLE);
  await first.call('PutItem', { TableName: 'tab', Item: { ...key('old'), v: { N: '2' } } });
  await first.call('PutItem', { TableName: 'tab', Item: key('new') });
  const undo = [
    { table: 'tab', key: key('old'), item: { ...key('old'), v: { N: '1' } } },
    { table: 'tab', key: key('new'), item: null },
  ];
  first.cloud.store.collection('dynamodb/transactions').put('interrupted', undo);
  await first.cloud.close();
  const second = open(directory);
  await second.plugin.start?.();
  expect((await second.call<ScanOutput>('Scan', { TableName: 'tab' })).Items).toEqual([
    { ...key('old'), v: { N: '1' } },
  ]);
  await second.cloud.close();
});
