import {
  AddThingToThingGroupCommand,
  CreateDynamicThingGroupCommand,
  CreateThingGroupCommand,
  CreateThingTypeCommand,
  DeleteThingCommand,
  DeleteThingGroupCommand,
  DeleteThingTypeCommand,
  DeprecateThingTypeCommand,
  type EventType,
  type IoTClient,
  RemoveThingFromThingGroupCommand,
  UpdateEventConfigurationsCommand,
  UpdateThingCommand,
  UpdateThingGroupCommand,
} from '@aws-sdk/client-iot';
import { until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import { type IndexingCloud, startIndexingCloud } from './indexing-cloud.ts';

// Developer guide, registry-events and iot-events.

const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const UUID = expect.stringMatching(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

let cloud: IndexingCloud;
let iot: IoTClient;

beforeEach(async () => {
  cloud = await startIndexingCloud();
  iot = cloud.iot;
});

afterEach(() => cloud.close());

const enable = (type: EventType, Enabled = true) =>
  iot.send(new UpdateEventConfigurationsCommand({ eventConfigurations: { [type]: { Enabled } } }));

/** Topics and payloads below `$aws/events`, once there are `count`. */
async function events(count: number): Promise<[string, Record<string, unknown>][]> {
  await until(() => cloud.published.length >= count);
  return cloud.published.map(({ topic, payload }) => [topic, JSON.parse(payload.toString('utf8'))]);
}

const head = (eventType: string, operation: string) => ({
  eventType,
  eventId: UUID,
  timestamp: cloud.clock.now(),
  operation,
});

// source: developer guide, registry-events ("Thing Created/Updated/Deleted")
test('a thing that is created, updated and deleted is told of with its attributes and version', async () => {
  await enable('THING');
  await iot.send(new CreateThingTypeCommand({ thingTypeName: 'Pump' }));
  await cloud.createThing('MyThing', { attribute1: 'value1' });
  const attributePayload = { attributes: { attribute2: 'value2' }, merge: true };
  await iot.send(new UpdateThingCommand({ thingName: 'MyThing', thingTypeName: 'Pump', attributePayload }));
  await iot.send(new DeleteThingCommand({ thingName: 'MyThing' }));
  const thing = { accountId: '123456789012', thingId: UUID, thingName: 'MyThing' };
  const attributes = { attribute1: 'value1', attribute2: 'value2' };
  expect(await events(3)).toEqual([
    [
      '$aws/events/thing/MyThing/created',
      {
        ...head('THING_EVENT', 'CREATED'),
        ...thing,
        versionNumber: 1,
        thingTypeName: null,
        attributes: { attribute1: 'value1' },
      },
    ],
    [
      '$aws/events/thing/MyThing/updated',
      { ...head('THING_EVENT', 'UPDATED'), ...thing, versionNumber: 2, thingTypeName: 'Pump', attributes },
    ],
    [
      '$aws/events/thing/MyThing/deleted',
      { ...head('THING_EVENT', 'DELETED'), ...thing, versionNumber: 2, thingTypeName: 'Pump', attributes },
    ],
  ]);
});

// source: developer guide, registry-events ("Thing Type Created/Deprecated/Undeprecated/Deleted")
test('a thing type that is created, deprecated and deleted is told of', async () => {
  await enable('THING_TYPE');
  const thingTypeProperties = { thingTypeDescription: 'My thing type', searchableAttributes: ['a', 'b'] };
  await iot.send(new CreateThingTypeCommand({ thingTypeName: 'MyThingType', thingTypeProperties }));
  await iot.send(new DeprecateThingTypeCommand({ thingTypeName: 'MyThingType' }));
  const deprecationDate = cloud.clock.now();
  await cloud.clock.advance(5 * 60_000);
  await iot.send(new DeleteThingTypeCommand({ thingTypeName: 'MyThingType' }));
  const [created, deprecated, deleted] = await events(3);
  expect(created).toEqual([
    '$aws/events/thingType/MyThingType/created',
    {
      ...head('THING_TYPE_EVENT', 'CREATED'),
      timestamp: deprecationDate,
      accountId: '123456789012',
      thingTypeId: UUID,
      thingTypeName: 'MyThingType',
      isDeprecated: false,
      deprecationDate: null,
      searchableAttributes: ['a', 'b'],
      description: 'My thing type',
    },
  ]);
  expect(deprecated).toEqual([
    '$aws/events/thingType/MyThingType/updated',
    expect.objectContaining({ operation: 'UPDATED', isDeprecated: true, deprecationDate }),
  ]);
  expect(deleted?.[0]).toBe('$aws/events/thingType/MyThingType/deleted');
});

// source: developer guide, registry-events ("Thing Type Associated or Disassociated with a Thing")
test('a thing that gets, changes and loses its type is told of', async () => {
  await enable('THING_TYPE_ASSOCIATION');
  await iot.send(new CreateThingTypeCommand({ thingTypeName: 'A' }));
  await iot.send(new CreateThingTypeCommand({ thingTypeName: 'B' }));
  await cloud.createThing('myThing', {}, 'A');
  await iot.send(new UpdateThingCommand({ thingName: 'myThing', thingTypeName: 'B' }));
  await iot.send(new UpdateThingCommand({ thingName: 'myThing', removeThingType: true }));
  const found = await events(4);
  const topic = '$aws/events/thingTypeAssociation/thing/myThing/thingType';
  expect(found.map(([name]) => name)).toEqual([
    `${topic}/A/added`,
    `${topic}/A/removed`,
    `${topic}/B/added`,
    `${topic}/B/removed`,
  ]);
  expect(found[0]?.[1]).toEqual({
    ...head('THING_TYPE_ASSOCIATION_EVENT', 'ADDED'),
    thingId: UUID,
    thingName: 'myThing',
    thingTypeName: 'A',
  });
});

// source: developer guide, registry-events ("Thing Group Created/Updated/Deleted")
test('a thing group that is created, updated and deleted is told of with its parents', async () => {
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'top' }));
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'middle', parentGroupName: 'top' }));
  await enable('THING_GROUP');
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'leaf', parentGroupName: 'middle' }));
  const thingGroupProperties = {
    thingGroupDescription: 'New description',
    attributePayload: { attributes: { attribute1: 'value1' } },
  };
  await iot.send(new UpdateThingGroupCommand({ thingGroupName: 'leaf', thingGroupProperties }));
  await iot.send(new DeleteThingGroupCommand({ thingGroupName: 'leaf' }));
  const found = await events(3);
  expect(found.map(([name]) => name)).toEqual([
    '$aws/events/thingGroup/leaf/created',
    '$aws/events/thingGroup/leaf/updated',
    '$aws/events/thingGroup/leaf/deleted',
  ]);
  expect(found[1]?.[1]).toEqual({
    ...head('THING_GROUP_EVENT', 'UPDATED'),
    accountId: '123456789012',
    thingGroupId: UUID,
    thingGroupName: 'leaf',
    versionNumber: 2,
    parentGroupName: 'middle',
    parentGroupId: UUID,
    description: 'New description',
    rootToParentThingGroups: [
      { groupArn: `${ARN}thinggroup/top`, groupId: UUID },
      { groupArn: `${ARN}thinggroup/middle`, groupId: UUID },
    ],
    attributes: { attribute1: 'value1' },
    dynamicGroupMappingId: null,
  });
});

// source: developer guide, registry-events ("Thing Added to or Removed from a Thing Group")
test('a thing that enters and leaves groups, also dynamic ones, is told of', async () => {
  await cloud.configure({ thingIndexingMode: 'REGISTRY' });
  await cloud.createThing('MyThing');
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'g' }));
  await enable('THING_GROUP_MEMBERSHIP');
  const membership = { thingGroupName: 'g', thingName: 'MyThing' };
  await iot.send(new AddThingToThingGroupCommand(membership));
  await iot.send(new RemoveThingFromThingGroupCommand(membership));
  await iot.send(new CreateDynamicThingGroupCommand({ thingGroupName: 'd', queryString: 'thingName:MyThing' }));
  const found = await events(3);
  const topic = '$aws/events/thingGroupMembership/thingGroup';
  expect(found.map(([name]) => name)).toEqual([
    `${topic}/g/thing/MyThing/added`,
    `${topic}/g/thing/MyThing/removed`,
    `${topic}/d/thing/MyThing/added`,
  ]);
  expect(found[0]?.[1]).toEqual({
    ...head('THING_GROUP_MEMBERSHIP_EVENT', 'ADDED'),
    accountId: '123456789012',
    groupArn: `${ARN}thinggroup/g`,
    groupId: UUID,
    thingArn: `${ARN}thing/MyThing`,
    thingId: UUID,
    membershipId: UUID,
  });
  expect(found[1]?.[1].membershipId).toBe(found[0]?.[1].membershipId);
});

// source: developer guide, registry-events ("Thing Group Added to or Deleted from a Thing Group")
test('a group that is made below another, and deleted, is told of', async () => {
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'parent' }));
  await enable('THING_GROUP_HIERARCHY');
  await iot.send(new CreateThingGroupCommand({ thingGroupName: 'child', parentGroupName: 'parent' }));
  await iot.send(new DeleteThingGroupCommand({ thingGroupName: 'child' }));
  const found = await events(2);
  const topic = '$aws/events/thingGroupHierarchy/thingGroup/parent/childThingGroup/child';
  expect(found.map(([name]) => name)).toEqual([`${topic}/added`, `${topic}/removed`]);
  expect(found[0]?.[1]).toEqual({
    ...head('THING_GROUP_HIERARCHY_EVENT', 'ADDED'),
    accountId: '123456789012',
    thingGroupId: UUID,
    thingGroupName: 'parent',
    childGroupId: UUID,
    childGroupName: 'child',
  });
});

// source: developer guide, iot-events ("you must enable event messages"), registry-events ("not available by default")
test('nothing is told until its type is enabled, nor once it is disabled', async () => {
  await cloud.createThing('a');
  await enable('THING_GROUP');
  await cloud.createThing('b');
  await enable('THING');
  await cloud.createThing('c');
  await events(1);
  await enable('THING', false);
  await cloud.createThing('d');
  expect((await events(1)).map(([topic]) => topic)).toEqual(['$aws/events/thing/c/created']);
});
