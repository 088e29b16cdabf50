import {
  BatchCreatePartitionCommand,
  CreateDatabaseCommand,
  CreateTableCommand,
  DeleteDatabaseCommand,
  DeletePartitionCommand,
  GetDatabasesCommand,
  GetPartitionCommand,
  GetPartitionsCommand,
  GetTableCommand,
  GetTablesCommand,
  GlueClient,
  StartCrawlerCommand,
  type TableInput,
  UpdateTableCommand,
} from '@aws-sdk/client-glue';
import { CreateRoleCommand, IAMClient, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { createGluePlugin } from '../../local-cloud/src/services/glue/plugin.ts';
import { testScope } from '../../local-cloud/src/testing/context.ts';
import { type HttpsCloud, startHttpsCloud } from '../../local-cloud/src/testing/https.ts';

let https: HttpsCloud;
let glue: GlueClient;

beforeEach(async () => {
  https = await startHttpsCloud({ plugins: [createGluePlugin] });
  glue = new GlueClient(https.client());
});
afterEach(() => https.close());

const DatabaseName = 'lake';
const TABLE: TableInput = {
  Name: 'Telemetry',
  TableType: 'EXTERNAL_TABLE',
  Parameters: { classification: 'parquet' },
  PartitionKeys: [
    { Name: 'site', Type: 'string' },
    { Name: 'year', Type: 'int' },
  ],
  StorageDescriptor: { Columns: [{ Name: 'temperature', Type: 'double' }], Location: 's3://lake/telemetry/' },
};

async function createTable(): Promise<void> {
  await glue.send(new CreateDatabaseCommand({ DatabaseInput: { Name: 'Lake', Description: 'all telemetry' } }));
  await glue.send(new CreateTableCommand({ DatabaseName, TableInput: TABLE }));
}

// source: AWS Glue Web API, CreateDatabase and CreateTable ("folded to lowercase when it is stored")
test('databases and tables are kept under names in lower case', async () => {
  await createTable();
  const { DatabaseList } = await glue.send(new GetDatabasesCommand({}));
  expect(DatabaseList).toMatchObject([{ Name: 'lake', Description: 'all telemetry', CatalogId: '123456789012' }]);
  const { Table } = await glue.send(new GetTableCommand({ DatabaseName, Name: 'TELEMETRY' }));
  expect(Table).toMatchObject({
    Name: 'telemetry',
    DatabaseName: 'lake',
    TableType: 'EXTERNAL_TABLE',
    StorageDescriptor: { Columns: [{ Name: 'temperature', Type: 'double' }], Location: 's3://lake/telemetry/' },
    PartitionKeys: [{ Name: 'site' }, { Name: 'year' }],
    VersionId: '0',
  });
});

// source: AWS Glue Web API, CreateTable, AlreadyExistsException and EntityNotFoundException
test('a second table of a name and a table of a missing database are refused', async () => {
  await createTable();
  await expect(glue.send(new CreateTableCommand({ DatabaseName, TableInput: TABLE }))).rejects.toMatchObject({
    name: 'AlreadyExistsException',
  });
  await expect(glue.send(new GetTableCommand({ DatabaseName: 'none', Name: 't' }))).rejects.toMatchObject({
    name: 'EntityNotFoundException',
    message: 'Database none not found.',
  });
  await expect(glue.send(new GetTableCommand({ DatabaseName, Name: 'none' }))).rejects.toMatchObject({
    name: 'EntityNotFoundException',
  });
});

// source: AWS Glue Web API, GetTables (Expression is a regular expression pattern) and UpdateTable
test('tables are listed by pattern and page, and an update makes a new version', async () => {
  await createTable();
  await glue.send(new CreateTableCommand({ DatabaseName, TableInput: { Name: 'events' } }));
  const names = async (input: object) => {
    const { NextToken, TableList } = await glue.send(new GetTablesCommand({ DatabaseName, ...input }));
    return { names: TableList?.map(({ Name }) => Name), NextToken };
  };
  expect((await names({ Expression: 'tele.*' })).names).toEqual(['telemetry']);
  const first = await names({ MaxResults: 1 });
  expect(first.names).toEqual(['events']);
  expect((await names({ MaxResults: 1, NextToken: first.NextToken })).names).toEqual(['telemetry']);
  await glue.send(new UpdateTableCommand({ DatabaseName, TableInput: { ...TABLE, Description: 'new' } }));
  const { Table } = await glue.send(new GetTableCommand({ DatabaseName, Name: 'telemetry' }));
  expect(Table).toMatchObject({ Description: 'new', VersionId: '1' });
});

const partition = (site: string, year: string) => ({ Values: [site, year] });

// source: AWS Glue Web API, GetPartitions, "Expression"
test.each([
  ["site = 'north'", ['north/2025', 'north/2026']],
  ["site = 'north' AND year > 2025", ['north/2026']],
  ["year BETWEEN 2020 AND 2025 OR site LIKE 'so%'", ['north/2025', 'south/2026']],
  ["site IN ('south', 'west') AND NOT year = 2025", ['south/2026']],
])('partitions are found by the expression %s', async (Expression, expected) => {
  await createTable();
  const { Errors } = await glue.send(
    new BatchCreatePartitionCommand({
      DatabaseName,
      TableName: 'telemetry',
      PartitionInputList: [partition('north', '2025'), partition('north', '2026'), partition('south', '2026')],
    }),
  );
  expect(Errors).toEqual([]);
  const { Partitions } = await glue.send(
    new GetPartitionsCommand({ DatabaseName, TableName: 'telemetry', Expression }),
  );
  expect(Partitions?.map(({ Values }) => Values?.join('/'))).toEqual(expected);
});

// source: AWS Glue Web API, BatchCreatePartition ("Errors")
test('one partition that exists already does not keep the others from being created', async () => {
  await createTable();
  const send = () =>
    glue.send(
      new BatchCreatePartitionCommand({
        DatabaseName,
        TableName: 'telemetry',
        PartitionInputList: [partition('north', '2025'), partition('north', '2026')],
      }),
    );
  await send();
  await glue.send(
    new DeletePartitionCommand({ DatabaseName, TableName: 'telemetry', PartitionValues: ['north', '2026'] }),
  );
  expect((await send()).Errors).toEqual([
    {
      PartitionValues: ['north', '2025'],
      ErrorDetail: { ErrorCode: 'AlreadyExistsException', ErrorMessage: 'Partition already exists.' },
    },
  ]);
  await glue.send(
    new GetPartitionCommand({ DatabaseName, TableName: 'telemetry', PartitionValues: ['north', '2026'] }),
  );
});

// source: AWS Glue developer guide, "Specifying AWS Glue resource ARNs" (the resource and all its ancestors)
test('reading a table needs permission on the table, its database and the catalog', async () => {
  await createTable();
  const iam = new IAMClient(https.client());
  const document = (Statement: object) => JSON.stringify({ Version: '2012-10-17', Statement });
  const { Role } = await iam.send(
    new CreateRoleCommand({
      RoleName: 'reader',
      AssumeRolePolicyDocument: document({
        Effect: 'Allow',
        Principal: { AWS: 'arn:aws:iam::123456789012:root' },
        Action: 'sts:AssumeRole',
      }),
    }),
  );
  const allow = (...resources: string[]) =>
    iam.send(
      new PutRolePolicyCommand({
        RoleName: 'reader',
        PolicyName: 'p',
        PolicyDocument: document({
          Effect: 'Allow',
          Action: 'glue:GetTable',
          Resource: resources.map((resource) => `arn:aws:glue:us-east-1:123456789012:${resource}`),
        }),
      }),
    );
  await allow('table/lake/telemetry', 'database/lake');
  const { Credentials } = await new STSClient(https.client()).send(
    new AssumeRoleCommand({ RoleArn: Role?.Arn, RoleSessionName: 'session' }),
  );
  const reader = new GlueClient(
    https.client({
      accessKeyId: Credentials?.AccessKeyId as string,
      secretAccessKey: Credentials?.SecretAccessKey as string,
      sessionToken: Credentials?.SessionToken as string,
    }),
  );
  const get = () => reader.send(new GetTableCommand({ DatabaseName, Name: 'telemetry' }));
  await expect(get()).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: expect.stringContaining('arn:aws:glue:us-east-1:123456789012:catalog'),
  });
  await allow('table/lake/telemetry', 'database/lake', 'catalog');
  expect((await get()).Table?.Name).toBe('telemetry');
});

// assumed: what this catalog does not have is refused by name rather than accepted and ignored
test('crawlers, views of other catalogs and Iceberg tables are refused by name', async () => {
  await createTable();
  await expect(glue.send(new StartCrawlerCommand({ Name: 'c' }))).rejects.toMatchObject({ name: 'NotImplemented' });
  await expect(
    glue.send(
      new CreateTableCommand({
        DatabaseName,
        TableInput: { Name: 'iceberg' },
        OpenTableFormatInput: { IcebergInput: { MetadataOperation: 'CREATE' } },
      }),
    ),
  ).rejects.toMatchObject({ name: 'NotImplemented', message: expect.stringContaining('OpenTableFormatInput') });
});

// source: AWS CloudFormation template reference, AWS::Glue::Database, AWS::Glue::Table, AWS::Glue::Partition
test('stacks create, change and delete databases, tables and partitions', async () => {
  const providers = https.cloud.use(createGluePlugin).resources ?? [];
  const of = (type: string) => {
    const found = providers.find((provider) => provider.type === type);
    if (found === undefined) throw new Error(type);
    return found;
  };
  const CatalogId = '123456789012';
  const database = { CatalogId, DatabaseInput: { Name: 'stacked' } };
  const table = { CatalogId, DatabaseName: 'stacked', TableInput: { ...TABLE, Retention: '7' } };
  const partitioned = {
    CatalogId,
    DatabaseName: 'stacked',
    TableName: 'telemetry',
    PartitionInput: partition('a', '1'),
  };
  const created = await of('AWS::Glue::Database').create(database, testScope());
  expect(created.physicalId).toBe('stacked');
  const tableState = await of('AWS::Glue::Table').create(table, testScope());
  expect(tableState.physicalId).toBe('telemetry');
  const partitionState = await of('AWS::Glue::Partition').create(partitioned, testScope());
  await of('AWS::Glue::Table').update(
    { ...table, TableInput: { ...TABLE, Description: 'changed' } },
    table,
    tableState,
    testScope(),
  );
  const { Table } = await glue.send(new GetTableCommand({ DatabaseName: 'stacked', Name: 'telemetry' }));
  expect(Table).toMatchObject({ Description: 'changed', Retention: 0 });
  await of('AWS::Glue::Partition').delete(partitionState, partitioned, testScope());
  await of('AWS::Glue::Table').delete(tableState, table, testScope());
  await of('AWS::Glue::Database').delete(created, database, testScope());
  await expect(glue.send(new DeleteDatabaseCommand({ Name: 'stacked' }))).rejects.toMatchObject({
    name: 'EntityNotFoundException',
  });
});
