import {
  fault,
  startTimestream,
  type TimestreamCloud,
} from '../../local-cloud/src/services/timestream/testing/timestream-cloud.ts';

// Source: Amazon Timestream API reference (CreateDatabase, CreateTable, …) and developer guide, "Quotas".

let timestream: TimestreamCloud;

beforeEach(async () => {
  timestream = await startTimestream();
});

afterEach(() => timestream.close());

const databaseArn = 'arn:aws:timestream:us-east-1:123456789012:database/plant';

describe('databases', () => {
  test('a database is created, described, listed and deleted', async () => {
    const created = await timestream.write('CreateDatabase', { DatabaseName: 'plant' });
    const expected = {
      Arn: databaseArn,
      DatabaseName: 'plant',
      TableCount: 0,
      CreationTime: new Date('2026-01-01T00:00:00Z'),
    };
    expect(created).toMatchObject({ Database: expected });
    expect(await timestream.write('DescribeDatabase', { DatabaseName: 'plant' })).toMatchObject({ Database: expected });
    expect(await timestream.write('ListDatabases', {})).toMatchObject({ Databases: [expected] });
    await timestream.write('DeleteDatabase', { DatabaseName: 'plant' });
    const error = await fault(timestream.write('DescribeDatabase', { DatabaseName: 'plant' }));
    expect(error).toMatchObject({ code: 'ResourceNotFoundException', statusCode: 404 });
  });

  test('a name can be used once, and has 3 to 256 characters of letters, digits, underscore, point and hyphen', async () => {
    await timestream.write('CreateDatabase', { DatabaseName: 'plant' });
    const again = await fault(timestream.write('CreateDatabase', { DatabaseName: 'plant' }));
    expect(again).toMatchObject({ code: 'ConflictException', statusCode: 409 });
    for (const DatabaseName of ['ab', 'x'.repeat(257), 'a b c', 'a/b/c']) {
      const error = await fault(timestream.write('CreateDatabase', { DatabaseName }));
      expect(error.code).toBe('ValidationException');
      expect(error.message).toContain(`Value '${DatabaseName}' at 'databaseName' failed to satisfy constraint`);
    }
  });

  test('a database with tables is not deleted', async () => {
    await timestream.write('CreateDatabase', { DatabaseName: 'plant' });
    await timestream.write('CreateTable', { DatabaseName: 'plant', TableName: 'telemetry' });
    const error = await fault(timestream.write('DeleteDatabase', { DatabaseName: 'plant' }));
    expect(error.code).toBe('ValidationException');
    await timestream.write('DeleteTable', { DatabaseName: 'plant', TableName: 'telemetry' });
    await timestream.write('DeleteDatabase', { DatabaseName: 'plant' });
  });

  test('a KMS key is refused, because nothing would be encrypted with it', async () => {
    const error = await fault(timestream.write('CreateDatabase', { DatabaseName: 'plant', KmsKeyId: 'alias/key' }));
    expect(error).toMatchObject({ code: 'NotImplemented', statusCode: 501 });
  });

  test('lists are read page by page', async () => {
    for (const name of ['delta', 'alpha', 'gamma', 'beta'])
      await timestream.write('CreateDatabase', { DatabaseName: name });
    interface Page {
      Databases: { DatabaseName: string }[];
      NextToken?: string;
    }
    const first = await timestream.write<Page>('ListDatabases', { MaxResults: 3 });
    expect(first.Databases.map(({ DatabaseName }) => DatabaseName)).toEqual(['alpha', 'beta', 'delta']);
    const second = await timestream.write<Page>('ListDatabases', { MaxResults: 3, NextToken: first.NextToken });
    expect(second.Databases.map(({ DatabaseName }) => DatabaseName)).toEqual(['gamma']);
    expect(second.NextToken).toBeUndefined();
    expect((await fault(timestream.write('ListDatabases', { MaxResults: 21 }))).code).toBe('ValidationException');
    expect((await fault(timestream.write('ListDatabases', { NextToken: '??' }))).code).toBe('ValidationException');
  });
});

describe('tables', () => {
  beforeEach(() => timestream.write('CreateDatabase', { DatabaseName: 'plant' }));

  test('a table has the documented defaults: 6 hours of memory store, 73,000 days of magnetic store, no late writes', async () => {
    const { Table } = await timestream.write<{ Table: object }>('CreateTable', {
      DatabaseName: 'plant',
      TableName: 'telemetry',
    });
    expect(Table).toEqual({
      Arn: `${databaseArn}/table/telemetry`,
      TableName: 'telemetry',
      DatabaseName: 'plant',
      TableStatus: 'ACTIVE',
      RetentionProperties: { MemoryStoreRetentionPeriodInHours: 6, MagneticStoreRetentionPeriodInDays: 73_000 },
      CreationTime: new Date('2026-01-01T00:00:00Z'),
      LastUpdatedTime: new Date('2026-01-01T00:00:00Z'),
      MagneticStoreWriteProperties: { EnableMagneticStoreWrites: false },
      Schema: { CompositePartitionKey: [{ Type: 'MEASURE' }] },
    });
  });

  test('retention outside 1 to 8,766 hours and 1 to 73,000 days is refused', async () => {
    for (const [hours, days] of [
      [0, 1],
      [8767, 1],
      [1, 0],
      [1, 73_001],
    ]) {
      const RetentionProperties = {
        MemoryStoreRetentionPeriodInHours: hours,
        MagneticStoreRetentionPeriodInDays: days,
      };
      const error = await fault(
        timestream.write('CreateTable', { DatabaseName: 'plant', TableName: 'telemetry', RetentionProperties }),
      );
      expect(error.code).toBe('ValidationException');
    }
  });

  test('a table can be changed, and keeps what the change does not name', async () => {
    await timestream.write('CreateTable', { DatabaseName: 'plant', TableName: 'telemetry' });
    await timestream.cloud.clock.advance(1000);
    const MagneticStoreWriteProperties = {
      EnableMagneticStoreWrites: true,
      MagneticStoreRejectedDataLocation: { S3Configuration: { BucketName: 'rejects', EncryptionOption: 'SSE_S3' } },
    };
    const updated = await timestream.write('UpdateTable', {
      DatabaseName: 'plant',
      TableName: 'telemetry',
      MagneticStoreWriteProperties,
    });
    expect(updated).toMatchObject({
      Table: {
        RetentionProperties: { MemoryStoreRetentionPeriodInHours: 6 },
        MagneticStoreWriteProperties,
        LastUpdatedTime: new Date('2026-01-01T00:00:01Z'),
      },
    });
  });

  test('a table needs its database, and its name is free once', async () => {
    const input = { DatabaseName: 'plant', TableName: 'telemetry' };
    await timestream.write('CreateTable', input);
    expect((await fault(timestream.write('CreateTable', input))).code).toBe('ConflictException');
    const missing = await fault(timestream.write('CreateTable', { ...input, DatabaseName: 'nowhere' }));
    expect(missing.code).toBe('ResourceNotFoundException');
    expect((await fault(timestream.write('DeleteTable', { ...input, TableName: 'other' }))).code).toBe(
      'ResourceNotFoundException',
    );
  });

  test('a partition key is one dimension, whose enforcement alone can change', async () => {
    const Schema = { CompositePartitionKey: [{ Type: 'DIMENSION', Name: 'thing', EnforcementInRecord: 'REQUIRED' }] };
    await timestream.write('CreateTable', { DatabaseName: 'plant', TableName: 'telemetry', Schema });
    const change = (key: object) =>
      timestream.write('UpdateTable', {
        DatabaseName: 'plant',
        TableName: 'telemetry',
        Schema: { CompositePartitionKey: [key] },
      });
    await change({ Type: 'DIMENSION', Name: 'thing', EnforcementInRecord: 'OPTIONAL' });
    expect((await fault(change({ Type: 'DIMENSION', Name: 'site' }))).code).toBe('ValidationException');
    expect((await fault(change({ Type: 'MEASURE' }))).code).toBe('ValidationException');
  });

  test('tags are kept, replaced and removed by ARN', async () => {
    const ResourceARN = `${databaseArn}/table/telemetry`;
    await timestream.write('CreateTable', {
      DatabaseName: 'plant',
      TableName: 'telemetry',
      Tags: [{ Key: 'stage', Value: 'dev' }],
    });
    await timestream.write('TagResource', {
      ResourceARN,
      Tags: [
        { Key: 'stage', Value: 'prod' },
        { Key: 'owner', Value: 'x' },
      ],
    });
    await timestream.write('UntagResource', { ResourceARN, TagKeys: ['owner'] });
    expect(await timestream.write('ListTagsForResource', { ResourceARN })).toEqual({
      Tags: [{ Key: 'stage', Value: 'prod' }],
    });
    const reserved = timestream.write('TagResource', { ResourceARN, Tags: [{ Key: 'aws:x', Value: '1' }] });
    expect((await fault(reserved)).code).toBe('ValidationException');
    const nowhere = timestream.write('ListTagsForResource', { ResourceARN: `${databaseArn}/table/other` });
    expect((await fault(nowhere)).code).toBe('ResourceNotFoundException');
  });
});

// The SDKs put the address in the place of a request's host name, so it must have no port.
test('endpoint discovery answers the host of the front door, for a day', async () => {
  timestream.cloud.ports.provide('endpoints', {
    apiUrl: 'https://localhost:4566',
    mqttHost: 'localhost',
    mqttPort: 8883,
    caFile: '/ca.pem',
  });
  expect(await timestream.write('DescribeEndpoints', {})).toEqual({
    Endpoints: [{ Address: 'localhost', CachePeriodInMinutes: 1440 }],
  });
});

test('an operation that is not built says so', async () => {
  const error = await fault(timestream.write('CreateBatchLoadTask', {}));
  expect(error).toMatchObject({ code: 'NotImplemented', statusCode: 501 });
  expect(error.message).toContain('CreateBatchLoadTask');
});
