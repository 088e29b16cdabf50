import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PresenceChange } from '../../local-cloud/src/core/mqtt.ts';
import { type IotTestCloud, startIot } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';

const INDEX = 'arn:aws:iot:us-east-1:123456789012:index/AWS_Things';

let directory: string;
let presence: (change: PresenceChange) => void;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'fleetwright-indexing-'));
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** The cloud on the test's directory, with connections made by hand. */
function start(): Promise<IotTestCloud> {
  return startIot({
    directory,
    prepare(cloud) {
      const broker = cloud.ports.get('broker');
      cloud.ports.provide('broker', {
        ...broker,
        onPresence: (listener) => {
          presence = listener;
        },
      });
    },
  });
}

async function found(iot: IotTestCloud, queryString: string): Promise<string[]> {
  const { things } = await iot.call<{ things: { thingName: string }[] }>('SearchIndex', { queryString });
  return things.map(({ thingName }) => thingName);
}

// assumed: AWS's index outlives everything; here configuration, groups, metrics and connectivity survive a restart
test('what was indexed is found again after a restart', async () => {
  let iot = await start();
  await iot.call('UpdateIndexingConfiguration', {
    thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY', thingConnectivityIndexingMode: 'STATUS' },
  });
  await iot.call('CreateThing', { thingName: 'a', attributePayload: { attributes: { rack: '1' } } });
  await iot.call('CreateThing', { thingName: 'b' });
  await iot.call('CreateDynamicThingGroup', { thingGroupName: 'g', queryString: 'attributes.rack:1' });
  await iot.call('CreateFleetMetric', {
    metricName: 'm',
    queryString: '*',
    period: 60,
    aggregationField: 'registry.version',
    aggregationType: { name: 'Statistics', values: ['count'] },
  });
  presence({ clientId: 'a', connected: true, at: 1, version: 1 });
  presence({ clientId: 'b', connected: false, at: 2, reason: 'CONNECTION_LOST', version: 1 });
  await iot.cloud.store.durable();
  await iot.cloud.close();

  iot = await start();
  expect(await found(iot, 'thingGroupNames:g')).toEqual(['a']);
  expect(await found(iot, 'connectivity.disconnectReason:CONNECTION_LOST')).toEqual(['b']);
  expect(await iot.call('ListFleetMetrics')).toMatchObject({ fleetMetrics: [{ metricName: 'm' }] });
  await iot.call('UpdateThing', { thingName: 'b', attributePayload: { attributes: { rack: '1' } } });
  expect(await iot.call('ListThingsInThingGroup', { thingGroupName: 'g' })).toMatchObject({ things: ['a', 'b'] });
  await iot.cloud.close();
});

// source: developer guide, fleet-indexing-troubleshooting ("the connectivity status timestamp value might be missing")
test('a client whose end nobody saw is disconnected since an unknown moment', async () => {
  let iot = await start();
  await iot.call('UpdateIndexingConfiguration', {
    thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY', thingConnectivityIndexingMode: 'STATUS' },
  });
  await iot.call('CreateThing', { thingName: 'gone' });
  presence({ clientId: 'gone', connected: true, at: 1 });
  expect(await found(iot, 'connectivity.connected:true')).toEqual(['gone']);
  await iot.cloud.store.durable();
  await iot.cloud.close();

  iot = await start();
  expect(await found(iot, 'connectivity.connected:true')).toEqual([]);
  const { things } = await iot.call<{ things: object[] }>('SearchIndex', { queryString: 'thingName:gone' });
  expect(things).toMatchObject([{ connectivity: { connected: false } }]);
  expect(JSON.stringify(things)).not.toContain('timestamp');
  await iot.cloud.close();
});

// source: developer guide, managing-index ("Authorization"); Service Authorization Reference, AWS IoT
test('each operation asks for its own action on the index, the group or the metric', async () => {
  const iot = await start();
  await iot.call('UpdateIndexingConfiguration', { thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY' } });
  const asked = async (operation: string, input: object): Promise<unknown> => {
    iot.cloud.asked.length = 0;
    await iot.call(operation, input);
    return iot.cloud.asked.map(({ action, resource }) => [action, resource]);
  };
  const queryString = '*';
  expect(await asked('SearchIndex', { queryString })).toEqual([['iot:SearchIndex', INDEX]]);
  expect(await asked('GetStatistics', { queryString, indexName: 'AWS_Things' })).toEqual([
    ['iot:GetStatistics', INDEX],
  ]);
  expect(await asked('DescribeIndex', { indexName: 'AWS_Things' })).toEqual([['iot:DescribeIndex', INDEX]]);
  expect(await asked('GetIndexingConfiguration', {})).toEqual([['iot:GetIndexingConfiguration', '*']]);
  expect(await asked('CreateDynamicThingGroup', { thingGroupName: 'g', queryString })).toEqual([
    ['iot:CreateDynamicThingGroup', 'arn:aws:iot:us-east-1:123456789012:thinggroup/g'],
    ['iot:CreateDynamicThingGroup', INDEX],
  ]);
  expect(await asked('DeleteFleetMetric', { metricName: 'm' })).toEqual([
    ['iot:DeleteFleetMetric', 'arn:aws:iot:us-east-1:123456789012:fleetmetric/m'],
  ]);
  await iot.cloud.close();
});

// source: API reference, GetThingConnectivityData
test('the connectivity of one thing is answered with its last change', async () => {
  const iot = await start();
  await iot.call('CreateThing', { thingName: 't' });
  await expect(iot.call('GetThingConnectivityData', { thingName: 't' })).rejects.toMatchObject({ statusCode: 404 });
  await iot.call('UpdateIndexingConfiguration', {
    thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY', thingConnectivityIndexingMode: 'STATUS' },
  });
  expect(await iot.call('GetThingConnectivityData', { thingName: 't' })).toEqual({ thingName: 't', connected: false });
  presence({ clientId: 't', connected: false, at: 5000, reason: 'MQTT_KEEP_ALIVE_TIMEOUT' });
  expect(await iot.call('GetThingConnectivityData', { thingName: 't' })).toEqual({
    thingName: 't',
    connected: false,
    timestamp: new Date(5000),
    disconnectReason: 'MQTT_KEEP_ALIVE_TIMEOUT',
  });
  const sockets = { thingName: 't', includeSocketInformation: true };
  await expect(iot.call('GetThingConnectivityData', sockets)).rejects.toMatchObject({ code: 'NotImplemented' });
  await iot.cloud.close();
});
