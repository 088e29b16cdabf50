import {
  GetBucketsAggregationCommand,
  GetCardinalityCommand,
  GetPercentilesCommand,
  GetStatisticsCommand,
  InvalidAggregationException,
  InvalidQueryException,
  InvalidRequestException,
  ResourceNotFoundException,
} from '@aws-sdk/client-iot';
import { type IndexingCloud, startIndexingCloud } from './indexing-cloud.ts';

// Developer guide, index-aggregate, driven by the SDK's own client.

let cloud: IndexingCloud;

beforeAll(async () => {
  cloud = await startIndexingCloud();
  await cloud.configure({
    thingIndexingMode: 'REGISTRY_AND_SHADOW',
    thingConnectivityIndexingMode: 'STATUS',
    customFields: [
      { name: 'attributes.numericAttribute2', type: 'Number' },
      { name: 'attributes.stringAttribute', type: 'String' },
      { name: 'attributes.stateNormal', type: 'Boolean' },
      { name: 'shadow.reported.batterylevelpercent', type: 'Number' },
    ],
  });
  for (const [i, [number, text, normal]] of (
    [
      ['-125', 'a', 'true'],
      ['150', 'b', 'true'],
      ['75', 'a', 'false'],
      ['broken', undefined, 'maybe'],
    ] as const
  ).entries()) {
    const attributes = { numericAttribute2: number, stateNormal: normal };
    await cloud.createThing(`thing${i}`, text === undefined ? attributes : { ...attributes, stringAttribute: text });
  }
  await cloud.updateShadow('thing0', { reported: { batterylevelpercent: 100 } });
  await cloud.updateShadow('thing1', { reported: { batterylevelpercent: 100 } });
  await cloud.updateShadow('thing2', { reported: { batterylevelpercent: 'full' } });
  await cloud.updateShadow('thing3', { reported: { batterylevelpercent: 75 } });
});

afterAll(() => cloud.close());

const statistics = async (aggregationField: string | undefined, queryString = '*') =>
  (await cloud.iot.send(new GetStatisticsCommand({ queryString, aggregationField }))).statistics;

describe('GetStatistics', () => {
  // source: developer guide, index-aggregate ("GetStatistics with numerical values"), managing-fleet-index ("type inconsistency")
  test('of numbers describes those things whose value is a number', async () => {
    expect(await statistics('attributes.numericAttribute2')).toEqual({
      count: 3,
      average: expect.closeTo(33.333333333333336, 10),
      sum: 100,
      minimum: -125,
      maximum: 150,
      sumOfSquares: 43750,
      variance: expect.closeTo(13472.22222222222, 8),
      stdDeviation: expect.closeTo(116.06990230986766, 8),
    });
  });

  // source: developer guide, index-aggregate ("GetStatistics with string values")
  test('of text only counts', async () => {
    expect(await statistics('attributes.stringAttribute')).toEqual({ count: 3 });
  });

  // source: developer guide, index-aggregate ("GetStatistics with Boolean values")
  test('of booleans reads them as 0 and 1', async () => {
    expect(await statistics('attributes.stateNormal')).toMatchObject({ count: 3, sum: 2, minimum: 0, maximum: 1 });
    expect((await statistics('attributes.stateNormal', 'thingName:thing0'))?.minimum).toBe(1);
  });

  // source: developer guide, index-aggregate ("If you don't specify an aggregation field, registry.version is used")
  test('without a field counts the things by their version', async () => {
    expect(await statistics(undefined)).toMatchObject({ count: 4, minimum: 1, maximum: 1 });
    expect(await statistics(undefined, 'connectivity.connected:true')).toEqual({ count: 0 });
  });

  // source: developer guide, managing-fleet-index ("Managed fields")
  test('of a managed field of a shadow needs no custom field', async () => {
    expect(await statistics('shadow.version')).toMatchObject({ count: 4, maximum: 1 });
    expect(await statistics('shadow.hasDelta')).toMatchObject({ count: 4, sum: 0 });
  });
});

describe('GetCardinality', () => {
  // source: developer guide, index-aggregate ("GetCardinality")
  test('counts different values, 0 where nothing matches', async () => {
    const cardinality = async (queryString: string) =>
      (await cloud.iot.send(new GetCardinalityCommand({ queryString, aggregationField: 'attributes.stringAttribute' })))
        .cardinality;
    expect(await cardinality('*')).toBe(2);
    expect(await cardinality('thingName:Non-existent*')).toBe(0);
  });
});

describe('GetPercentiles', () => {
  const aggregationField = 'attributes.numericAttribute2';

  // source: developer guide, index-aggregate ("GetPercentiles")
  test('gives the default groupings and those that are asked for', async () => {
    const byDefault = await cloud.iot.send(new GetPercentilesCommand({ queryString: '*', aggregationField }));
    expect(byDefault.percentiles?.map(({ percent }) => percent)).toEqual([1, 5, 25, 50, 75, 95, 99]);
    const asked = await cloud.iot.send(
      new GetPercentilesCommand({ queryString: '*', aggregationField, percents: [0, 50, 100] }),
    );
    expect(asked.percentiles).toEqual([
      { percent: 0, value: -125 },
      { percent: 50, value: 75 },
      { percent: 100, value: 150 },
    ]);
  });

  // source: developer guide, index-aggregate ("when there are no matching documents")
  test('is empty where nothing matches', async () => {
    const none = new GetPercentilesCommand({ queryString: 'thingName:none', aggregationField });
    expect((await cloud.iot.send(none)).percentiles).toEqual([]);
  });

  // source: developer guide, index-aggregate ("The field to aggregate, which must be of Number type"), managing-index ("Maximum values")
  test('needs a field of type Number and at most 100 percents', async () => {
    const text = new GetPercentilesCommand({ queryString: '*', aggregationField: 'attributes.stringAttribute' });
    await expect(cloud.iot.send(text)).rejects.toBeInstanceOf(InvalidAggregationException);
    const percents = Array.from({ length: 101 }, () => 1);
    const many = new GetPercentilesCommand({ queryString: '*', aggregationField, percents });
    await expect(cloud.iot.send(many)).rejects.toBeInstanceOf(InvalidRequestException);
  });
});

describe('GetBucketsAggregation', () => {
  // source: developer guide, index-aggregate ("GetBucketsAggregation")
  test('ranks the values by how many things have them', async () => {
    const buckets = (maxBuckets: number) =>
      cloud.iot.send(
        new GetBucketsAggregationCommand({
          queryString: '*',
          indexName: 'AWS_Things',
          aggregationField: 'shadow.reported.batterylevelpercent',
          bucketsAggregationType: { termsAggregation: { maxBuckets } },
        }),
      );
    expect(await buckets(5)).toMatchObject({
      totalCount: 4,
      buckets: [
        { keyValue: '100', count: 2 },
        { keyValue: '75', count: 1 },
      ],
    });
    expect((await buckets(1)).buckets).toEqual([{ keyValue: '100', count: 2 }]);
    await expect(buckets(0)).rejects.toBeInstanceOf(InvalidRequestException);
  });

  // source: API reference, GetBucketsAggregation (bucketsAggregationType)
  test('needs the type of its buckets', async () => {
    const command = new GetBucketsAggregationCommand({
      queryString: '*',
      aggregationField: 'attributes.stringAttribute',
      bucketsAggregationType: {},
    });
    await expect(cloud.iot.send(command)).rejects.toBeInstanceOf(InvalidRequestException);
  });
});

// source: developer guide, fleet-indexing-troubleshooting ("you can only specify a field you defined in the customFields argument")
test('a field that is neither managed nor custom is refused', async () => {
  await expect(statistics('attributes.other')).rejects.toBeInstanceOf(InvalidAggregationException);
  await expect(statistics('connectivity.keepAliveDuration')).rejects.toBeInstanceOf(InvalidAggregationException);
});

// source: API reference, GetStatistics (errors)
test('what the query or its index is not fit for is refused as in a search', async () => {
  await expect(statistics(undefined, 'a AND')).rejects.toBeInstanceOf(InvalidQueryException);
  const groups = new GetStatisticsCommand({ queryString: '*', indexName: 'AWS_ThingGroups' });
  await expect(cloud.iot.send(groups)).rejects.toBeInstanceOf(ResourceNotFoundException);
});
