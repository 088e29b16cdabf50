import { deviceTypeGroupName, platformNames, siteGroupName } from '@fleetwright/contracts';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { flat, list, ofType, synthesize } from './synthesized.ts';

const names = platformNames('fleetwright', 'dev');
const withFleet = (fleet: object) =>
  synthesize({
    fleetwright: {
      ...cdkJson.context.fleetwright,
      stages: { ...cdkJson.context.fleetwright.stages, dev: { ...cdkJson.context.fleetwright.stages.dev, fleet } },
    },
  }).resources;
const plain = synthesize().resources;
const groupNames = (resources: typeof plain) =>
  ofType(resources, 'AWS::IoT::ThingGroup').map(([, { Properties }]) => Properties.ThingGroupName as string);

test('there is a static group for each site and each device type, and devices are put into theirs', () => {
  const { sites, deviceTypes } = cdkJson.context.fleetwright.defaults.provisioning;
  const wanted = [
    ...sites.map((site) => siteGroupName(names.topicRoot, site)),
    ...deviceTypes.map((type) => deviceTypeGroupName(names.topicRoot, type)),
  ];
  expect(groupNames(plain)).toEqual(expect.arrayContaining(wanted));
  const [template] = ofType(plain, 'AWS::IoT::ProvisioningTemplate');
  const { thing } = JSON.parse(template?.[1].Properties.TemplateBody).Resources;
  expect(thing.Properties.ThingGroups.slice(1)).toEqual([
    { 'Fn::Join': ['', ['fleetwright-dev-site-', { Ref: 'Site' }]] },
    { 'Fn::Join': ['', ['fleetwright-dev-type-', { Ref: 'DeviceType' }]] },
  ]);
});

test('provisioning may put devices into these groups and no others', () => {
  const policies = ofType(plain, 'AWS::IAM::Policy').filter(([id]) => id.startsWith('identity/'));
  const statements = policies.flatMap(([, { Properties }]) =>
    (Properties.PolicyDocument.Statement as { Action: string | string[]; Resource: unknown }[]).filter(({ Action }) =>
      list(Action).includes('iot:AddThingToThingGroup'),
    ),
  );
  const groups = statements
    .flatMap(({ Resource }) => list(Resource as string[]).map(flat))
    .filter((arn) => arn.includes(':thinggroup/'));
  expect(groups).toContain('arn:<Partition>:iot:<Region>:<AccountId>:thinggroup/fleetwright-dev-site-north');
  expect(groups.filter((arn) => arn.includes('*'))).toEqual([]);
});

test('without fleet indexing there is no dynamic group, and the settings of the account are left alone', () => {
  expect(ofType(plain, 'Custom::FleetIndexing')).toEqual([]);
  expect(ofType(plain, 'AWS::IoT::ThingGroup').filter(([, { Properties }]) => Properties.QueryString)).toEqual([]);
});

test('with an index of somebody else, groups use it and nothing changes it', () => {
  const resources = withFleet({ indexing: 'existing', firmwareVersions: ['1.4.0'] });
  expect(ofType(resources, 'Custom::FleetIndexing')).toEqual([]);
  const queries = Object.fromEntries(
    ofType(resources, 'AWS::IoT::ThingGroup').map(([, { Properties }]) => [
      Properties.ThingGroupName,
      Properties.QueryString,
    ]),
  );
  expect(queries).toMatchObject({
    'fleetwright-dev-firmware-1_4_0':
      'thingGroupNames:fleetwright-dev AND shadow.name.firmware.reported.version:"1.4.0"',
    'fleetwright-dev-low-battery': 'thingGroupNames:fleetwright-dev AND shadow.name.health.reported.battery<20',
    'fleetwright-dev-disconnected': 'thingGroupNames:fleetwright-dev AND connectivity.connected:false',
  });
});

test('with an index of its own, the stage adds to the settings before it makes the groups', () => {
  const resources = withFleet({ indexing: 'own' });
  const [settings] = ofType(resources, 'Custom::FleetIndexing');
  expect(settings?.[1].Properties).toMatchObject({ NamedShadows: ['firmware', 'health', 'presence'] });
  for (const [, group] of ofType(resources, 'AWS::IoT::ThingGroup')) {
    if (group.Properties.QueryString !== undefined) expect(group.DependsOn).toContain(settings?.[0].split('/')[1]);
  }
});

test('a group of firmware without an index is refused', () => {
  expect(() => withFleet({ firmwareVersions: ['1.4.0'] })).toThrow(/fleet\.firmwareVersions: needs fleet\.indexing/);
});
