import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { platformNames } from '@fleetwright/contracts';
import cdkJson from '../../cdk.json' with { type: 'json' };
import { componentFolders } from '../../lib/constructs/greengrass-component/built-component.ts';
import { addPlatform } from '../../lib/platform.ts';
import { flat, list, newApp, ofType, type Resource, synthesize } from './synthesized.ts';

const COMPONENTS = { 'fleetwright:components': join(__dirname, '../support/edge-components') };
const names = platformNames('fleetwright', 'dev');
const IOT = 'arn:<Partition>:iot:<Region>:<AccountId>:';
const THING = '${iot:Connection.Thing.ThingName}';
const ATTRIBUTE = '${iot:Connection.Thing.Attributes';
const SPOOL = 'com.fleetwright.dev.StoreAndForward';
const AGGREGATOR = 'com.fleetwright.dev.EdgeAggregator';

const publicComponent = (name: string) =>
  `arn:<Partition>:greengrass:<Region>:aws:components:aws.greengrass.${name}:versions:*`;

function withEdge(edge: object = {}, stage = 'dev'): Record<string, unknown> {
  const { stages, ...rest } = cdkJson.context.fleetwright;
  const chosen = stages[stage as 'dev' | 'prod'];
  return {
    ...COMPONENTS,
    edge: 'true',
    stage,
    fleetwright: { ...rest, stages: { ...stages, [stage]: { ...chosen, edge } } },
  };
}

type Resources = ReadonlyMap<string, Resource>;
const { app, platform, resources } = synthesize(withEdge());

const own = (from: Resources, type: string): [string, Resource][] =>
  ofType(from, type).filter(([id]) => id.startsWith('edge/'));
const one = (from: Resources, type: string): Resource => {
  const [[, resource] = ['', undefined], ...more] = own(from, type);
  if (resource === undefined || more.length > 0) throw new Error(`not one ${type}`);
  return resource;
};
const deployments = (from: Resources) =>
  new Map(
    own(from, 'AWS::GreengrassV2::Deployment').map(([, { Properties }]) => [Properties.DeploymentName, Properties]),
  );
const merged = (from: Resources, group: string, component: string) => {
  const update = deployments(from).get(`fleetwright-dev-cores-${group}`)?.Components[component]?.ConfigurationUpdate;
  return update?.Merge === undefined ? undefined : JSON.parse(update.Merge);
};

interface Statement {
  readonly Action: string | string[];
  readonly Resource: unknown;
  readonly Effect: string;
}

function statements(from: Resources, role: string): Statement[] {
  return own(from, 'AWS::IAM::Policy')
    .filter(([id]) => id.includes(role))
    .flatMap(([, { Properties }]) => list<Statement>(Properties.PolicyDocument.Statement));
}

describe('whether there is an edge', () => {
  test('without it there is no stack, no device type and no group of it', () => {
    const { platform: without, resources: all } = synthesize(COMPONENTS);
    expect(Object.keys(without)).not.toContain('edge');
    expect(JSON.stringify([...all])).not.toMatch(/edge-core|Greengrass|CORE_TYPES/);
  });

  test('with it nothing that was there changes its logical id', () => {
    const { resources: all } = synthesize(COMPONENTS);
    expect([...all.keys()].filter((id) => !resources.has(id))).toEqual([]);
  });

  test('the type of cores is one of the stage', () => {
    const { Properties } = ofType(resources, 'AWS::IoT::ThingType').find(([id]) => id.includes('edgecore'))?.[1] ?? {};
    expect(Properties.ThingTypeName).toBe(names.thingType('edge-core'));
    expect(platform.identity.dependencies).toEqual([]);
    expect(platform.edge?.dependencies).toEqual([platform.identity]);
  });

  test('no component is built: that is said, not deployed', () => {
    const context = { ...withEdge(), 'fleetwright:components': join(__dirname, '../support') };
    expect(() => addPlatform(newApp(context))).toThrow(/no component is built in/);
  });

  test.each(['dev', 'prod'])(
    'stage %s with it passes the AWS Solutions checks and the CloudFormation rules',
    (stage) => {
      const checked = newApp({ ...withEdge({}, stage), 'fleetwright:skipNag': false });
      addPlatform(checked);
      expect(() => checked.synth()).not.toThrow();
    },
  );
});

describe('versions of components', () => {
  const recipeOf = (resource: Resource | undefined) => JSON.parse(flat(resource?.Properties.InlineRecipe));
  const version = (id: RegExp) => own(resources, 'AWS::GreengrassV2::ComponentVersion').find(([own]) => id.test(own));

  test('a version is named in its logical id, and carries project and stage in its name', () => {
    const [, spool] = version(/^edge\/storeandforward120Version/) ?? [];
    expect(recipeOf(spool)).toMatchObject({ ComponentName: SPOOL, ComponentVersion: '1.2.0' });
    expect(recipeOf(version(/^edge\/edgeaggregator013Version/)?.[1])).toMatchObject({
      ComponentName: AGGREGATOR,
      ComponentDependencies: { [SPOOL]: { DependencyType: 'SOFT' } },
    });
  });

  test('its artifacts are in the bucket before it is made, with the digest of what was built', () => {
    const [, spool] = version(/storeandforward/) ?? [];
    const uri = recipeOf(spool).Manifests[0].Artifacts[0].URI;
    expect(uri).toMatch(/^s3:\/\/<ArtifactsBucket\w+>\/com.fleetwright.dev.StoreAndForward\/1.2.0\/main.cjs$/);
    const [id, published] = own(resources, 'Custom::ComponentArtifact').find(([place]) =>
      /storeandforward/.test(place),
    ) ?? [''];
    expect(spool?.DependsOn).toContain(id.replace('edge/', ''));
    expect(`s3://${flat(published?.Properties.Bucket)}/${published?.Properties.Key}`).toBe(uri);
    expect(published?.Properties.Sha256).toMatch(/^[0-9a-f]{64}$/);
  });

  test('what was built goes to the assets of the deployment, from where it is published', () => {
    app.synth();
    const { files } = JSON.parse(readFileSync(join(app.outdir, 'fleetwright-dev-edge.assets.json'), 'utf8')) as {
      files: Record<string, { destinations: Record<string, { objectKey: string }> }>;
    };
    const assets = Object.values(files).flatMap(({ destinations }) =>
      Object.values(destinations).map(({ objectKey }) => objectKey),
    );
    const sources = own(resources, 'Custom::ComponentArtifact').map(([, { Properties }]) => Properties.SourceKey);
    expect(sources).toHaveLength(2);
    expect(assets).toEqual(expect.arrayContaining(sources));
  });

  test('versions that others follow stay where the stage keeps its data', () => {
    const policies = (from: Resources) =>
      own(from, 'AWS::GreengrassV2::ComponentVersion').map(([, { DeletionPolicy }]) => DeletionPolicy);
    expect(policies(resources)).toEqual(['Delete', 'Delete']);
    expect(policies(synthesize(withEdge({}, 'prod')).resources)).toEqual(['Retain', 'Retain']);
  });

  test('artifacts lie in a bucket that keeps versions, encrypts, and answers over TLS alone', () => {
    const { Properties } = one(resources, 'AWS::S3::Bucket');
    expect(Properties.VersioningConfiguration).toEqual({ Status: 'Enabled' });
    expect(Object.values(Properties.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
    expect(JSON.stringify(one(resources, 'AWS::S3::BucketPolicy').Properties)).toContain(
      '"aws:SecureTransport":"false"',
    );
  });

  test('the publisher reads what was built and writes artifacts, nothing else', () => {
    const [read, write] = statements(resources, 'Publisher').filter(({ Action }) =>
      list(Action).includes('s3:GetObject'),
    );
    expect(list(read?.Resource)).toHaveLength(2);
    expect(list(write?.Action)).toEqual(['s3:GetObject', 's3:PutObject']);
    for (const arn of list(write?.Resource).map(flat)) {
      expect(arn).toMatch(/^<ArtifactsBucket\w+\.Arn>\/com\.fleetwright\.dev\.\w+\/\d+\.\d+\.\d+\/main\.cjs$/);
    }
  });
});

describe('what cores may do', () => {
  const { Properties } = one(resources, 'AWS::IoT::Policy');
  const allowed = new Map<string, string[]>();
  for (const { Action, Effect, Resource: resource } of Properties.PolicyDocument.Statement as Statement[]) {
    expect(Effect).toBe('Allow');
    for (const action of list(Action)) {
      allowed.set(action, [...(allowed.get(action) ?? []), ...list(resource).map(flat)]);
    }
  }

  // source: Greengrass developer guide, device-auth, "Minimal AWS IoT policy for AWS IoT Greengrass V2 core devices"
  test('what the guide lists besides what devices may anyway, with names where there are any', () => {
    expect(Object.fromEntries(allowed)).toEqual({
      'iot:AssumeRoleWithCertificate': [`${IOT}rolealias/fleetwright-dev-edge-core`],
      'greengrass:GetDeploymentConfiguration': ['*'],
      'greengrass:ResolveComponentCandidates': ['*'],
      // What is built depends on one, and the settings name the other.
      'greengrass:GetComponentVersionArtifact': [publicComponent('SecretManager'), publicComponent('ShadowManager')],
      'greengrass:ListThingGroupsForCoreDevice': [`${IOT}thing/fleetwright-dev-edge-core-*`],
      'iot:Publish': [
        `${IOT}topic/$aws/things/${THING}/greengrass/health/json`,
        `${IOT}topic/$aws/things/${THING}/greengrassv2/health/json`,
        `${IOT}topic/fleetwright-dev/${ATTRIBUTE}[site]}/${ATTRIBUTE}[deviceType]}/${THING}/echo`,
      ],
    });
  });

  test('it is attached to the group that every core is in when it registers', () => {
    expect(flat(one(resources, 'Custom::GroupPolicy').Properties.GroupArn)).toBe(
      `${IOT}thinggroup/fleetwright-dev-type-edge-core`,
    );
  });

  test('public components are downloaded by name, and only those that are deployed or needed', () => {
    const publicComponents = {
      'aws.greengrass.ShadowManager': null,
      'aws.greengrass.Nucleus': { version: '2.9.4', merge: { a: 1 } },
    };
    const { resources: all } = synthesize(withEdge({ publicComponents }));
    const found = one(all, 'AWS::IoT::Policy').Properties.PolicyDocument.Statement.find(({ Action }: Statement) =>
      list(Action).includes('greengrass:GetComponentVersionArtifact'),
    );
    expect(list<unknown>(found.Resource).map(flat)).toEqual([
      publicComponent('Nucleus'),
      publicComponent('SecretManager'),
    ]);
    expect(deployments(all).get('fleetwright-dev-cores-north').Components['aws.greengrass.Nucleus']).toEqual({
      ComponentVersion: '2.9.4',
      ConfigurationUpdate: { Merge: '{"a":1}' },
    });
  });

  test('their credentials read the artifacts and find the bucket, nothing else', () => {
    const found = statements(resources, 'TokenExchange');
    expect(found.map(({ Action }) => Action)).toEqual(['s3:GetBucketLocation', 's3:GetObject']);
    expect(list(found[1]?.Resource).map(flat)).toEqual([
      expect.stringMatching(/\/com.fleetwright.dev.EdgeAggregator\/0.1.3\/main.cjs$/),
      expect.stringMatching(/\/com.fleetwright.dev.StoreAndForward\/1.2.0\/main.cjs$/),
    ]);
  });

  test('the credentials provider alone takes the role on, through the one alias', () => {
    const [, role] = own(resources, 'AWS::IAM::Role').find(([id]) => id.includes('TokenExchange')) ?? [];
    const [trust] = role?.Properties.AssumeRolePolicyDocument.Statement ?? [];
    expect(trust.Principal).toEqual({ Service: 'credentials.iot.amazonaws.com' });
    expect(flat(trust.Condition.ArnEquals['aws:SourceArn'])).toBe(`${IOT}rolealias/fleetwright-dev-edge-core`);
    expect(one(resources, 'AWS::IoT::RoleAlias').Properties).toMatchObject({
      RoleAlias: 'fleetwright-dev-edge-core',
      CredentialDurationSeconds: 3_600,
    });
  });
});

describe('deployments', () => {
  test('each site has a group of cores, which gets what is built', () => {
    const groups = ['north', 'south', 'harbour'].map((site) => `fleetwright-dev-cores-${site}`);
    expect([...deployments(resources).keys()]).toEqual(groups);
    for (const { Components, TargetArn } of deployments(resources).values()) {
      expect(Object.keys(Components)).toEqual([AGGREGATOR, SPOOL, 'aws.greengrass.ShadowManager']);
      expect(flat(TargetArn)).toMatch(/^<CoresGroup\w+\.Arn>$/);
    }
  });

  test('the spool is told where its core stands, in words of its site', () => {
    expect(merged(resources, 'south', SPOOL)).toMatchObject({ topicRoot: 'fleetwright-dev', site: 'south' });
    expect(merged(resources, 'south', AGGREGATOR)).toBeUndefined();
  });

  test('they go out with the rollout and the policies of the settings, and go back when they fail', () => {
    expect(deployments(resources).get('fleetwright-dev-cores-north')).toMatchObject({
      IotJobConfiguration: {
        JobExecutionsRolloutConfig: { MaximumPerMinute: 100 },
        AbortConfig: {
          CriteriaList: [
            { Action: 'CANCEL', FailureType: 'ALL', ThresholdPercentage: 20, MinNumberOfExecutedThings: 3 },
          ],
        },
        TimeoutConfig: { InProgressTimeoutInMinutes: 60 },
      },
      DeploymentPolicies: {
        FailureHandlingPolicy: 'ROLLBACK',
        ComponentUpdatePolicy: { Action: 'NOTIFY_COMPONENTS', TimeoutInSeconds: 60 },
        ConfigurationValidationPolicy: { TimeoutInSeconds: 60 },
      },
    });
    const other = synthesize(
      withEdge({
        rollout: { exponential: { basePerMinute: 5, factor: 1.5, cores: 10, counts: 'notified' }, abort: null },
        policies: { failureHandling: 'DO_NOTHING', notify: false },
      }),
    );
    const changed = deployments(other.resources).get('fleetwright-dev-cores-north');
    expect(changed.IotJobConfiguration).toEqual({
      JobExecutionsRolloutConfig: {
        MaximumPerMinute: 100,
        ExponentialRate: {
          BaseRatePerMinute: 5,
          IncrementFactor: 1.5,
          RateIncreaseCriteria: { NumberOfNotifiedThings: 10 },
        },
      },
      TimeoutConfig: { InProgressTimeoutInMinutes: 60 },
    });
    expect(changed.DeploymentPolicies).toMatchObject({
      FailureHandlingPolicy: 'DO_NOTHING',
      ComponentUpdatePolicy: { Action: 'SKIP_NOTIFY_COMPONENTS' },
    });
  });

  test('a group lays its own configuration over that of all cores, and may do without a component', () => {
    const { resources: all } = synthesize(
      withEdge({
        components: { 'edge-aggregator': { merge: { window: 60, series: { a: 1 } }, reset: ['/series'] } },
        groups: {
          north: { components: { 'edge-aggregator': { merge: { window: 10 } } } },
          'north-hall-2': { site: 'north', components: { 'edge-aggregator': { enabled: false } } },
        },
      }),
    );
    expect(merged(all, 'south', AGGREGATOR)).toEqual({ window: 60, series: { a: 1 } });
    expect(merged(all, 'north', AGGREGATOR)).toEqual({ window: 10, series: { a: 1 } });
    const north = deployments(all).get('fleetwright-dev-cores-north').Components[AGGREGATOR];
    expect(north.ConfigurationUpdate.Reset).toEqual(['/series']);
    expect(Object.keys(deployments(all).get('fleetwright-dev-cores-north-hall-2').Components)).not.toContain(
      AGGREGATOR,
    );
    expect(merged(all, 'north-hall-2', SPOOL)).toMatchObject({ site: 'north' });
  });

  test('an earlier version is deployed when the settings say so, and its files may be read', () => {
    const { resources: all } = synthesize(withEdge({ components: { 'edge-aggregator': { version: '0.1.2' } } }));
    expect(deployments(all).get('fleetwright-dev-cores-north').Components[AGGREGATOR].ComponentVersion).toBe('0.1.2');
    const read = statements(all, 'TokenExchange').flatMap(({ Resource: resource }) => list(resource).map(flat));
    expect(read.filter((arn) => arn.endsWith(`${AGGREGATOR}/0.1.2/*`))).toHaveLength(1);
  });

  test('what the settings name and nobody built is refused by name', () => {
    const edge = { components: { gateway: {} }, groups: { north: { components: { spool: {} } } } };
    expect(() => synthesize(withEdge(edge))).toThrow(
      /edge.components.gateway: is none of the components \(edge-aggregator, store-and-forward\)[\s\S]*edge.groups.north.components.spool/,
    );
  });
});

test('cores join their group when they first connect, and no other group of the stage is touched', () => {
  const [, policy] =
    ofType(resources, 'AWS::IAM::Policy').find(([id]) => /^identity\/FirstConnection.*RoleDefaultPolicy/.test(id)) ??
    [];
  const join = list<Statement>(policy?.Properties.PolicyDocument.Statement).find(({ Action }) =>
    list(Action).includes('iot:AddThingToThingGroup'),
  );
  const groups = list(join?.Resource).map(flat);
  for (const site of ['north', 'south', 'harbour']) {
    expect(groups).toContain(`${IOT}thinggroup/fleetwright-dev-cores-${site}`);
  }
  const [, activator] =
    ofType(resources, 'AWS::Lambda::Function').find(([id]) => /^identity\/FirstConnection/.test(id)) ?? [];
  expect(activator?.Properties.Environment.Variables.CORE_TYPES).toBe('edge-core');
  // source: AWS IoT developer guide, iot-policies: policies of groups need a client id, which HTTPS does not have
  const attach = list<Statement>(policy?.Properties.PolicyDocument.Statement).find(({ Action }) =>
    list(Action).includes('iot:AttachPolicy'),
  );
  expect(list(attach?.Resource).map(flat)).toEqual([`${IOT}cert/*`]);
  expect(flat(activator?.Properties.Environment.Variables.CERTIFICATE_PREFIX)).toBe(`${IOT}cert/`);
});

// source: Greengrass developer guide, deployment-health-notifications
test('somebody is told of deployments that fail on a core and of components that are broken', () => {
  const rules = own(resources, 'AWS::Events::Rule').map(([, { Properties }]) => Properties);
  expect(rules.map(({ EventPattern }) => [EventPattern['detail-type'][0], EventPattern.detail])).toEqual([
    ['Greengrass V2 Effective Deployment Status Change', { coreDeviceExecutionStatus: ['FAILED'] }],
    ['Greengrass V2 Installed Component Status Change', { components: { lifecycleState: ['BROKEN'] } }],
  ]);
  for (const { EventPattern, Targets } of rules) {
    expect(EventPattern.resources).toEqual([{ wildcard: 'arn:*:coreDevices:fleetwright-dev-edge-core-*' }]);
    expect(flat(Targets[0].Arn)).toMatch(/^<FailuresFailedQueue\w+\.Arn>$/);
    expect(flat(Targets[0].DeadLetterConfig.Arn)).toMatch(/^<FailuresUndeliveredQueue\w+\.Arn>$/);
  }
  const alarms = own(resources, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => flat(Properties.AlarmActions[0]));
  expect(alarms).toEqual(Array(2).fill('arn:<Partition>:sns:<Region>:<AccountId>:fleetwright-dev-alarms'));
});

test('cores are devices: their presence, commands and alerts are where those of devices are', () => {
  const { resources: all } = synthesize(withEdge());
  const tracker = ofType(all, 'AWS::IAM::Policy').filter(([id]) => /^twin\/(Presence|Command)/.test(id));
  expect(tracker.length).toBeGreaterThan(1);
  expect(JSON.stringify(tracker)).toContain('fleetwright-dev-edge-core-*');
});

test('cdk.json has the cores synchronize every shadow that a component of the repository names', () => {
  const place = join(__dirname, '../../greengrass-components');
  const named = componentFolders(place).flatMap((folder) =>
    [...readFileSync(join(place, folder, 'recipe.yaml'), 'utf8').matchAll(/shadow\/name\/([\w-]+)/g)].map(
      ([, name]) => name,
    ),
  );
  const { merge } = cdkJson.context.fleetwright.defaults.edge.publicComponents['aws.greengrass.ShadowManager'];
  expect(merge.synchronize.coreThing.namedShadows).toEqual([...new Set(named)].sort());
});
