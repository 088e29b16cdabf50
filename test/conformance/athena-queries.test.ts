import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AthenaClient,
  CreateNamedQueryCommand,
  CreateWorkGroupCommand,
  GetNamedQueryCommand,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  GetWorkGroupCommand,
  ListQueryExecutionsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import {
  BatchCreatePartitionCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  GlueClient,
} from '@aws-sdk/client-glue';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { DuckDBInstance } from '@duckdb/node-api';
import { createAthenaPlugin } from '../../local-cloud/src/services/athena/plugin.ts';
import { createGluePlugin } from '../../local-cloud/src/services/glue/plugin.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

let https: HttpsCloud;
let athena: AthenaClient;
let glue: GlueClient;
let s3: S3Client;

beforeAll(async () => {
  https = await startHttpsCloud({ plugins: [createS3Plugin, createGluePlugin, createAthenaPlugin] });
  athena = new AthenaClient(https.client());
  glue = new GlueClient(https.client());
  s3 = new S3Client({ ...https.client(), forcePathStyle: true });
  for (const Bucket of ['lake', 'results']) await s3.send(new CreateBucketCommand({ Bucket }));
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'lake' } }));
  await athena.send(
    new CreateWorkGroupCommand({
      Name: 'fleet',
      Configuration: {
        ResultConfiguration: { OutputLocation: 's3://results/out' },
        BytesScannedCutoffPerQuery: 10_000_000,
      },
    }),
  );
  await parquet(
    'telemetry/site=north/day=2026-01-01/a.parquet',
    "SELECT 'a' device, 21.5::DOUBLE temperature, 1::INTEGER count, TIMESTAMP '2026-01-01 00:00:01.5' AS at",
  );
  await parquet(
    'telemetry/site=north/day=2026-01-02/a.parquet',
    "SELECT 'b' device, NULL::DOUBLE temperature, 2::INTEGER count, TIMESTAMP '2026-01-02 00:00:02' AS at",
  );
  await parquet(
    'telemetry/site=south/day=2026-01-02/a.parquet',
    "SELECT 'c' device, 12345678.0::DOUBLE temperature, 3::INTEGER count, NULL::TIMESTAMP AS at",
  );
  await table('telemetry', PARQUET, COLUMNS, KEYS, 's3://lake/telemetry/');
  await glue.send(
    new BatchCreatePartitionCommand({
      DatabaseName: 'lake',
      TableName: 'telemetry',
      PartitionInputList: [
        ['north', '2026-01-01'],
        ['north', '2026-01-02'],
        ['south', '2026-01-02'],
      ].map(([site, day]) => ({
        Values: [site as string, day as string],
        StorageDescriptor: { Location: `s3://lake/telemetry/site=${site}/day=${day}` },
      })),
    }),
  );
});
afterAll(() => https.close());

const PARQUET = { SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe' };
const COLUMNS = { device: 'string', temperature: 'double', count: 'bigint', at: 'timestamp', absent: 'string' };
const KEYS = { site: 'string', day: 'string' };

const columnsOf = (columns: Record<string, string>) => Object.entries(columns).map(([Name, Type]) => ({ Name, Type }));

async function table(
  Name: string,
  SerdeInfo: object,
  columns: Record<string, string>,
  keys: Record<string, string>,
  Location: string,
  Parameters: Record<string, string> = {},
) {
  const StorageDescriptor = { Columns: columnsOf(columns), Location, SerdeInfo };
  await glue.send(
    new CreateTableCommand({
      DatabaseName: 'lake',
      TableInput: { Name, TableType: 'EXTERNAL_TABLE', Parameters, PartitionKeys: columnsOf(keys), StorageDescriptor },
    }),
  );
}

const put = (Key: string, Body: string | Buffer) => s3.send(new PutObjectCommand({ Bucket: 'lake', Key, Body }));

async function parquet(key: string, select: string): Promise<void> {
  const file = join(mkdtempSync(join(tmpdir(), 'athena-')), 'rows.parquet');
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run(`COPY (${select}) TO '${file}' (FORMAT parquet)`);
  await put(key, readFileSync(file));
}

async function run(QueryString: string, client = athena, Database = 'lake'): Promise<QueryExecution> {
  const { QueryExecutionId } = await client.send(
    new StartQueryExecutionCommand({ QueryString, QueryExecutionContext: { Database }, WorkGroup: 'fleet' }),
  );
  for (let attempt = 0; attempt < 500; attempt++) {
    const { QueryExecution: found } = await athena.send(new GetQueryExecutionCommand({ QueryExecutionId }));
    if (found?.Status?.State !== 'QUEUED' && found?.Status?.State !== 'RUNNING') return found as QueryExecution;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('the query did not end');
}

async function rows(query: string): Promise<(string | undefined)[][]> {
  const { QueryExecutionId, Status } = await run(query);
  if (Status?.State !== 'SUCCEEDED') throw new Error(Status?.StateChangeReason);
  const { ResultSet } = await athena.send(new GetQueryResultsCommand({ QueryExecutionId }));
  return (ResultSet?.Rows ?? []).map(({ Data }) => (Data ?? []).map(({ VarCharValue }) => VarCharValue));
}

// source: Athena API reference, GetQueryResults; user guide, "Work with query results" (the first row holds the column names)
test('a query over Parquet objects answers rows with the column names first, and their types', async () => {
  const { QueryExecutionId, ResultConfiguration } = await run(
    'SELECT Device, temperature, "count" AS Total, at, absent, site, day FROM telemetry ORDER BY device',
  );
  const { ResultSet } = await athena.send(new GetQueryResultsCommand({ QueryExecutionId }));
  expect(ResultSet?.Rows?.map(({ Data }) => Data?.map(({ VarCharValue }) => VarCharValue))).toEqual([
    ['device', 'temperature', 'Total', 'at', 'absent', 'site', 'day'],
    ['a', '21.5', '1', '2026-01-01 00:00:01.500', undefined, 'north', '2026-01-01'],
    ['b', undefined, '2', '2026-01-02 00:00:02.000', undefined, 'north', '2026-01-02'],
    ['c', '1.2345678E7', '3', undefined, undefined, 'south', '2026-01-02'],
  ]);
  expect(ResultSet?.ResultSetMetadata?.ColumnInfo?.map(({ Type }) => Type)).toEqual([
    'varchar',
    'double',
    'bigint',
    'timestamp',
    'varchar',
    'varchar',
    'varchar',
  ]);
  expect(ResultConfiguration?.OutputLocation).toBe(`s3://results/out/${QueryExecutionId}.csv`);
  const { Body } = await s3.send(new GetObjectCommand({ Bucket: 'results', Key: `out/${QueryExecutionId}.csv` }));
  expect((await Body?.transformToString())?.split('\n')[2]).toBe(
    '"b",,"2","2026-01-02 00:00:02.000",,"north","2026-01-02"',
  );
});

// source: Athena API reference, GetQueryResults, MaxResults and NextToken
test('results come in pages', async () => {
  const { QueryExecutionId } = await run('SELECT device FROM telemetry ORDER BY device');
  const first = await athena.send(new GetQueryResultsCommand({ QueryExecutionId, MaxResults: 3 }));
  expect(first.ResultSet?.Rows).toHaveLength(3);
  const { NextToken, ResultSet } = await athena.send(
    new GetQueryResultsCommand({ QueryExecutionId, MaxResults: 3, NextToken: first.NextToken }),
  );
  expect(ResultSet?.Rows).toEqual([{ Data: [{ VarCharValue: 'c' }] }]);
  expect(NextToken).toBeUndefined();
});

// source: Athena user guide, "Partition your data" (only the partitions that the WHERE clause leaves are scanned)
test('only objects of partitions that can match are read', async () => {
  const all = await run('SELECT count(*) FROM telemetry');
  const one = await run("SELECT count(*) FROM telemetry WHERE day = '2026-01-01' AND site IN ('north', 'west')");
  const none = await run("SELECT count(*) FROM telemetry t WHERE t.day > '2027'");
  expect(none.Statistics?.DataScannedInBytes).toBe(0);
  expect((one.Statistics?.DataScannedInBytes as number) * 2).toBeLessThan(all.Statistics?.DataScannedInBytes as number);
  expect(await rows("SELECT count(*) FROM telemetry t WHERE t.day > '2027'")).toEqual([['_col0'], ['0']]);
});

// source: Athena user guide, "Supported types for partition projection" and "Set up partition projection"
test('projected partitions are found without the catalog: enum, integer, date and injected keys', async () => {
  for (const hour of ['07', '08']) await put(`projected/eu/x1/2026/01/02/${hour}/a.json`, `{"v":${Number(hour)}}`);
  await put('projected/eu/x1/2026/01/03/07/a.json', '{"v":100}');
  const names = { region: 'string', device: 'string', day: 'string', hour: 'int' };
  await table(
    'projected',
    { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
    { v: 'int' },
    names,
    's3://lake/projected/',
    {
      'projection.enabled': 'true',
      'projection.region.type': 'enum',
      'projection.region.values': 'eu,us',
      'projection.device.type': 'injected',
      'projection.day.type': 'date',
      'projection.day.format': 'yyyy/MM/dd',
      'projection.day.range': '2026/01/01,NOW+10YEARS',
      'projection.hour.type': 'integer',
      'projection.hour.range': '0,23',
      'projection.hour.digits': '2',
      'storage.location.template': 's3://lake/projected/${region}/${device}/${day}/${hour}/',
    },
  );
  expect(
    await rows(
      "SELECT v, region, hour FROM projected WHERE device = 'x1' AND day BETWEEN '2026/01/01' AND '2026/01/02' ORDER BY v",
    ),
  ).toEqual([
    ['v', 'region', 'hour'],
    ['7', 'eu', '7'],
    ['8', 'eu', '8'],
  ]);
  const { Status } = await run("SELECT v FROM projected WHERE day = '2026/01/02'");
  expect(Status).toMatchObject({
    State: 'FAILED',
    StateChangeReason: expect.stringContaining(
      'CONSTRAINT_VIOLATION: For the injected projected partition column device',
    ),
  });
});

// source: Athena user guide, "OpenX JSON SerDe", "Open CSV SerDe", "Lazy Simple SerDe for CSV, TSV, and custom-delimited files"
test('JSON lines and CSV are read as their SerDe reads them', async () => {
  await put('json/a.json', '{"Device":"a","n":"5"}\n{"device":"b","n":6}\n');
  await table(
    'documents',
    { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
    { device: 'string', n: 'bigint' },
    {},
    's3://lake/json/',
  );
  expect(await rows('SELECT device, n FROM documents ORDER BY n')).toEqual([
    ['device', 'n'],
    ['a', '5'],
    ['b', '6'],
  ]);
  await put('csv/a.csv', 'device,n\n"a, b",5\n"c",6\n');
  await table(
    'quoted',
    { SerializationLibrary: 'org.apache.hadoop.hive.serde2.OpenCSVSerde' },
    { device: 'string', n: 'bigint' },
    {},
    's3://lake/csv/',
    { 'skip.header.line.count': '1' },
  );
  expect(await rows('SELECT device, n FROM quoted ORDER BY n')).toEqual([
    ['device', 'n'],
    ['a, b', '5'],
    ['c', '6'],
  ]);
  await put('tsv/a.tsv', 'a\t5\n\\N\tx\n');
  await table(
    'tabbed',
    { SerializationLibrary: 'org.apache.hadoop.hive.serde2.lazy.LazySimpleSerDe', Parameters: { 'field.delim': '\t' } },
    { device: 'string', n: 'bigint' },
    {},
    's3://lake/tsv/',
  );
  expect(await rows('SELECT device, n FROM tabbed ORDER BY device')).toEqual([
    ['device', 'n'],
    ['a', '5'],
    [undefined, undefined],
  ]);
});

// source: Athena user guide, "Functions in Amazon Athena" (Trino)
test('queries group, join and use common tables', async () => {
  expect(
    await rows(
      "WITH t AS (SELECT site, temperature FROM lake.telemetry WHERE temperature > 20.5) SELECT t.site, count(*) n, round(avg(temperature), 1) FROM t JOIN (VALUES ('north'), ('south')) AS s(site) ON s.site = t.site GROUP BY t.site ORDER BY 1",
    ),
  ).toEqual([
    ['site', 'n', '_col2'],
    ['north', '1', '21.5'],
    ['south', '1', '1.2345678E7'],
  ]);
  expect(await rows("SELECT cast(at AS varchar), date_trunc('day', at) FROM telemetry WHERE device = 'a'")).toEqual([
    ['_col0', '_col1'],
    ['2026-01-01 00:00:01.500', '2026-01-01 00:00:00.000'],
  ]);
});

// source: Athena API reference, StartQueryExecution, InvalidRequestException; QueryExecutionStatus, StateChangeReason
test('a query that is no SQL is refused at once, one with unknown names fails', async () => {
  await expect(run('SELEC 1')).rejects.toMatchObject({
    name: 'InvalidRequestException',
    AthenaErrorCode: 'MALFORMED_QUERY',
  });
  expect((await run('SELECT x FROM telemetry')).Status).toMatchObject({
    State: 'FAILED',
    StateChangeReason: expect.stringContaining('COLUMN_NOT_FOUND'),
  });
  expect((await run('SELECT 1 FROM missing')).Status).toMatchObject({
    State: 'FAILED',
    StateChangeReason: "TABLE_NOT_FOUND: line 1:15: Table 'awsdatacatalog.lake.missing' does not exist",
    AthenaError: { ErrorCategory: 2 },
  });
});

// assumed: what would be answered differently from Athena is refused by name instead
test.each([
  ['CREATE TABLE x AS SELECT 1', 'CREATE statements'],
  ['SELECT bin(at, 5m) FROM telemetry', undefined],
  ["SELECT ago(INTERVAL '1' DAY)", "function 'ago'"],
  ['SELECT now()', "function 'now'"],
  ['SELECT device FROM telemetry WHERE device = ?', 'parameters'],
])('%s is refused', async (query, named) => {
  await expect(run(query)).rejects.toMatchObject({ message: expect.stringContaining(named ?? '5') });
});

// assumed: a decimal literal that no double stands beside is a DECIMAL in Athena, and refused here
test('decimal literals are taken only beside doubles', async () => {
  const { Status } = await run('SELECT "count" * 1.5 FROM telemetry');
  expect(Status).toMatchObject({ State: 'FAILED', StateChangeReason: expect.stringContaining('decimal literal 1.5') });
  expect(await rows('SELECT max(temperature * 1.5) FROM telemetry WHERE "count" < 2E0')).toEqual([
    ['_col0'],
    ['32.25'],
  ]);
});

// source: Athena user guide, "Actions, resources, and condition keys for Athena" and "Access to databases and tables in AWS Glue"
test('a query runs with the permissions of its caller on the catalog, the objects and the results', async () => {
  const iam = new IAMClient(https.client());
  const document = (Statement: object) => JSON.stringify({ Version: '2012-10-17', Statement });
  const trust = document({
    Effect: 'Allow',
    Principal: { AWS: 'arn:aws:iam::123456789012:root' },
    Action: 'sts:AssumeRole',
  });
  const { Role } = await iam.send(new CreateRoleCommand({ RoleName: 'analyst', AssumeRolePolicyDocument: trust }));
  const allow = (...statements: [string[], string[]][]) =>
    iam.send(
      new PutRolePolicyCommand({
        RoleName: 'analyst',
        PolicyName: 'p',
        PolicyDocument: document(statements.map(([Action, Resource]) => ({ Effect: 'Allow', Action, Resource }))),
      }),
    );
  const { Credentials } = await new STSClient(https.client()).send(
    new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'session' }),
  );
  const analyst = new AthenaClient(
    https.client({
      accessKeyId: Credentials?.AccessKeyId as string,
      secretAccessKey: Credentials?.SecretAccessKey as string,
      sessionToken: Credentials?.SessionToken as string,
    }),
  );
  const query = "SELECT device FROM telemetry WHERE site = 'south'";
  const start: [string[], string[]] = [
    ['athena:StartQueryExecution'],
    ['arn:aws:athena:us-east-1:123456789012:workgroup/fleet'],
  ];
  const results: [string[], string[]] = [
    ['s3:GetBucketLocation', 's3:PutObject'],
    ['arn:aws:s3:::results', 'arn:aws:s3:::results/*'],
  ];
  const catalog: [string[], string[]] = [
    ['glue:GetTable', 'glue:GetPartitions'],
    ['arn:aws:glue:us-east-1:123456789012:*'],
  ];
  await allow(results);
  await expect(run(query, analyst)).rejects.toMatchObject({ name: 'AccessDeniedException' });
  await allow(start);
  await expect(run(query, analyst)).rejects.toMatchObject({
    message: expect.stringContaining('Unable to verify/create output bucket results'),
  });
  await allow(start, results);
  const reason = async () => (await run(query, analyst)).Status?.StateChangeReason ?? 'none';
  expect(await reason()).toMatch(/^PERMISSION_DENIED: .*glue:GetTable/);
  await allow(start, results, catalog);
  expect(await reason()).toMatch(/^PERMISSION_DENIED: .*s3:ListBucket/);
  await allow(start, results, catalog, [
    ['s3:ListBucket', 's3:GetObject'],
    ['arn:aws:s3:::lake', 'arn:aws:s3:::lake/*'],
  ]);
  expect(await reason()).toBe('none');
});

// source: Athena user guide, "Set data usage control limits": a query that exceeds the per-query limit is cancelled
test('a query that would read more than its workgroup allows is cancelled, one of a smaller part runs', async () => {
  const filler = 'x'.repeat(10_000_000);
  await put('wide/day=1/a.json', `{"v":1,"filler":"${filler}"}`);
  await put('wide/day=2/a.json', '{"v":2,"filler":""}');
  await table(
    'wide',
    { SerializationLibrary: 'org.openx.data.jsonserde.JsonSerDe' },
    { v: 'int' },
    { day: 'int' },
    's3://lake/wide/',
    { 'projection.enabled': 'true', 'projection.day.type': 'integer', 'projection.day.range': '1,2' },
  );
  const { QueryExecutionId, Status } = await run('SELECT v FROM wide');
  expect(Status).toMatchObject({ State: 'CANCELLED', StateChangeReason: 'Bytes scanned limit was exceeded' });
  await expect(athena.send(new GetQueryResultsCommand({ QueryExecutionId }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
  });
  expect(await rows('SELECT v FROM wide WHERE day = 2')).toEqual([['v'], ['2']]);
});

// source: Athena API reference, CreateWorkGroup, ListQueryExecutions, CreateNamedQuery
test('workgroups, executions and named queries are listed as they were made', async () => {
  const { WorkGroup } = await athena.send(new GetWorkGroupCommand({ WorkGroup: 'fleet' }));
  expect(WorkGroup).toMatchObject({
    State: 'ENABLED',
    Configuration: {
      EnforceWorkGroupConfiguration: true,
      BytesScannedCutoffPerQuery: 10_000_000,
      ResultConfiguration: { OutputLocation: 's3://results/out/' },
    },
  });
  const { QueryExecutionId } = await run('SELECT 1');
  const { QueryExecutionIds } = await athena.send(new ListQueryExecutionsCommand({ WorkGroup: 'fleet' }));
  expect(QueryExecutionIds?.[0]).toBe(QueryExecutionId);
  const { NamedQueryId } = await athena.send(
    new CreateNamedQueryCommand({ Name: 'q', Database: 'lake', QueryString: 'SELECT 1', WorkGroup: 'fleet' }),
  );
  const { NamedQuery } = await athena.send(new GetNamedQueryCommand({ NamedQueryId }));
  expect(NamedQuery).toMatchObject({ Name: 'q', WorkGroup: 'fleet', QueryString: 'SELECT 1' });
  await expect(athena.send(new StartQueryExecutionCommand({ QueryString: 'SELECT 1' }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: expect.stringContaining('No output location provided'),
  });
});
