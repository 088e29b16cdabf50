import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CreateDeliveryStreamCommand,
  DescribeDeliveryStreamCommand,
  type ExtendedS3DestinationConfiguration,
  FirehoseClient,
  PutRecordBatchCommand,
} from '@aws-sdk/client-firehose';
import { CreateDatabaseCommand, CreateTableCommand, GlueClient } from '@aws-sdk/client-glue';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { DuckDBInstance } from '@duckdb/node-api';
import { createFirehosePlugin } from '../../local-cloud/src/services/firehose/plugin.ts';
import { createGluePlugin } from '../../local-cloud/src/services/glue/plugin.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

let https: HttpsCloud;
let firehose: FirehoseClient;
let s3: S3Client;
let iam: IAMClient;
let RoleARN: string;

beforeEach(async () => {
  https = await startHttpsCloud({ plugins: [createS3Plugin, createGluePlugin, createFirehosePlugin] });
  firehose = new FirehoseClient(https.client());
  s3 = new S3Client({ ...https.client(), forcePathStyle: true });
  iam = new IAMClient(https.client());
  await s3.send(new CreateBucketCommand({ Bucket: 'lake' }));
  const glue = new GlueClient(https.client());
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'lake' } }));
  const columns = {
    device: 'string',
    temperature: 'double',
    count: 'bigint',
    ok: 'boolean',
    at: 'timestamp',
    tags: 'array<string>',
    place: 'struct<site:string,floor:int>',
  };
  const Columns = Object.entries(columns).map(([Name, Type]) => ({ Name, Type }));
  const TableInput = { Name: 'telemetry', StorageDescriptor: { Columns, Location: 's3://lake/telemetry/' } };
  await glue.send(new CreateTableCommand({ DatabaseName: 'lake', TableInput }));
  RoleARN = await role('delivery', [
    { Effect: 'Allow', Action: 's3:PutObject', Resource: 'arn:aws:s3:::lake/*' },
    {
      Effect: 'Allow',
      Action: 'glue:GetTable',
      Resource: ['catalog', 'database/lake', 'table/lake/telemetry'].map(
        (r) => `arn:aws:glue:us-east-1:123456789012:${r}`,
      ),
    },
  ]);
});
afterEach(() => https.close());

const document = (Statement: object) => JSON.stringify({ Version: '2012-10-17', Statement });

async function role(RoleName: string, statement: object): Promise<string> {
  const AssumeRolePolicyDocument = document({
    Effect: 'Allow',
    Principal: { Service: 'firehose.amazonaws.com' },
    Action: 'sts:AssumeRole',
  });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName, AssumeRolePolicyDocument }));
  await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName: 'p', PolicyDocument: document(statement) }));
  return Role?.Arn as string;
}

const conversion = (SchemaRole: string) => ({
  SchemaConfiguration: { RoleARN: SchemaRole, DatabaseName: 'lake', TableName: 'telemetry' },
  InputFormatConfiguration: { Deserializer: { OpenXJsonSerDe: {} } },
  OutputFormatConfiguration: { Serializer: { ParquetSerDe: { Compression: 'SNAPPY' as const } } },
});

const partitioning = (
  MetadataExtractionQuery: string,
  more: object[] = [],
): Partial<ExtendedS3DestinationConfiguration> => ({
  DynamicPartitioningConfiguration: { Enabled: true },
  ProcessingConfiguration: {
    Enabled: true,
    Processors: [
      ...(more as []),
      {
        Type: 'MetadataExtraction',
        Parameters: [
          { ParameterName: 'MetadataExtractionQuery', ParameterValue: MetadataExtractionQuery },
          { ParameterName: 'JsonParsingEngine', ParameterValue: 'JQ-1.6' },
        ],
      },
    ],
  },
});

const create = (destination: Partial<ExtendedS3DestinationConfiguration>) =>
  firehose.send(
    new CreateDeliveryStreamCommand({
      DeliveryStreamName: 'stream',
      ExtendedS3DestinationConfiguration: {
        RoleARN,
        BucketARN: 'arn:aws:s3:::lake',
        Prefix: 'telemetry/',
        ErrorOutputPrefix: 'failed/!{firehose:error-output-type}/',
        BufferingHints: { SizeInMBs: 64, IntervalInSeconds: 0 },
        ...destination,
      },
    }),
  );

const put = (...records: string[]) =>
  firehose.send(
    new PutRecordBatchCommand({
      DeliveryStreamName: 'stream',
      Records: records.map((text) => ({ Data: Buffer.from(text) })),
    }),
  );

async function keys(atLeast: number): Promise<string[]> {
  for (let attempt = 0; ; attempt++) {
    const { Contents } = await s3.send(new ListObjectsV2Command({ Bucket: 'lake' }));
    const found = (Contents ?? []).map(({ Key }) => Key as string);
    if (found.length >= atLeast || attempt === 250) return found;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function bytes(Key: string): Promise<Buffer> {
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'lake', Key }));
  return Buffer.from((await Body?.transformToByteArray()) as Uint8Array);
}

async function rows(Key: string, sql = '*', from = 'read_parquet'): Promise<unknown> {
  const file = join(mkdtempSync(join(tmpdir(), 'parquet-')), 'object');
  writeFileSync(file, await bytes(Key));
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  return (await connection.runAndReadAll(`SELECT ${sql} FROM ${from}('${file}')`)).getRowObjectsJson();
}

// source: Amazon Data Firehose developer guide, "Convert input data format in Amazon Data Firehose"
test('JSON records become rows of one Parquet object, compressed with Snappy, with the types of the Glue table', async () => {
  await create({ DataFormatConversionConfiguration: conversion(RoleARN) });
  await put(
    '{"Device":"a","temperature":21.5,"count":9007199254740993,"ok":true,"at":"2026-02-03T04:05:06.789Z","tags":["x","y"],"place":{"site":"n","floor":2},"unknown":1}',
    '{"device":7,"temperature":"3.25","count":"5","at":1518033528}{"device":"c","at":1518033528123}',
  );
  const [key] = (await keys(1)) as [string];
  expect(key).toMatch(/^telemetry\/\d{4}\/\d\d\/\d\d\/\d\d\/stream-1-[-0-9a-f]+\.parquet$/);
  expect(await rows(key)).toEqual([
    {
      device: 'a',
      temperature: 21.5,
      count: '9007199254740993',
      ok: true,
      at: '2026-02-03 04:05:06.789',
      tags: ['x', 'y'],
      place: { site: 'n', floor: 2 },
    },
    { device: '7', temperature: 3.25, count: '5', ok: null, at: '2018-02-07 19:58:48', tags: null, place: null },
    { device: 'c', temperature: null, count: null, ok: null, at: '2018-02-07 19:58:48.123', tags: null, place: null },
  ]);
  expect(await rows(key, 'DISTINCT compression', 'parquet_metadata')).toEqual([{ compression: 'SNAPPY' }]);
});

// source: Amazon Data Firehose developer guide, "Handle errors for data format conversion"
test('a record that does not fit the schema goes to the error prefix and delays no other', async () => {
  await create({ DataFormatConversionConfiguration: conversion(RoleARN) });
  await put('{"device":"a","temperature":"hot"}', 'no JSON', '{"device":"b"}');
  const [failed, good] = (await keys(2)) as [string, string];
  expect(failed).toMatch(/^failed\/format-conversion-failed\/\d{4}\/\d\d\/\d\d\/\d\d\/stream-1-[-0-9a-f]+$/);
  expect(await rows(good, 'device')).toEqual([{ device: 'b' }]);
  const documents = (await bytes(failed))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(documents.map(({ rawData }) => Buffer.from(rawData, 'base64').toString())).toEqual([
    '{"device":"a","temperature":"hot"}',
    'no JSON',
  ]);
  expect(documents[0]).toMatchObject({
    attemptsMade: 1,
    arrivalTimestamp: expect.any(Number),
    lastErrorCode: 'DataFormatConversion.InvalidTypeMapping',
    lastErrorMessage: expect.stringContaining('"hot"'),
    dataCatalogTable: { databaseName: 'lake', tableName: 'telemetry', region: 'us-east-1', versionId: '0' },
  });
});

// source: Amazon Data Firehose developer guide, "Understand partitioning keys" and "Use Amazon S3 bucket prefix to deliver data"
test('records are grouped by keys of their JSON, and each group becomes a Parquet object under its prefix', async () => {
  await create({
    DataFormatConversionConfiguration: conversion(RoleARN),
    ...partitioning('{site: .place.site, year: (.epoch | strftime("%Y"))}'),
    Prefix: 'telemetry/site=!{partitionKeyFromQuery:site}/year=!{partitionKeyFromQuery:year}/day=!{timestamp:dd}/',
  });
  await put(
    '{"device":"a","place":{"site":"north"},"epoch":1565382027}',
    '{"device":"b","place":{"site":"south"},"epoch":1765382027}',
    '{"device":"c","place":{"site":"north"},"epoch":1565382028}',
    '{"device":"d"}',
  );
  const found = await keys(3);
  expect(found.map((key) => key.replace(/day=\d\d|\d{4}\/\d\d\/\d\d\/\d\d|[^/]*$/g, ''))).toEqual([
    'failed/processing-failed//',
    'telemetry/site=north/year=2019//',
    'telemetry/site=south/year=2025//',
  ]);
  expect(await rows(found[1] as string, 'device')).toEqual([{ device: 'a' }, { device: 'c' }]);
  expect(JSON.parse((await bytes(found[0] as string)).toString())).toMatchObject({
    errorCode: 'DynamicPartitioning.MetadataExtractionFailed',
    errorMessage: 'partitionKeys values must not be null or empty',
    rawData: Buffer.from('{"device":"d"}').toString('base64'),
  });
});

// source: Amazon Data Firehose developer guide, "Apply dynamic partitioning to aggregated data"
test('without conversion, JSON documents of one record are taken apart and delivered with a delimiter', async () => {
  const split = {
    Type: 'RecordDeAggregation',
    Parameters: [{ ParameterName: 'SubRecordType', ParameterValue: 'JSON' }],
  };
  await create({
    ...partitioning('{device: .device}', [split, { Type: 'AppendDelimiterToRecord' }]),
    Prefix: '!{partitionKeyFromQuery:device}/',
  });
  await put('{"device":"a"}{"device":"b"}', '{"device":"a","n":2}');
  const found = await keys(2);
  expect(found.map((key) => key[0])).toEqual(['a', 'b']);
  expect((await bytes(found[0] as string)).toString()).toBe('{"device":"a"}\n{"device":"a","n":2}\n');
});

// source: Amazon Data Firehose API reference, SchemaConfiguration (RoleARN)
test('a stream whose role may not read the schema is refused', async () => {
  const blind = await role('blind', [{ Effect: 'Allow', Action: 's3:PutObject', Resource: '*' }]);
  await expect(create({ DataFormatConversionConfiguration: conversion(blind) })).rejects.toMatchObject({
    name: 'InvalidArgumentException',
    message: expect.stringMatching(/assumed-role\/blind\/AWSFirehose.*glue:GetTable/),
  });
});

// source: Amazon Data Firehose developer guide, "Convert input data format" (buffer size, compression), "Partition streaming data"
test.each([
  ['a small buffer', { BufferingHints: { SizeInMBs: 5, IntervalInSeconds: 60 } }],
  ['GZIP', { CompressionFormat: 'GZIP' as const }],
  ['keys without dynamic partitioning', { Prefix: '!{partitionKeyFromQuery:a}/' }],
  ['dynamic partitioning without keys in the prefix', partitioning('{a: .a}')],
  ['keys that no query extracts', { ...partitioning('{a: .a}'), Prefix: '!{partitionKeyFromQuery:b}/' }],
])('conversion with %s is refused', async (_, change) => {
  await expect(create({ DataFormatConversionConfiguration: conversion(RoleARN), ...change })).rejects.toMatchObject({
    name: 'InvalidArgumentException',
  });
});

// assumed: JQ beyond paths and strftime is refused by name rather than evaluated differently
test.each(['{a: .b[0]}', '{a: .b + .c}', '{a: (.b | tostring)}', '.a', '{a: .b | strftime("%q")}'])(
  'the JQ expression %s is refused by name',
  async (query) => {
    await expect(create({ ...partitioning(query), Prefix: '!{partitionKeyFromQuery:a}/' })).rejects.toMatchObject({
      name: 'NotImplemented',
      message: expect.stringContaining('JQ'),
    });
  },
);

// source: Amazon Data Firehose API reference, DescribeDeliveryStream
test('the description shows conversion and partitioning as they were configured', async () => {
  await create({
    DataFormatConversionConfiguration: conversion(RoleARN),
    ...partitioning('{a: .device}'),
    Prefix: '!{partitionKeyFromQuery:a}/',
  });
  const { DeliveryStreamDescription } = await firehose.send(
    new DescribeDeliveryStreamCommand({ DeliveryStreamName: 'stream' }),
  );
  expect(DeliveryStreamDescription?.Destinations?.[0]?.ExtendedS3DestinationDescription).toMatchObject({
    DataFormatConversionConfiguration: {
      Enabled: true,
      SchemaConfiguration: { DatabaseName: 'lake', TableName: 'telemetry', VersionId: 'LATEST' },
      OutputFormatConfiguration: { Serializer: { ParquetSerDe: { Compression: 'SNAPPY' } } },
    },
    DynamicPartitioningConfiguration: { Enabled: true },
    ProcessingConfiguration: { Enabled: true, Processors: [{ Type: 'MetadataExtraction' }] },
  });
});
