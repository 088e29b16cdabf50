import {
  AddThingToThingGroupCommand,
  CreateThingGroupCommand,
  CreateThingTypeCommand,
  DescribeIndexCommand,
  GetIndexingConfigurationCommand,
  InvalidQueryException,
  InvalidRequestException,
  type IoTClient,
  ListIndicesCommand,
  ResourceNotFoundException,
  SearchIndexCommand,
  type SearchIndexCommandOutput,
  UpdateIndexingConfigurationCommand,
} from '@aws-sdk/client-iot';
import { type IndexingCloud, startIndexingCloud } from './indexing-cloud.ts';

// Fleet indexing, driven by the SDK's own client over HTTPS.

let cloud: IndexingCloud;
let iot: IoTClient;

beforeAll(async () => {
  cloud = await startIndexingCloud();
  iot = cloud.iot;
  await iot.send(new CreateThingTypeCommand({ thingTypeName: 'Sensor' }));
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'Plant' }));
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'Hall', parentGroupName: 'Plant' }));
  for (const [thingName, attributes, thingTypeName] of [
    ['mything1', { temperature: '70', rackId: 'Rack1' }, 'Sensor'],
    ['mything2', { temperature: '81.5', rackId: 'Rack2', model: 'legacy' }, 'Sensor'],
    ['other', {}, undefined],
  ] as const) {
    await cloud.createThing(thingName, attributes, thingTypeName);
  }
  await iot.send(new AddThingToThingGroupCommand({ thingGroupName: 'Hall', thingName: 'mything1' }));
});

afterAll(async () => {
  await cloud.close();
});

const search = (queryString: string, options: object = {}): Promise<SearchIndexCommandOutput> =>
  iot.send(new SearchIndexCommand({ queryString, ...options }));

const names = (queryString: string) => cloud.found(queryString);

// source: developer guide, iot-indexing; thinggroup-index ("OFF: No indexing/delete index")
test('an index that was never enabled does not exist', async () => {
  await expect(search('*')).rejects.toBeInstanceOf(ResourceNotFoundException);
  await expect(iot.send(new DescribeIndexCommand({ indexName: 'AWS_Things' }))).rejects.toBeInstanceOf(
    ResourceNotFoundException,
  );
  expect((await iot.send(new ListIndicesCommand({}))).indexNames).toEqual([]);
  expect(await iot.send(new GetIndexingConfigurationCommand({}))).toMatchObject({
    thingIndexingConfiguration: { thingIndexingMode: 'OFF' },
    thingGroupIndexingConfiguration: { thingGroupIndexingMode: 'OFF' },
  });
});

describe('with registry data', () => {
  beforeAll(() => cloud.configure({ thingIndexingMode: 'REGISTRY' }));

  // source: developer guide, managing-index ("Describing a thing index")
  test('the index is active and says what it holds', async () => {
    expect(await iot.send(new DescribeIndexCommand({ indexName: 'AWS_Things' }))).toMatchObject({
      indexName: 'AWS_Things',
      indexStatus: 'ACTIVE',
      schema: 'REGISTRY',
    });
    expect((await iot.send(new ListIndicesCommand({}))).indexNames).toEqual(['AWS_Things']);
  });

  // source: developer guide, managing-fleet-index ("Managed fields")
  test('its configuration names the managed fields of the registry', async () => {
    const { thingIndexingConfiguration } = await iot.send(new GetIndexingConfigurationCommand({}));
    expect(thingIndexingConfiguration?.managedFields).toEqual(
      expect.arrayContaining([
        { name: 'thingName', type: 'String' },
        { name: 'registry.version', type: 'Number' },
        { name: 'registry.thingTypeName', type: 'String' },
        { name: 'registry.thingGroupNames', type: 'String' },
        { name: 'thingId', type: 'String' },
      ]),
    );
    expect(thingIndexingConfiguration?.managedFields).toHaveLength(5);
  });

  // source: developer guide, managing-index ("Querying a thing index")
  test('a thing is found as its registry entry', async () => {
    const { things } = await search('thingName:mything1', { indexName: 'AWS_Things', queryVersion: '2017-09-30' });
    expect(things).toEqual([
      {
        thingName: 'mything1',
        thingId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        thingTypeName: 'Sensor',
        thingGroupNames: ['Hall'],
        attributes: { temperature: '70', rackId: 'Rack1' },
      },
    ]);
  });

  // source: developer guide, example-queries; fleet-metrics-get-started
  test('things are found by attribute, type, group, range and negation', async () => {
    expect(await names('thingName:my*')).toEqual(['mything1', 'mything2']);
    expect(await names('thingName:my* AND attributes.temperature >80')).toEqual(['mything2']);
    expect(await names('thingTypeName:Sensor')).toEqual(['mything1', 'mything2']);
    expect(await names('thingGroupNames:Hall')).toEqual(['mything1']);
    expect(await names('NOT attributes.model:legacy')).toEqual(['mything1', 'other']);
    expect(await names('Rack2')).toEqual(['mything2']);
    expect(await names('*')).toEqual(['mything1', 'mything2', 'other']);
  });

  // assumed: query-syntax names the operators, not which binds first
  test('NOT binds before AND, and AND before OR', async () => {
    expect(await names('thingName:other OR thingName:my* AND attributes.model:legacy')).toEqual(['mything2', 'other']);
    expect(await names('NOT thingName:other AND thingName:*')).toEqual(['mything1', 'mything2']);
  });

  // source: API reference, SearchIndex (maxResults, nextToken)
  test('results come in pages', async () => {
    const first = await search('*', { maxResults: 2 });
    expect(first.things).toHaveLength(2);
    const second = await search('*', { maxResults: 2, nextToken: first.nextToken });
    expect(second.things?.map(({ thingName }) => thingName)).toEqual(['other']);
    expect(second.nextToken).toBeUndefined();
    await expect(search('*', { maxResults: 101 })).rejects.toBeInstanceOf(InvalidRequestException);
  });

  // source: API reference, SearchIndex (errors); developer guide, query-syntax
  test('what is no query is an InvalidQueryException', async () => {
    await expect(search('thingName:')).rejects.toBeInstanceOf(InvalidQueryException);
    await expect(search('thingName:a/b')).rejects.toBeInstanceOf(InvalidQueryException);
    await expect(search('*', { queryVersion: '2016-01-01' })).rejects.toBeInstanceOf(InvalidRequestException);
  });

  // source: developer guide, managing-fleet-index ("managed fields that are not searchable")
  test('versions are not searchable', async () => {
    await expect(search('registry.version:1')).rejects.toThrow('registry.version is not searchable');
  });

  // assumed: the guide is silent; a field that can never match is refused instead of finding nothing
  test('a field that is not indexed is refused by name', async () => {
    await expect(search('shadow.hasDelta:true')).rejects.toThrow('The field shadow.hasDelta is not indexed');
    await expect(search('connectivity.connected:true')).rejects.toThrow('connectivity.connected is not indexed');
    await expect(search('colour:red')).rejects.toThrow('colour is not a field of the index AWS_Things');
  });

  // assumed: the guide says that an index is continually updated; here it is without any delay
  test('a new thing is found at once', async () => {
    await cloud.createThing('late');
    expect(await names('thingName:late')).toEqual(['late']);
  });
});

describe('with shadows and connectivity', () => {
  beforeAll(() =>
    cloud.configure({
      thingIndexingMode: 'REGISTRY_AND_SHADOW',
      thingConnectivityIndexingMode: 'STATUS',
      namedShadowIndexingMode: 'ON',
      filter: { namedShadowNames: ['thing1shadow'] },
    }),
  );

  // source: developer guide, managing-index (table of schema values)
  test('the schema tells of several sources', async () => {
    const { schema } = await iot.send(new DescribeIndexCommand({ indexName: 'AWS_Things' }));
    expect(schema).toBe('MULTI_INDEXING_MODE');
    const { thingIndexingConfiguration } = await iot.send(new GetIndexingConfigurationCommand({}));
    expect(thingIndexingConfiguration).toMatchObject({
      namedShadowIndexingMode: 'ON',
      thingConnectivityIndexingMode: 'STATUS',
      filter: { namedShadowNames: ['thing1shadow'] },
    });
    expect(thingIndexingConfiguration?.managedFields).toEqual(
      expect.arrayContaining([
        { name: 'shadow.name.*.hasDelta', type: 'Boolean' },
        { name: 'connectivity.disconnectReason', type: 'String' },
      ]),
    );
  });

  // source: developer guide, managing-index ("Querying a thing index"), example-queries
  test('things are found by their classic shadow, and answered with it', async () => {
    await cloud.updateShadow('mything1', {
      desired: { location: 'new york', stats: { battery: 100 } },
      reported: { location: 'new york', myvalues: [1, 2, 3], stats: { battery: 78 }, palette: [{ name: 'RED' }] },
    });
    expect(await names('shadow.reported.stats.battery:{70 TO 100]')).toEqual(['mything1']);
    expect(await names('shadow.reported.myvalues:2')).toEqual(['mything1']);
    expect(await names('shadow.hasDelta:true')).toEqual(['mything1']);
    expect(await names('shadow.delta.stats.battery:100')).toEqual(['mything1']);
    expect(await names('shadow.reported.location:"New York"')).toEqual(['mything1']);
    expect(await names('shadow.metadata.reported.location.timestamp>0')).toEqual(['mything1']);
    expect(await names('york')).toEqual(['mything1']);
    const { things } = await search('thingName:mything1');
    expect(JSON.parse(things?.[0]?.shadow ?? '')).toMatchObject({
      desired: { location: 'new york' },
      reported: { myvalues: [1, 2, 3] },
      delta: { stats: { battery: 100 } },
      metadata: { reported: { location: { timestamp: expect.any(Number) } } },
      hasDelta: true,
      version: 1,
    });
  });

  // source: developer guide, managing-index ("Shadow fields with complex types")
  test('an array of objects is not indexed', async () => {
    expect(await names('shadow.reported.palette:*')).toEqual([]);
    expect(await names('RED')).toEqual([]);
  });

  // source: developer guide, managing-index ("Nested shadow field names")
  test('a field name with periods is found as nested fields are', async () => {
    await cloud.updateShadow('mything2', { desired: { one: { two: { three: 'v2' } } } });
    await cloud.updateShadow('other', { desired: { 'one.two.three': 'v2' } });
    expect(await names('shadow.desired.one.two.three:v2')).toEqual(['mything2', 'other']);
  });

  // source: developer guide, example-queries; managing-fleet-index ("Shadow")
  test('only the named shadows of the configuration are indexed', async () => {
    await cloud.updateShadow('other', { desired: { filament: 'on' } }, 'thing1shadow');
    await cloud.updateShadow('other', { desired: { filament: 'off' } }, 'second');
    expect(await names('shadow.name.thing1shadow.desired.filament:*')).toEqual(['other']);
    expect(await names('shadow.name.thing1shadow.hasDelta:true')).toEqual(['other']);
    await expect(names('shadow.name.second.desired.filament:*')).rejects.toThrow('second is not');
    const { things } = await search('thingName:other');
    expect(JSON.parse(things?.[0]?.shadow ?? '')).toMatchObject({
      name: { thing1shadow: { desired: { filament: 'on' } } },
    });
  });

  // source: developer guide, managing-index ("Unregistered shadows")
  test('a shadow of a name that is no thing is not indexed', async () => {
    await cloud.updateShadow('nobody', { reported: { location: 'nowhere' } });
    expect(await names('shadow.reported.location:nowhere')).toEqual([]);
  });

  // source: developer guide, example-queries; managing-index ("connectivity")
  test('things are found by their connection, and answered with its last change', async () => {
    cloud.presence({ clientId: 'mything2', connected: true, at: 1_556_649_855_046, version: 3 });
    cloud.presence({
      clientId: 'mything1',
      connected: false,
      at: 1_556_649_874_716,
      reason: 'CONNECTION_LOST',
      version: 7,
    });
    cloud.presence({ clientId: 'stranger', connected: true, at: 1_556_649_855_046 });
    expect(await names('connectivity.connected:true')).toEqual(['mything2']);
    expect(await names('connectivity.connected:true AND connectivity.timestamp > 1556649855045')).toEqual(['mything2']);
    expect(await names('connectivity.disconnectReason:CONNECTION_LOST')).toEqual(['mything1']);
    expect(await names('connectivity.disconnectReason:*')).toEqual(['mything1']);
    const { things } = await search('thingName:mything1');
    expect(things?.[0]?.connectivity).toEqual({
      connected: false,
      timestamp: 1_556_649_874_716,
      disconnectReason: 'CONNECTION_LOST',
    });
  });

  // source: developer guide, query-syntax ("searches for the term in all the registry, Device Shadow, and Device Defender fields")
  test('a term without a field does not look into connectivity', async () => {
    expect(await names('CONNECTION_LOST')).toEqual([]);
  });
});

describe('thing groups', () => {
  beforeAll(() =>
    iot.send(
      new UpdateIndexingConfigurationCommand({ thingGroupIndexingConfiguration: { thingGroupIndexingMode: 'ON' } }),
    ),
  );

  // source: developer guide, thinggroup-index, example-thinggroup-queries
  test('groups are found by name and by their parents', async () => {
    const groups = async (queryString: string) =>
      (await search(queryString, { indexName: 'AWS_ThingGroups' })).thingGroups?.map((group) => group.thingGroupName);
    expect(await groups('thingGroupName:pl*')).toEqual(['Plant']);
    expect(await groups('parentGroupNames:(Plant OR none)')).toEqual(['Hall']);
    expect(await groups('NOT attributes.myAttribute:cde')).toEqual(['Hall', 'Plant']);
    const { thingGroups } = await search('thingGroupNames:Hall', { indexName: 'AWS_ThingGroups' });
    expect(thingGroups).toEqual([
      { thingGroupName: 'Hall', thingGroupId: expect.any(String), attributes: {}, parentGroupNames: ['Plant'] },
    ]);
    expect((await iot.send(new DescribeIndexCommand({ indexName: 'AWS_ThingGroups' }))).schema).toBe('THING_GROUPS');
  });
});

/** Refused with the error, and changes nothing. */
async function refused(part: object, message: string): Promise<void> {
  const configuration = { thingIndexingMode: 'REGISTRY' as const, ...part };
  await expect(cloud.configure(configuration)).rejects.toThrow(message);
}

// source: developer guide, managing-index ("Managed fields and custom fields"), managing-fleet-index ("Custom fields"), General Reference (custom fields)
test('custom fields must be indexed, be no managed fields, be named rightly and be five at most', async () => {
  const custom = (...names: string[]) => ({ customFields: names.map((name) => ({ name, type: 'String' })) });
  await refused(custom('shadow.desired.t'), 'shadow.desired.t is not indexed by this configuration');
  await refused(custom('registry.version'), 'registry.version is a managed field');
  await refused(custom('attributes.a b'), 'attributes.a b is not indexed');
  await refused(custom('attributes.a', 'attributes.a'), 'A custom field is given twice');
  await refused(custom(...[1, 2, 3, 4, 5, 6].map((i) => `attributes.a${i}`)), 'at most 5 custom fields');
  await refused({ managedFields: [{ name: 'thingName', type: 'Number' }] }, 'Managed fields cannot be modified');
});

// source: developer guide, managing-index ("Thing indexing mode"); API reference, IndexingFilter
test('modes and filters must hold together', async () => {
  await refused({ namedShadowIndexingMode: 'ON' }, 'namedShadowIndexingMode ON needs shadow names');
  await refused({ filter: { namedShadowNames: ['a'] } }, 'needs namedShadowIndexingMode ON');
  const names = Array.from({ length: 11 }, (_, i) => `s${i}`);
  await refused({ namedShadowIndexingMode: 'ON', filter: { namedShadowNames: names } }, 'At most 10 named shadows');
  const off = { thingIndexingMode: 'OFF' };
  await refused({ ...off, thingConnectivityIndexingMode: 'STATUS' }, 'needs a thingIndexingMode other than OFF');
  await refused({ ...off, deviceDefenderIndexingMode: 'VIOLATIONS' }, 'needs a thingIndexingMode other than OFF');
  await refused({ thingIndexingMode: 'SOME' }, 'Member must satisfy enum value set');
});

// assumed: geolocation and socket information are not built and refused by name
test('geolocations and socket information are refused by name', async () => {
  await refused({ filter: { geoLocations: [{ name: 'shadow.reported.location' }] } }, 'geoLocations');
  const connectivity = { includeSocketInformation: ['GET_THING_CONNECTIVITY_DATA'] };
  await refused({ filter: { connectivity } }, 'filter.connectivity is not implemented');
  await expect(search('shadow.reported.location:geo_distance,39.2,-130.8,1km')).rejects.toThrow('geo_distance');
});
