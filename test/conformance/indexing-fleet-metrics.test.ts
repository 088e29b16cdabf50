import {
  CreateFleetMetricCommand,
  type CreateFleetMetricRequest,
  DeleteFleetMetricCommand,
  DescribeFleetMetricCommand,
  InvalidAggregationException,
  InvalidQueryException,
  InvalidRequestException,
  type IoTClient,
  ListTagsForResourceCommand,
  paginateListFleetMetrics,
  ResourceAlreadyExistsException,
  ResourceNotFoundException,
  UpdateFleetMetricCommand,
  VersionConflictException,
} from '@aws-sdk/client-iot';
import { createIotPlugin } from '../../local-cloud/src/services/iot/plugin.ts';
import { startIot } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import { testScope } from '../../local-cloud/src/testing/context.ts';
import { type IndexingCloud, startIndexingCloud } from './indexing-cloud.ts';

// Developer guide, iot-fleet-metrics, managing-fleet-metrics and fleet-metrics-get-started, driven by the SDK's own client.

const ARN = 'arn:aws:iot:us-east-1:123456789012:fleetmetric/';
const NAMESPACE = 'AWS/IoTFleetMetrics';

let cloud: IndexingCloud;
let iot: IoTClient;

beforeEach(async () => {
  cloud = await startIndexingCloud();
  iot = cloud.iot;
  await cloud.configure({
    thingIndexingMode: 'REGISTRY',
    customFields: [
      { name: 'attributes.temperature', type: 'Number' },
      { name: 'attributes.rackId', type: 'String' },
    ],
  });
});

afterEach(() => cloud.close());

const definition: Omit<CreateFleetMetricRequest, 'metricName'> = {
  queryString: 'thingName:TempSensor* AND attributes.temperature >80',
  period: 60,
  aggregationField: 'attributes.temperature',
  aggregationType: { name: 'Statistics', values: ['count'] },
};

const create = (metricName: string, change: Partial<CreateFleetMetricRequest> = {}) =>
  iot.send(new CreateFleetMetricCommand({ metricName, ...definition, ...change }));

const values = (name: string, aggregationType: string) =>
  cloud.metricValues(NAMESPACE, name, { AggregationType: aggregationType });

// source: developer guide, fleet-metrics-get-started, fleet-indexing-troubleshooting ("count is always 0")
test('a count is emitted once a period, also while it is 0', async () => {
  expect(await create('high_temp_FM')).toMatchObject({ metricName: 'high_temp_FM', metricArn: `${ARN}high_temp_FM` });
  await cloud.clock.advance(60_000);
  expect(await values('high_temp_FM', 'count')).toEqual([{ value: 0, unit: 'None' }]);
  for (const [i, temperature] of [70, 81, 82, 90].entries()) {
    await cloud.createThing(`TempSensor${i}`, { temperature: String(temperature) });
  }
  await cloud.clock.advance(60_000);
  expect((await values('high_temp_FM', 'count')).map(({ value }) => value)).toEqual([0, 3]);
});

// source: developer guide, fleet-indexing-troubleshooting ("With values other than count … there'll be no data points")
test('other values have no data points while nothing matches', async () => {
  const aggregationType = { name: 'Statistics' as const, values: ['maximum', 'average'] };
  await create('FM', { aggregationType, period: 120, unit: 'Count' });
  await cloud.clock.advance(120_000);
  expect(await values('FM', 'maximum')).toEqual([]);
  await cloud.createThing('TempSensor1', { temperature: '81' });
  await cloud.createThing('TempSensor2', { temperature: '90' });
  await cloud.clock.advance(119_000);
  expect(await values('FM', 'maximum')).toEqual([]);
  await cloud.clock.advance(1000);
  expect(await values('FM', 'maximum')).toEqual([{ value: 90, unit: 'Count' }]);
  expect(await values('FM', 'average')).toEqual([{ value: 85.5, unit: 'Count' }]);
});

// assumed: the guide names the aggregation types, not the values of the dimension that their data points have
test('percentiles and cardinality are emitted too', async () => {
  for (const [i, temperature] of [10, 20, 30].entries()) {
    await cloud.createThing(`s${i}`, { temperature: String(temperature), rackId: i === 0 ? 'a' : 'b' });
  }
  await create('P', { queryString: '*', aggregationType: { name: 'Percentiles', values: ['50', '100'] } });
  const aggregationType = { name: 'Cardinality' as const };
  await create('C', { queryString: '*', aggregationField: 'attributes.rackId', aggregationType });
  await cloud.clock.advance(60_000);
  expect((await values('P', '50')).map(({ value }) => value)).toEqual([20]);
  expect((await values('P', '100')).map(({ value }) => value)).toEqual([30]);
  expect((await values('C', 'cardinality')).map(({ value }) => value)).toEqual([2]);
});

// source: developer guide, managing-fleet-metrics ("Describe", "Update" and "Delete a fleet metric")
test('a metric is described, updated with a new version, and deleted', async () => {
  const metricName = 'YourFleetMetricName';
  const created = new Date(cloud.clock.now());
  const aggregationType = { name: 'Statistics' as const, values: ['sum'] };
  await create(metricName, { queryString: '*', aggregationField: 'registry.version', aggregationType });
  const describe = async () => {
    const { $metadata: _metadata, ...metric } = await iot.send(new DescribeFleetMetricCommand({ metricName }));
    return metric;
  };
  expect(await describe()).toEqual({
    queryVersion: '2017-09-30',
    lastModifiedDate: created,
    queryString: '*',
    period: 60,
    metricArn: `${ARN}${metricName}`,
    aggregationField: 'registry.version',
    version: 1,
    aggregationType,
    indexName: 'AWS_Things',
    creationDate: created,
    metricName,
  });
  await cloud.clock.advance(5000);
  const update = (expectedVersion: number) =>
    iot.send(
      new UpdateFleetMetricCommand({
        metricName,
        indexName: 'AWS_Things',
        period: 120,
        aggregationType: { name: 'Statistics', values: ['sum', 'count'] },
        expectedVersion,
      }),
    );
  await expect(update(2)).rejects.toBeInstanceOf(VersionConflictException);
  await update(1);
  expect(await describe()).toMatchObject({
    queryString: '*',
    period: 120,
    version: 2,
    aggregationType: { values: ['sum', 'count'] },
    creationDate: created,
    lastModifiedDate: new Date(cloud.clock.now()),
  });
  await iot.send(new DeleteFleetMetricCommand({ metricName }));
  await expect(describe()).rejects.toBeInstanceOf(ResourceNotFoundException);
  await iot.send(new DeleteFleetMetricCommand({ metricName }));
  await cloud.clock.advance(240_000);
  expect(await values(metricName, 'sum')).toEqual([]);
});

// source: developer guide, managing-fleet-metrics ("List fleet metrics"); API reference, CreateFleetMetric (tags)
test('metrics are listed in pages, with their tags apart', async () => {
  for (const name of ['a', 'b', 'c']) await create(name, { tags: [{ Key: 'team', Value: name }] });
  const names: (string | undefined)[] = [];
  for await (const page of paginateListFleetMetrics({ client: iot, pageSize: 2 }, {})) {
    names.push(...(page.fleetMetrics ?? []).map(({ metricArn }) => metricArn));
  }
  expect(names).toEqual(['a', 'b', 'c'].map((name) => `${ARN}${name}`));
  const { tags } = await iot.send(new ListTagsForResourceCommand({ resourceArn: `${ARN}b` }));
  expect(tags).toEqual([{ Key: 'team', Value: 'b' }]);
});

// source: API reference, CreateFleetMetric (errors, period, aggregationType)
test('what no metric can be made of is refused', async () => {
  await create('m');
  await create('m');
  await expect(create('m', { period: 120 })).rejects.toBeInstanceOf(ResourceAlreadyExistsException);
  await expect(create('n', { period: 90 })).rejects.toBeInstanceOf(InvalidRequestException);
  await expect(create('n', { period: 86_460 })).rejects.toBeInstanceOf(InvalidRequestException);
  await expect(create('n', { queryString: 'a:(' })).rejects.toBeInstanceOf(InvalidQueryException);
  await expect(create('n', { aggregationField: 'attributes.x' })).rejects.toBeInstanceOf(InvalidAggregationException);
  const percentiles = { name: 'Percentiles' as const, values: ['50'] };
  await expect(
    create('n', { aggregationField: 'attributes.rackId', aggregationType: percentiles }),
  ).rejects.toBeInstanceOf(InvalidAggregationException);
  const median = { name: 'Statistics' as const, values: ['median'] };
  await expect(create('n', { aggregationType: median })).rejects.toBeInstanceOf(InvalidAggregationException);
  await expect(create('n', { indexName: 'AWS_ThingGroups' })).rejects.toBeInstanceOf(ResourceNotFoundException);
});

// source: developer guide, fleet-indexing-troubleshooting ("Modifying custom fields used by existing fleet metrics is not supported", "Downgrading data sources …")
test('what a metric needs stays indexed while it exists', async () => {
  await create('m');
  await expect(cloud.configure({ thingIndexingMode: 'REGISTRY' })).rejects.toBeInstanceOf(InvalidRequestException);
  await expect(cloud.configure({ thingIndexingMode: 'OFF' })).rejects.toBeInstanceOf(InvalidRequestException);
  const customFields = [{ name: 'attributes.temperature', type: 'String' as const }];
  await expect(cloud.configure({ thingIndexingMode: 'REGISTRY', customFields })).rejects.toBeInstanceOf(
    InvalidRequestException,
  );
});

// source: CloudFormation template reference, AWS::IoT::FleetMetric
test('AWS::IoT::FleetMetric is made, changed and deleted as by the API, and goes on after a restart', async () => {
  const test = await startIot();
  await test.call('UpdateIndexingConfiguration', { thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY' } });
  const provider = test.plugin.resources?.find(({ type }) => type === 'AWS::IoT::FleetMetric');
  const properties = {
    MetricName: 'm',
    QueryString: '*',
    IndexName: 'AWS_Things',
    AggregationField: 'registry.version',
    AggregationType: { Name: 'Statistics', Values: ['count'] },
    Period: '60',
  };
  const state = await provider?.create(properties, testScope());
  expect(state).toMatchObject({ physicalId: 'm', attributes: { MetricArn: `${ARN}m`, Version: 1 } });
  const changed = { ...properties, Description: 'things' };
  expect(await provider?.update(changed, properties, state as never, testScope())).toMatchObject({
    attributes: { Version: 2 },
  });
  const points: [string, number][] = [];
  test.cloud.ports.provide('metrics', {
    put: (_namespace, name, _dimensions, value) => void points.push([name, value]),
    series: () => ({ put: () => undefined }),
    gauge: () => undefined,
  });
  await test.plugin.stop?.();
  await test.cloud.clock.advance(60_000);
  expect(points).toEqual([]);
  await test.cloud.use(createIotPlugin).start?.();
  await test.cloud.clock.advance(60_000);
  expect(points).toEqual([['m', 0]]);
  await provider?.delete(state as never, changed, testScope());
  await expect(test.call('DescribeFleetMetric', { metricName: 'm' })).rejects.toMatchObject({ statusCode: 404 });
  await test.cloud.close();
});
