import {
  fault,
  startTimestream,
  type TimestreamCloud,
} from '../../local-cloud/src/services/timestream/testing/timestream-cloud.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';

// Source: developer guide, "Identity-based policy examples"; service authorization reference, Amazon Timestream.

let timestream: TimestreamCloud;

beforeEach(async () => {
  timestream = await startTimestream(['cpu', 'memory']);
  timestream.cloud.asked.length = 0;
});

afterEach(() => timestream.close());

const database = 'arn:aws:timestream:us-east-1:123456789012:database/iot';
const cpu = `${database}/table/cpu`;
const memory = `${database}/table/memory`;

const asked = () => timestream.cloud.asked.map(({ action, resource }) => [action, resource]);

test('WriteRecords is asked for on the table, before anything is stored', async () => {
  timestream.cloud.denied.add('timestream:WriteRecords');
  const call = timestream.writeRecords('cpu', [{ MeasureName: 'x', MeasureValue: '1', Time: timestream.time() }]);
  expect(await fault(call)).toMatchObject({ code: 'AccessDeniedException', statusCode: 403 });
  expect(asked()).toEqual([['timestream:WriteRecords', cpu]]);
  timestream.cloud.denied.clear();
  expect(await timestream.value('SELECT count(*) FROM iot.cpu')).toBe('0');
});

test.each([
  ['SELECT * FROM iot.cpu', [['timestream:Select', cpu]]],
  ['SELECT 1', [['timestream:SelectValues', '*']]],
  [
    'WITH c AS (SELECT * FROM iot.cpu) SELECT * FROM c WHERE time IN (SELECT max(time) FROM "iot"."memory")',
    [
      ['timestream:Select', cpu],
      ['timestream:Select', memory],
    ],
  ],
  [
    'SELECT CASE WHEN EXISTS (SELECT 1 FROM iot.memory) THEN 1 END FROM iot.cpu a JOIN iot.cpu b ON a.time = b.time',
    [
      ['timestream:Select', memory],
      ['timestream:Select', cpu],
    ],
  ],
  ['SELECT 1 UNION SELECT count(*) FROM iot.cpu', [['timestream:Select', cpu]]],
  [
    'SELECT max(time) FROM iot.cpu ORDER BY (SELECT count(*) FROM iot.memory)',
    [
      ['timestream:Select', cpu],
      ['timestream:Select', memory],
    ],
  ],
  [
    'SELECT time, lag(time) OVER (ORDER BY (SELECT max(time) FROM iot.memory)) FROM iot.cpu',
    [
      ['timestream:Select', memory],
      ['timestream:Select', cpu],
    ],
  ],
  ['SHOW DATABASES', [['timestream:ListDatabases', 'arn:aws:timestream:us-east-1:123456789012:database/*']]],
  ['SHOW TABLES FROM iot', [['timestream:ListTables', database]]],
  ['SHOW MEASURES FROM iot.cpu', [['timestream:ListMeasures', cpu]]],
  ['DESCRIBE iot.cpu', [['timestream:DescribeTable', cpu]]],
])('%s', async (query, permissions) => {
  await timestream.query(query);
  expect(asked()).toEqual(permissions);
});

test('a query on a table that may not be read is denied, also when a common table hides its name elsewhere', async () => {
  timestream.cloud.denied.add('timestream:Select');
  const query = 'SELECT * FROM (WITH memory AS (SELECT 1 AS x) SELECT * FROM memory) a, iot.memory b';
  expect((await fault(timestream.query(query))).code).toBe('AccessDeniedException');
  expect(asked()).toEqual([['timestream:Select', memory]]);
});

test('the operations of databases and tables are asked for on their ARNs', async () => {
  await timestream.write('CreateDatabase', { DatabaseName: 'other', Tags: [{ Key: 'a', Value: 'b' }] });
  await timestream.write('DescribeDatabase', { DatabaseName: 'iot' });
  await timestream.write('CreateTable', { DatabaseName: 'iot', TableName: 'disk' });
  await timestream.write('UpdateTable', { DatabaseName: 'iot', TableName: 'disk' });
  await timestream.write('DeleteTable', { DatabaseName: 'iot', TableName: 'disk' });
  await timestream.write('ListTables', { DatabaseName: 'iot' });
  await timestream.write('ListTagsForResource', { ResourceARN: cpu });
  await timestream.cloud.api.call(ADMINISTRATOR, 'timestream-query', 'CancelQuery', { QueryId: 'ABC' });
  const other = 'arn:aws:timestream:us-east-1:123456789012:database/other';
  const disk = `${database}/table/disk`;
  expect(asked()).toEqual([
    ['timestream:CreateDatabase', other],
    ['timestream:TagResource', other],
    ['timestream:DescribeDatabase', database],
    ['timestream:CreateTable', disk],
    ['timestream:UpdateTable', disk],
    ['timestream:DeleteTable', disk],
    ['timestream:ListTables', database],
    ['timestream:ListTagsForResource', cpu],
    ['timestream:CancelQuery', '*'],
  ]);
});

test('PrepareQuery tells the columns of a query, and needs what the query needs', async () => {
  await timestream.writeRecords('cpu', [
    { Dimensions: [{ Name: 'host', Value: 'a' }], MeasureName: 'x', MeasureValue: '1', Time: timestream.time() },
  ]);
  timestream.cloud.asked.length = 0;
  const QueryString = 'SELECT host, max(time) AS latest FROM iot.cpu GROUP BY host';
  const prepare = (more: object) =>
    timestream.cloud.api.call(ADMINISTRATOR, 'timestream-query', 'PrepareQuery', { QueryString, ...more });
  expect(await prepare({ ValidateOnly: true })).toEqual({
    QueryString,
    Columns: [
      { Name: 'host', Type: { ScalarType: 'VARCHAR' }, Aliased: false, DatabaseName: 'iot', TableName: 'cpu' },
      { Name: 'latest', Type: { ScalarType: 'TIMESTAMP' }, Aliased: true },
    ],
    Parameters: [],
  });
  expect(asked()).toEqual([
    ['timestream:PrepareQuery', '*'],
    ['timestream:Select', cpu],
  ]);
  expect(await fault(prepare({}))).toMatchObject({ code: 'NotImplemented' });
});
