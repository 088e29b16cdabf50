import type { ResourceProvider } from '../../local-cloud/src/core/resources.ts';
import {
  fault,
  startTimestream,
  type TimestreamCloud,
} from '../../local-cloud/src/services/timestream/testing/timestream-cloud.ts';
import { testScope } from '../../local-cloud/src/testing/context.ts';

// Source: CloudFormation template reference, AWS::Timestream::Database and AWS::Timestream::Table.

let timestream: TimestreamCloud;

beforeEach(async () => {
  timestream = await startTimestream();
});

afterEach(() => timestream.close());

function provider(type: string): ResourceProvider {
  const found = timestream.plugin.resources?.find((resource) => resource.type === type);
  if (found === undefined) throw new Error(`no provider of ${type}`);
  return found;
}

const databaseArn = 'arn:aws:timestream:us-east-1:123456789012:database/plant';
const scope = testScope('Telemetry');

const table = {
  DatabaseName: 'plant',
  TableName: 'telemetry',
  RetentionProperties: { MemoryStoreRetentionPeriodInHours: '24', MagneticStoreRetentionPeriodInDays: '30' },
  MagneticStoreWriteProperties: {
    EnableMagneticStoreWrites: true,
    MagneticStoreRejectedDataLocation: { S3Configuration: { BucketName: 'rejects', EncryptionOption: 'SSE_S3' } },
  },
  Schema: { CompositePartitionKey: [{ Type: 'DIMENSION', Name: 'thing', EnforcementInRecord: 'REQUIRED' }] },
  Tags: [{ Key: 'stage', Value: 'dev' }],
};

test('a database answers its name and ARN, and keeps its tags', async () => {
  const database = provider('AWS::Timestream::Database');
  const state = await database.create({ DatabaseName: 'plant', Tags: [{ Key: 'stage', Value: 'dev' }] }, scope);
  expect(state).toEqual({ physicalId: 'plant', attributes: { Arn: databaseArn } });
  const tags = () => timestream.write('ListTagsForResource', { ResourceARN: databaseArn });
  expect(await tags()).toEqual({ Tags: [{ Key: 'stage', Value: 'dev' }] });
  await database.update({ DatabaseName: 'plant', Tags: [{ Key: 'owner', Value: 'x' }] }, {}, state, scope);
  expect(await tags()).toEqual({ Tags: [{ Key: 'owner', Value: 'x' }] });
  await database.delete(state, {}, scope);
  await database.delete(state, {}, scope);
  expect((await fault(timestream.write('DescribeDatabase', { DatabaseName: 'plant' }))).code).toBe(
    'ResourceNotFoundException',
  );
});

test('a database without a name gets one', async () => {
  const state = await provider('AWS::Timestream::Database').create({}, scope);
  expect(state.physicalId).toContain('test-stack-Telemetry');
});

test('a table answers database|table, its ARN and its name, with the settings of the template', async () => {
  await provider('AWS::Timestream::Database').create({ DatabaseName: 'plant' }, scope);
  const state = await provider('AWS::Timestream::Table').create(table, scope);
  expect(state).toEqual({
    physicalId: 'plant|telemetry',
    attributes: { Arn: `${databaseArn}/table/telemetry`, Name: 'telemetry' },
  });
  expect(await timestream.write('DescribeTable', { DatabaseName: 'plant', TableName: 'telemetry' })).toMatchObject({
    Table: {
      RetentionProperties: { MemoryStoreRetentionPeriodInHours: 24, MagneticStoreRetentionPeriodInDays: 30 },
      MagneticStoreWriteProperties: table.MagneticStoreWriteProperties,
      Schema: table.Schema,
    },
  });
});

test('an update keeps the rows, and returns to the default what the template no longer names', async () => {
  await provider('AWS::Timestream::Database').create({ DatabaseName: 'plant' }, scope);
  const tables = provider('AWS::Timestream::Table');
  const state = await tables.create(table, scope);
  const Records = [
    { Dimensions: [{ Name: 'thing', Value: 'a' }], MeasureName: 'x', MeasureValue: '1', Time: timestream.time() },
  ];
  await timestream.write('WriteRecords', { DatabaseName: 'plant', TableName: 'telemetry', Records });
  const { MagneticStoreWriteProperties: _writes, Tags: _tags, ...rest } = table;
  expect(await tables.update({ ...rest, TableName: 'telemetry' }, table, state, scope)).toEqual(state);
  expect(await timestream.write('DescribeTable', { DatabaseName: 'plant', TableName: 'telemetry' })).toMatchObject({
    Table: {
      RetentionProperties: { MemoryStoreRetentionPeriodInHours: 24 },
      MagneticStoreWriteProperties: { EnableMagneticStoreWrites: false },
    },
  });
  expect(await timestream.value('SELECT count(*) FROM plant.telemetry')).toBe('1');
  await tables.delete(state, table, scope);
  await tables.delete(state, table, scope);
});

test('properties that are not honoured are not listed, so that the loader refuses them', () => {
  expect(provider('AWS::Timestream::Database').properties).not.toContain('KmsKeyId');
  expect(provider('AWS::Timestream::Table').replaceOn).toEqual(['DatabaseName', 'TableName']);
  expect(timestream.plugin.resources?.map(({ type }) => type)).toEqual([
    'AWS::Timestream::Database',
    'AWS::Timestream::Table',
  ]);
});

test('retention that is no whole number is refused', async () => {
  await provider('AWS::Timestream::Database').create({ DatabaseName: 'plant' }, scope);
  const RetentionProperties = { MemoryStoreRetentionPeriodInHours: 'soon', MagneticStoreRetentionPeriodInDays: 1 };
  const call = provider('AWS::Timestream::Table').create({ ...table, RetentionProperties }, scope);
  expect((await fault(call)).code).toBe('ValidationException');
});
