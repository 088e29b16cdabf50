import { type IotTestCloud, startIot } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';

// AWS IoT developer guide: thing-registry, thing-types, thing-groups; AWS IoT API reference, by operation.

const ARN = 'arn:aws:iot:us-east-1:123456789012:';

let iot: IotTestCloud;

beforeEach(async () => {
  iot = await startIot();
});

afterEach(() => iot.cloud.close());

const attributes = (values: Record<string, string>, merge?: boolean) => ({
  attributePayload: { attributes: values, ...(merge === undefined ? {} : { merge }) },
});

function refused(operation: string, input: object, code: string, message?: RegExp): Promise<void> {
  const expected = message === undefined ? { code } : { code, message: expect.stringMatching(message) };
  return expect(iot.call(operation, input)).rejects.toMatchObject(expected);
}

describe('things', () => {
  test('are created, described, updated and deleted', async () => {
    const made = await iot.call('CreateThing', {
      thingName: 'MyLightBulb',
      ...attributes({ wattage: '75', model: '123' }),
    });
    expect(made).toEqual({
      thingName: 'MyLightBulb',
      thingArn: `${ARN}thing/MyLightBulb`,
      thingId: expect.any(String),
    });
    expect(await iot.call('DescribeThing', { thingName: 'MyLightBulb' })).toEqual({
      thingName: 'MyLightBulb',
      thingArn: `${ARN}thing/MyLightBulb`,
      thingId: made.thingId,
      defaultClientId: 'MyLightBulb',
      attributes: { wattage: '75', model: '123' },
      version: 1,
    });
    await iot.call('UpdateThing', { thingName: 'MyLightBulb', ...attributes({ wattage: '150', model: '456' }) });
    expect(await iot.call('DescribeThing', { thingName: 'MyLightBulb' })).toMatchObject({
      attributes: { wattage: '150', model: '456' },
      version: 2,
    });
    await iot.call('DeleteThing', { thingName: 'MyLightBulb' });
    await refused(
      'DescribeThing',
      { thingName: 'MyLightBulb' },
      'ResourceNotFoundException',
      /Thing MyLightBulb not found/,
    );
    await iot.call('DeleteThing', { thingName: 'MyLightBulb' });
  });

  test('created again with the same configuration succeed, with another they exist already', async () => {
    const made = await iot.call('CreateThing', { thingName: 't', ...attributes({ a: '1' }) });
    expect(await iot.call('CreateThing', { thingName: 't', ...attributes({ a: '1' }) })).toEqual(made);
    await expect(iot.call('CreateThing', { thingName: 't', ...attributes({ a: '2' }) })).rejects.toMatchObject({
      code: 'ResourceAlreadyExistsException',
      statusCode: 409,
      fields: { resourceArn: `${ARN}thing/t`, resourceId: made.thingId },
    });
  });

  test('merge attributes when asked to, and lose those that are set to nothing', async () => {
    await iot.call('CreateThing', { thingName: 't', ...attributes({ a: '1', b: '2' }) });
    await iot.call('UpdateThing', { thingName: 't', ...attributes({ b: '', c: '3' }, true) });
    expect(await iot.call('DescribeThing', { thingName: 't' })).toMatchObject({ attributes: { a: '1', c: '3' } });
    await iot.call('UpdateThing', { thingName: 't', ...attributes({ d: '4' }) });
    expect(await iot.call('DescribeThing', { thingName: 't' })).toMatchObject({ attributes: { d: '4' } });
  });

  test('are only changed or deleted in the expected version', async () => {
    await iot.call('CreateThing', { thingName: 't' });
    await refused('UpdateThing', { thingName: 't', expectedVersion: 2 }, 'VersionConflictException');
    await refused('DeleteThing', { thingName: 't', expectedVersion: 2 }, 'VersionConflictException');
    await iot.call('UpdateThing', { thingName: 't', expectedVersion: 1 });
    await iot.call('DeleteThing', { thingName: 't', expectedVersion: 2 });
  });

  test('have up to 3 attributes without a type and up to 50 with one', async () => {
    const some = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`a${i}`, 'x']));
    await iot.call('CreateThingType', { thingTypeName: 'pump' });
    await iot.call('CreateThing', { thingName: 'three', ...attributes(some(3)) });
    await refused('CreateThing', { thingName: 'four', ...attributes(some(4)) }, 'InvalidRequestException', /at most 3/);
    await iot.call('CreateThing', { thingName: 'fifty', thingTypeName: 'pump', ...attributes(some(50)) });
    const tooMany = { thingName: 'more', thingTypeName: 'pump', ...attributes(some(51)) };
    await refused('CreateThing', tooMany, 'InvalidRequestException', /at most 50/);
    await refused('UpdateThing', { thingName: 'fifty', removeThingType: true }, 'InvalidRequestException');
    await refused('UpdateThing', { thingName: 'three', ...attributes({ z: '1' }, true) }, 'InvalidRequestException');
  });

  test.each([
    ['an empty name', { thingName: '' }],
    ['a name with a space', { thingName: 'a b' }],
    ['a name with a slash', { thingName: 'a/b' }],
    ['a name of 129 characters', { thingName: 'x'.repeat(129) }],
    ['no name', {}],
    ['an attribute name with a space', { thingName: 't', ...attributes({ 'a b': '1' }) }],
    ['an attribute value with a space', { thingName: 't', ...attributes({ a: 'b c' }) }],
    ['an attribute value of 801 characters', { thingName: 't', ...attributes({ a: 'x'.repeat(801) }) }],
  ])('are refused with %s', async (_title, input) => {
    await refused('CreateThing', input, 'InvalidRequestException', /validation error/);
  });

  test('are listed in pages, by type and by attribute', async () => {
    await iot.call('CreateThingType', { thingTypeName: 'pump' });
    for (let i = 0; i < 7; i++) {
      const type = i % 2 === 0 ? { thingTypeName: 'pump' } : {};
      await iot.call('CreateThing', { thingName: `t${i}`, ...type, ...attributes({ site: i < 4 ? 'a' : 'ab' }) });
    }
    const list = (input: object) => namesOf(input);
    expect(await list({})).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6']);
    expect(await list({ maxResults: 2 })).toEqual(['t0', 't1', 't2', 't3', 't4', 't5', 't6']);
    expect(await list({ thingTypeName: 'pump', maxResults: 3 })).toEqual(['t0', 't2', 't4', 't6']);
    expect(await list({ attributeName: 'site', attributeValue: 'a' })).toEqual(['t0', 't1', 't2', 't3']);
    const prefix = { attributeName: 'site', attributeValue: 'a', usePrefixAttributeValue: true, maxResults: 5 };
    expect(await list(prefix)).toHaveLength(7);
    expect(await list({ attributeName: 'other', attributeValue: 'a' })).toEqual([]);
    await refused('ListThings', { maxResults: 251 }, 'InvalidRequestException');
    await refused('ListThings', { nextToken: '!' }, 'InvalidRequestException');
  });

  test('that come and go between two pages neither repeat nor hide others', async () => {
    for (const thingName of ['a', 'b', 'c', 'd']) await iot.call('CreateThing', { thingName });
    const first = await iot.call<{ things: { thingName: string }[]; nextToken: string }>('ListThings', {
      maxResults: 2,
    });
    await iot.call('DeleteThing', { thingName: 'b' });
    await iot.call('CreateThing', { thingName: 'aa' });
    const second = await iot.call('ListThings', { nextToken: first.nextToken });
    expect(second).toMatchObject({ things: [{ thingName: 'c' }, { thingName: 'd' }] });
  });

  async function namesOf(input: object): Promise<string[]> {
    const names: string[] = [];
    for (let nextToken: string | undefined; ; ) {
      const page = await iot.call<{ things: { thingName: string }[]; nextToken?: string }>('ListThings', {
        ...input,
        nextToken,
      });
      names.push(...page.things.map(({ thingName }) => thingName));
      nextToken = page.nextToken;
      if (nextToken === undefined) return names;
    }
  }
});

describe('thing types', () => {
  const TYPE = {
    thingTypeName: 'LightBulb',
    thingTypeProperties: { thingTypeDescription: 'light bulb type', searchableAttributes: ['wattage', 'model'] },
  };

  test('are created, described and listed', async () => {
    const made = await iot.call('CreateThingType', TYPE);
    expect(made).toMatchObject({ thingTypeName: 'LightBulb', thingTypeArn: `${ARN}thingtype/LightBulb` });
    expect(await iot.call('DescribeThingType', { thingTypeName: 'LightBulb' })).toEqual({
      ...TYPE,
      thingTypeArn: `${ARN}thingtype/LightBulb`,
      thingTypeId: made.thingTypeId,
      thingTypeMetadata: { deprecated: false, creationDate: new Date(iot.cloud.clock.now()) },
    });
    expect(await iot.call('ListThingTypes')).toMatchObject({ thingTypes: [TYPE] });
    expect(await iot.call('ListThingTypes', { thingTypeName: 'other' })).toMatchObject({ thingTypes: [] });
    await expect(iot.call('CreateThingType', TYPE)).resolves.toEqual(made);
    await refused('CreateThingType', { thingTypeName: 'LightBulb' }, 'ResourceAlreadyExistsException');
  });

  // source: API reference, UpdateThingType ("Updates a thing type"; ResourceNotFoundException)
  test('are updated in description and searchable attributes, and keep their id', async () => {
    const { thingTypeId } = await iot.call('CreateThingType', TYPE);
    const thingTypeProperties = { thingTypeDescription: 'a lamp', searchableAttributes: ['color'] };
    expect(await iot.call('UpdateThingType', { ...TYPE, thingTypeProperties })).toEqual({});
    expect(await iot.call('DescribeThingType', { thingTypeName: 'LightBulb' })).toMatchObject({
      thingTypeId,
      thingTypeProperties,
    });
    await refused('UpdateThingType', { thingTypeName: 'none' }, 'ResourceNotFoundException');
  });

  // assumed: the API reference does not say whether a member that is not given is kept or removed
  test('keep what an update does not give', async () => {
    await iot.call('CreateThingType', TYPE);
    const thingTypeProperties = { searchableAttributes: ['color'] };
    await iot.call('UpdateThingType', { ...TYPE, thingTypeProperties });
    expect(await iot.call('DescribeThingType', { thingTypeName: 'LightBulb' })).toMatchObject({
      thingTypeProperties: { thingTypeDescription: 'light bulb type', searchableAttributes: ['color'] },
    });
  });

  // assumed: enriching messages by propagating attributes is not built, and is refused by name
  test('take no mqtt5Configuration', async () => {
    const mqtt5Configuration = { propagatingAttributes: [{ userPropertyKey: 'site', thingAttribute: 'site' }] };
    await refused('CreateThingType', { ...TYPE, thingTypeProperties: { mqtt5Configuration } }, 'NotImplemented');
  });

  test('take no new things once deprecated, and can be undeprecated', async () => {
    await iot.call('CreateThingType', TYPE);
    await iot.call('CreateThing', { thingName: 'before', thingTypeName: 'LightBulb' });
    await iot.call('DeprecateThingType', { thingTypeName: 'LightBulb' });
    await refused(
      'CreateThing',
      { thingName: 't', thingTypeName: 'LightBulb' },
      'InvalidRequestException',
      /deprecated/,
    );
    await iot.call('UpdateThing', { thingName: 'before', thingTypeName: 'LightBulb', ...attributes({ a: '1' }) });
    await iot.call('DeprecateThingType', { thingTypeName: 'LightBulb', undoDeprecate: true });
    await iot.call('CreateThing', { thingName: 't', thingTypeName: 'LightBulb' });
    await refused('CreateThing', { thingName: 'u', thingTypeName: 'none' }, 'ResourceNotFoundException');
  });

  test('are deleted five minutes after deprecation, without things', async () => {
    await iot.call('CreateThingType', TYPE);
    await iot.call('CreateThing', { thingName: 't', thingTypeName: 'LightBulb' });
    const name = { thingTypeName: 'LightBulb' };
    await refused('DeleteThingType', name, 'InvalidRequestException', /deprecate/);
    await iot.call('DeprecateThingType', name);
    await iot.cloud.clock.advance(5 * 60_000 - 1);
    await refused('DeleteThingType', name, 'InvalidRequestException', /5 minutes/);
    await iot.cloud.clock.advance(1);
    await refused('DeleteThingType', name, 'InvalidRequestException', /things/);
    await iot.call('UpdateThing', { thingName: 't', removeThingType: true });
    await iot.call('DeleteThingType', name);
    await refused('DescribeThingType', name, 'ResourceNotFoundException');
  });

  test('search by at most three attributes', async () => {
    const searchableAttributes = ['a', 'b', 'c', 'd'];
    const input = { thingTypeName: 't', thingTypeProperties: { searchableAttributes } };
    await refused('CreateThingType', input, 'InvalidRequestException');
  });
});

describe('thing groups', () => {
  test('form a hierarchy that is described, listed and deleted from below', async () => {
    for (const [thingGroupName, parentGroupName] of [
      ['ShinyObjects'],
      ['LightBulbs', 'ShinyObjects'],
      ['RedLights', 'LightBulbs'],
    ]) {
      await iot.call('CreateThingGroup', { thingGroupName, parentGroupName });
    }
    expect(await iot.call('DescribeThingGroup', { thingGroupName: 'RedLights' })).toMatchObject({
      version: 1,
      thingGroupArn: `${ARN}thinggroup/RedLights`,
      thingGroupMetadata: {
        parentGroupName: 'LightBulbs',
        rootToParentThingGroups: [
          { groupName: 'ShinyObjects', groupArn: `${ARN}thinggroup/ShinyObjects` },
          { groupName: 'LightBulbs', groupArn: `${ARN}thinggroup/LightBulbs` },
        ],
      },
    });
    const names = async (input: object) => {
      const { thingGroups } = await iot.call<{ thingGroups: { groupName: string }[] }>('ListThingGroups', input);
      return thingGroups.map(({ groupName }) => groupName);
    };
    expect(await names({})).toEqual(['LightBulbs', 'RedLights', 'ShinyObjects']);
    expect(await names({ namePrefixFilter: 'Red' })).toEqual(['RedLights']);
    expect(await names({ parentGroup: 'ShinyObjects' })).toEqual(['LightBulbs']);
    expect(await names({ parentGroup: 'ShinyObjects', recursive: true })).toEqual(['LightBulbs', 'RedLights']);
    await refused(
      'DeleteThingGroup',
      { thingGroupName: 'LightBulbs' },
      'InvalidRequestException',
      /child groups attached/,
    );
    for (const thingGroupName of ['RedLights', 'LightBulbs', 'ShinyObjects']) {
      await iot.call('DeleteThingGroup', { thingGroupName });
    }
    expect(await names({})).toEqual([]);
  });

  test('hold things, directly and through their child groups', async () => {
    await iot.call('CreateThingGroup', { thingGroupName: 'parent' });
    await iot.call('CreateThingGroup', { thingGroupName: 'child', parentGroupName: 'parent' });
    for (const thingName of ['TestThingA', 'MyLightBulb']) await iot.call('CreateThing', { thingName });
    await iot.call('AddThingToThingGroup', { thingName: 'TestThingA', thingGroupName: 'parent' });
    const byArn = { thingArn: `${ARN}thing/MyLightBulb`, thingGroupArn: `${ARN}thinggroup/child` };
    await iot.call('AddThingToThingGroup', byArn);
    await iot.call('AddThingToThingGroup', byArn);
    const things = (input: object) => iot.call('ListThingsInThingGroup', { thingGroupName: 'parent', ...input });
    expect(await things({})).toMatchObject({ things: ['TestThingA'] });
    expect(await things({ recursive: true })).toMatchObject({ things: ['MyLightBulb', 'TestThingA'] });
    expect(await iot.call('ListThingGroupsForThing', { thingName: 'MyLightBulb' })).toMatchObject({
      thingGroups: [{ groupName: 'child', groupArn: `${ARN}thinggroup/child` }],
    });
    await iot.call('RemoveThingFromThingGroup', { thingName: 'MyLightBulb', thingGroupName: 'child' });
    await iot.call('DeleteThing', { thingName: 'TestThingA' });
    expect(await things({ recursive: true })).toMatchObject({ things: [] });
    const mismatch = { thingName: 'other', thingArn: `${ARN}thing/MyLightBulb`, thingGroupName: 'child' };
    await refused('AddThingToThingGroup', mismatch, 'InvalidRequestException', /do not match/);
  });

  test('take a thing once per hierarchy and ten times in all', async () => {
    await iot.call('CreateThing', { thingName: 't' });
    await iot.call('CreateThingGroup', { thingGroupName: 'root' });
    for (const thingGroupName of ['left', 'right']) {
      await iot.call('CreateThingGroup', { thingGroupName, parentGroupName: 'root' });
    }
    const add = (thingGroupName: string) => ({ thingName: 't', thingGroupName });
    await iot.call('AddThingToThingGroup', add('left'));
    await refused('AddThingToThingGroup', add('right'), 'InvalidRequestException', /same hierarchy/);
    await refused('AddThingToThingGroup', add('root'), 'InvalidRequestException', /same hierarchy/);
    for (let i = 1; i < 10; i++) {
      await iot.call('CreateThingGroup', { thingGroupName: `g${i}` });
      await iot.call('AddThingToThingGroup', add(`g${i}`));
    }
    await iot.call('CreateThingGroup', { thingGroupName: 'g10' });
    await refused('AddThingToThingGroup', add('g10'), 'InvalidRequestException', /maximum of 10/);
    const change = { thingName: 't', thingGroupsToAdd: ['right'], thingGroupsToRemove: ['left'] };
    await iot.call('UpdateThingGroupsForThing', change);
    expect(await iot.call('ListThingsInThingGroup', { thingGroupName: 'right' })).toMatchObject({ things: ['t'] });
  });

  test('nest seven deep', async () => {
    await iot.call('CreateThingGroup', { thingGroupName: 'g1' });
    for (let i = 2; i <= 7; i++) {
      await iot.call('CreateThingGroup', { thingGroupName: `g${i}`, parentGroupName: `g${i - 1}` });
    }
    await refused('CreateThingGroup', { thingGroupName: 'g8', parentGroupName: 'g7' }, 'LimitExceededException');
    await refused('CreateThingGroup', { thingGroupName: 'x', parentGroupName: 'none' }, 'ResourceNotFoundException');
  });

  test('are updated with a new version', async () => {
    await iot.call('CreateThingGroup', {
      thingGroupName: 'g',
      thingGroupProperties: attributes({ brightness: '3400_lumens' }),
    });
    const update = {
      thingGroupName: 'g',
      thingGroupProperties: { ...attributes({ Owner: '150' }, true), thingGroupDescription: 'd' },
    };
    expect(await iot.call('UpdateThingGroup', update)).toEqual({ version: 2 });
    expect(await iot.call('DescribeThingGroup', { thingGroupName: 'g' })).toMatchObject({
      thingGroupProperties: {
        thingGroupDescription: 'd',
        attributePayload: { attributes: { brightness: '3400_lumens', Owner: '150' } },
      },
    });
    await refused('UpdateThingGroup', { ...update, expectedVersion: 1 }, 'VersionConflictException');
  });
});

test('tags are kept for groups, types, policies and templates, and refused for what is not built', async () => {
  const resourceArn = `${ARN}thinggroup/g`;
  await iot.call('CreateThingGroup', { thingGroupName: 'g', tags: [{ Key: 'a', Value: '1' }] });
  await iot.call('TagResource', { resourceArn, tags: [{ Key: 'b', Value: '2' }] });
  await iot.call('UntagResource', { resourceArn, tagKeys: ['a'] });
  expect(await iot.call('ListTagsForResource', { resourceArn })).toEqual({ tags: [{ Key: 'b', Value: '2' }] });
  await refused('TagResource', { resourceArn, tags: [{ Key: 'aws:x', Value: '' }] }, 'InvalidRequestException');
  await refused('ListTagsForResource', { resourceArn: `${ARN}thinggroup/none` }, 'ResourceNotFoundException');
  await refused('ListTagsForResource', { resourceArn: `${ARN}rule/r` }, 'NotImplemented');
  await refused('ListTagsForResource', { resourceArn: 'nonsense' }, 'InvalidRequestException');
});

test('DescribeEndpoint gives the address of the MQTT listener, with its port unless that is 8883', async () => {
  const endpoints = { apiUrl: 'https://localhost:4566', mqttHost: 'localhost', caFile: '/ca.pem' };
  iot.cloud.ports.provide('endpoints', { ...endpoints, mqttPort: 8883 });
  const ats = { endpointType: 'iot:Data-ATS' };
  expect(await iot.call('DescribeEndpoint', ats)).toEqual({ endpointAddress: 'localhost' });
  iot.cloud.ports.provide('endpoints', { ...endpoints, mqttPort: 18883 });
  expect(await iot.call('DescribeEndpoint', ats)).toEqual({ endpointAddress: 'localhost:18883' });
  expect(await iot.call('DescribeEndpoint')).toEqual({ endpointAddress: 'localhost:18883' });
  await refused('DescribeEndpoint', { endpointType: 'nonsense' }, 'InvalidRequestException');
});

test('each operation asks for its own action on its own resources', async () => {
  await iot.call('CreateThing', { thingName: 't' });
  await iot.call('CreateThingGroup', { thingGroupName: 'g' });
  await iot.call('AddThingToThingGroup', { thingName: 't', thingGroupName: 'g' });
  await iot.call('ListThings');
  expect(iot.cloud.asked).toEqual([
    { action: 'iot:CreateThing', resource: `${ARN}thing/t` },
    { action: 'iot:CreateThingGroup', resource: `${ARN}thinggroup/g` },
    { action: 'iot:AddThingToThingGroup', resource: `${ARN}thing/t` },
    { action: 'iot:AddThingToThingGroup', resource: `${ARN}thinggroup/g` },
    { action: 'iot:ListThings', resource: '*' },
  ]);
});

// source: API reference, DescribeEndpoint; authorizing-direct-aws ("https://your endpoint /role-aliases/…")
test('the address of an endpoint that speaks HTTPS alone carries its port unless that is 443', async () => {
  const endpoints = { apiUrl: 'https://localhost:4566', mqttHost: 'localhost', caFile: '/ca.pem' };
  for (const endpointType of ['iot:CredentialProvider', 'iot:Jobs']) {
    iot.cloud.ports.provide('endpoints', { ...endpoints, mqttPort: 8883 });
    expect(await iot.call('DescribeEndpoint', { endpointType })).toEqual({ endpointAddress: 'localhost:8883' });
    iot.cloud.ports.provide('endpoints', { ...endpoints, mqttPort: 443 });
    expect(await iot.call('DescribeEndpoint', { endpointType })).toEqual({ endpointAddress: 'localhost' });
  }
});

// source: tagging-iot
test('tags of topic rules are kept by the rules engine', async () => {
  const resourceArn = `${ARN}rule/r`;
  let kept: Readonly<Record<string, string>> = { a: '1' };
  iot.cloud.ports.provide('ruleTags', {
    get: (arn) => (arn === resourceArn ? kept : undefined),
    async set(_arn, tags) {
      kept = tags;
    },
  });
  await iot.call('TagResource', { resourceArn, tags: [{ Key: 'b', Value: '2' }] });
  expect(await iot.call('ListTagsForResource', { resourceArn })).toEqual({
    tags: [
      { Key: 'a', Value: '1' },
      { Key: 'b', Value: '2' },
    ],
  });
  await iot.call('UntagResource', { resourceArn, tagKeys: ['a'] });
  expect(kept).toEqual({ b: '2' });
  await refused('ListTagsForResource', { resourceArn: `${ARN}rule/none` }, 'ResourceNotFoundException');
});
