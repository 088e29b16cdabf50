import type {
  DescribeContinuousBackupsOutput,
  DescribeTableOutput,
  DescribeTimeToLiveOutput,
  ListTablesOutput,
  ListTagsOfResourceOutput,
  QueryOutput,
  ScanOutput,
} from '@aws-sdk/client-dynamodb';
import type { ResourceProvider } from '../../local-cloud/src/core/resources.ts';
import { createDynamodbPlugin } from '../../local-cloud/src/services/dynamodb/plugin.ts';
import { ADMINISTRATOR, createTestCloud, testScope } from '../../local-cloud/src/testing/context.ts';
import { eventually } from '../support/eventually.ts';

/** Expected values: DynamoDB API reference; CloudFormation template reference, "AWS::DynamoDB::Table" and "…::GlobalTable". */

function open() {
  const cloud = createTestCloud();
  const plugin = cloud.use(createDynamodbPlugin);
  return {
    cloud,
    plugin,
    provider: (type: string) => plugin.resources?.find((one) => one.type === type) as ResourceProvider,
    call: <O = unknown>(operation: string, input: object) =>
      cloud.api.call<O>(ADMINISTRATOR, 'dynamodb', operation, input),
  };
}

let { cloud, plugin, provider, call } = open();
beforeEach(async () => {
  await cloud.close();
  ({ cloud, plugin, provider, call } = open());
  await plugin.start?.();
});
afterAll(() => cloud.close());

const TABLE = {
  BillingMode: 'PAY_PER_REQUEST',
  AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
  KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
};

test('a table names the account and region that the cloud plays', async () => {
  await call('CreateTable', { TableName: 'devices', ...TABLE });
  const { Table } = await call<DescribeTableOutput>('DescribeTable', { TableName: 'devices' });
  expect(Table).toMatchObject({
    TableArn: 'arn:aws:dynamodb:us-east-1:123456789012:table/devices',
    TableStatus: 'ACTIVE',
    DeletionProtectionEnabled: false,
  });
  expect(Table?.CreationDateTime).toBeInstanceOf(Date);
  await expect(call('CreateTable', { TableName: 'devices', ...TABLE })).rejects.toMatchObject({
    code: 'ResourceInUseException',
  });
});

test.each([
  ['streams', { StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_IMAGE' } }],
  ['a customer managed key', { SSESpecification: { SSEEnabled: true, KMSMasterKeyId: 'alias/mine' } }],
  ['another table class', { TableClass: 'STANDARD_INFREQUENT_ACCESS' }],
  ['a resource policy', { ResourcePolicy: '{}' }],
  ['warm throughput', { WarmThroughput: { ReadUnitsPerSecond: 1 } }],
])('%s is refused by name', async (_title, more) => {
  await expect(call('CreateTable', { TableName: 'tab', ...TABLE, ...more })).rejects.toMatchObject({
    code: 'NotImplemented',
    message: expect.stringContaining(Object.keys(more)[0] as string),
  });
  expect(await call('ListTables', {})).toEqual({ TableNames: [] });
});

test('tables are listed in pages and disappear when deleted', async () => {
  for (const TableName of ['c-1', 'c-2', 'c-3']) await call('CreateTable', { TableName, ...TABLE });
  const first = await call<ListTablesOutput>('ListTables', { Limit: 2 });
  expect(first).toEqual({ TableNames: ['c-1', 'c-2'], LastEvaluatedTableName: 'c-2' });
  expect(await call('ListTables', { ExclusiveStartTableName: 'c-2' })).toEqual({ TableNames: ['c-3'] });
  await call('PutItem', { TableName: 'c-1', Item: { id: { S: 'x' } } });
  await call('DeleteTable', { TableName: 'c-1' });
  await expect(call('DescribeTable', { TableName: 'c-1' })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
  await call('CreateTable', { TableName: 'c-1', ...TABLE });
  expect(await call('Scan', { TableName: 'c-1' })).toMatchObject({ Count: 0 });
});

test('a protected table is not deleted', async () => {
  await call('CreateTable', { TableName: 'tab', ...TABLE, DeletionProtectionEnabled: true });
  await expect(call('DeleteTable', { TableName: 'tab' })).rejects.toMatchObject({
    code: 'ValidationException',
    message: expect.stringContaining('protected against deletion'),
  });
  await call('UpdateTable', { TableName: 'tab', DeletionProtectionEnabled: false });
  await call('DeleteTable', { TableName: 'tab' });
});

describe('time to live', () => {
  const seconds = () => Math.floor(cloud.clock.now() / 1000);
  const put = (id: string, more: object) => call('PutItem', { TableName: 'tab', Item: { id: { S: id }, ...more } });
  const ids = async () =>
    ((await call<ScanOutput>('Scan', { TableName: 'tab' })).Items ?? []).map((item) => item.id?.S).sort();
  const set = (Enabled: boolean, AttributeName = 'ttl') =>
    call('UpdateTimeToLive', { TableName: 'tab', TimeToLiveSpecification: { Enabled, AttributeName } });

  beforeEach(() => call('CreateTable', { TableName: 'tab', ...TABLE }));

  test('items disappear when their time has passed by the clock', async () => {
    await set(true);
    await put('soon', { ttl: { N: String(seconds() + 600) } });
    await put('later', { ttl: { N: String(seconds() + 7200) } });
    await put('never', {});
    await put('text', { ttl: { S: String(seconds() - 600) } });
    await put('five years ago', { ttl: { N: String(seconds() - 5 * 365 * 86_400 - 10_000) } });
    await cloud.clock.advance(5 * 60_000);
    expect(await ids()).toHaveLength(5);
    await cloud.clock.advance(10 * 60_000);
    await eventually('the sweep', async () => (await ids()).length < 5, 10_000, 10);
    expect(await ids()).toEqual(['five years ago', 'later', 'never', 'text']);
  });

  test('the setting is described and cannot be set twice', async () => {
    const described = async () =>
      (await call<DescribeTimeToLiveOutput>('DescribeTimeToLive', { TableName: 'tab' })).TimeToLiveDescription;
    expect(await described()).toEqual({ TimeToLiveStatus: 'DISABLED' });
    await set(true);
    expect(await described()).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'ttl' });
    await expect(set(true)).rejects.toMatchObject({ message: 'TimeToLive is already enabled' });
    await set(false);
    await expect(set(false)).rejects.toMatchObject({ message: 'TimeToLive is already disabled' });
  });
});

describe('global secondary indexes of an existing table', () => {
  const site = {
    IndexName: 'by-site',
    KeySchema: [{ AttributeName: 'site', KeyType: 'HASH' }],
    Projection: { ProjectionType: 'ALL' },
  };
  const AttributeDefinitions = [...TABLE.AttributeDefinitions, { AttributeName: 'site', AttributeType: 'S' }];
  const query = () =>
    call<QueryOutput>('Query', {
      TableName: 'tab',
      IndexName: 'by-site',
      KeyConditionExpression: 'site = :s',
      ExpressionAttributeValues: { ':s': { S: 'north' } },
    });
  const put = (id: string, value: object) =>
    call('PutItem', { TableName: 'tab', Item: { id: { S: id }, site: value } });
  const update = (more: object) => call('UpdateTable', { TableName: 'tab', ...more });

  beforeEach(async () => {
    await call('CreateTable', { TableName: 'tab', ...TABLE });
    await put('a', { S: 'north' });
    await put('b', { S: 'south' });
    await put('number', { N: '1' });
  });

  test('a new index holds the items that are there and follows later writes', async () => {
    await update({ AttributeDefinitions, GlobalSecondaryIndexUpdates: [{ Create: site }] });
    expect((await query()).Items?.map((item) => item.id?.S)).toEqual(['a']);
    await put('b', { S: 'north' });
    expect((await query()).Count).toBe(2);
    const { Table } = await call<DescribeTableOutput>('DescribeTable', { TableName: 'tab' });
    expect(Table?.GlobalSecondaryIndexes).toMatchObject([
      {
        IndexName: 'by-site',
        IndexStatus: 'ACTIVE',
        IndexArn: 'arn:aws:dynamodb:us-east-1:123456789012:table/tab/index/by-site',
      },
    ]);
  });

  test('a removed index is gone, and made again it starts from the items', async () => {
    await update({ AttributeDefinitions, GlobalSecondaryIndexUpdates: [{ Create: site }] });
    await update({ GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'by-site' } }] });
    await expect(query()).rejects.toMatchObject({ code: 'ValidationException' });
    await put('a', { S: 'east' });
    await update({ AttributeDefinitions, GlobalSecondaryIndexUpdates: [{ Create: site }] });
    expect((await query()).Count).toBe(0);
  });

  test.each([
    [
      'two at once',
      {
        AttributeDefinitions,
        GlobalSecondaryIndexUpdates: [{ Create: site }, { Create: { ...site, IndexName: 'other' } }],
      },
      'LimitExceededException',
    ],
    ['a key without definition', { GlobalSecondaryIndexUpdates: [{ Create: site }] }, 'ValidationException'],
    [
      'an absent index',
      { GlobalSecondaryIndexUpdates: [{ Delete: { IndexName: 'absent' } }] },
      'ResourceNotFoundException',
    ],
  ])('%s is refused', async (_title, more, code) => {
    await expect(update(more)).rejects.toMatchObject({ code });
  });

  test('CloudFormation makes one and removes it', async () => {
    const tables = provider('AWS::DynamoDB::Table');
    const state = { physicalId: 'tab', attributes: {} };
    const indexed = { ...TABLE, AttributeDefinitions, GlobalSecondaryIndexes: [site] };
    await tables.update(indexed, TABLE, state, testScope());
    expect((await query()).Count).toBe(1);
    await tables.update(TABLE, indexed, state, testScope());
    await expect(query()).rejects.toMatchObject({ code: 'ValidationException' });
  });
});

describe('CloudFormation', () => {
  const properties = {
    ...TABLE,
    SSESpecification: { SSEEnabled: true },
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
    TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
    DeletionProtectionEnabled: true,
    Tags: [{ Key: 'stage', Value: 'dev' }],
  };

  test('makes a table with all its settings, changes and deletes it', async () => {
    const tables = provider('AWS::DynamoDB::Table');
    const state = await tables.create(properties, testScope('Allow'));
    const TableName = 'test-stack-Allow-ABCDEFGHIJKL';
    const arn = `arn:aws:dynamodb:us-east-1:123456789012:table/${TableName}`;
    expect(state).toMatchObject({ physicalId: TableName, attributes: { Arn: arn } });
    const { Table } = await call<DescribeTableOutput>('DescribeTable', { TableName });
    expect(Table).toMatchObject({
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      DeletionProtectionEnabled: true,
      SSEDescription: { Status: 'ENABLED' },
    });
    expect(await call<ListTagsOfResourceOutput>('ListTagsOfResource', { ResourceArn: arn })).toEqual({
      Tags: properties.Tags,
    });
    const backups = async () =>
      (await call<DescribeContinuousBackupsOutput>('DescribeContinuousBackups', { TableName }))
        .ContinuousBackupsDescription?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus;
    expect(await backups()).toBe('ENABLED');
    await expect(tables.delete(state, properties, testScope('Allow'))).rejects.toMatchObject({
      code: 'ValidationException',
    });

    const changed = { ...TABLE, TimeToLiveSpecification: { AttributeName: 'expires', Enabled: 'true' } };
    await tables.update(changed, properties, state, testScope('Allow'));
    expect(await backups()).toBe('DISABLED');
    expect(await call('DescribeTimeToLive', { TableName })).toMatchObject({
      TimeToLiveDescription: { AttributeName: 'expires' },
    });
    await tables.delete(state, changed, testScope('Allow'));
    expect(await call('ListTables', {})).toEqual({ TableNames: [] });
  });

  test('makes a global table of one replica, and refuses more', async () => {
    const tables = provider('AWS::DynamoDB::GlobalTable');
    const global = {
      ...TABLE,
      TimeToLiveSpecification: { AttributeName: 'ttl', Enabled: true },
      Replicas: [
        {
          Region: 'us-east-1',
          DeletionProtectionEnabled: false,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        },
      ],
    };
    const state = await tables.create(global, testScope('Global'));
    expect(await call('DescribeTimeToLive', { TableName: state.physicalId })).toMatchObject({
      TimeToLiveDescription: { TimeToLiveStatus: 'ENABLED' },
    });
    await tables.delete(state, global, testScope('Global'));
    const two = { ...global, Replicas: [...global.Replicas, { Region: 'eu-west-1' }] };
    await expect(tables.create(two, testScope('Global'))).rejects.toMatchObject({ code: 'NotImplemented' });
  });
});
