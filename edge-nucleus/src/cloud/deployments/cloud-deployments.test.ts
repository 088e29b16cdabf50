import { createHash } from 'node:crypto';
import { TestCloud } from '../../testing/test-cloud.ts';
import { TestCore, until } from '../../testing/test-core.ts';

/**
 * Deployments of the cloud on a core whose components really run. Source: nucleus, `IotJobsHelper.java`,
 * `ShadowDeploymentListener.java`, `DeploymentService.java`, `FleetStatusService.java`; developer guide, "Check deployment status".
 */

const A = 'com.example.A';
const B = 'com.example.B';
const RUNS = 'exec sleep 600';
const DIES = 'exit 1';
let core: TestCore;
let cloud: TestCloud;
beforeEach(() => {
  core = new TestCore();
  cloud = new TestCloud(core.connection);
  core.cloud = cloud;
});
afterEach(() => core.remove());

const version = (name: string) => core.nucleus.details(name)?.version;
const state = (name: string) => core.nucleus.details(name)?.state;
const ended = (jobId: string) => until(() => cloud.statuses(jobId).length > 1, 20_000);
const last = (jobId: string) => cloud.updates.filter((update) => update.jobId === jobId).at(-1);

test('a job is carried out with components and artifacts of the cloud, and told of', async () => {
  const Digest = createHash('sha256').update('data').digest('base64');
  const Artifacts = [{ URI: 's3://bucket/a/data.txt', Digest, Algorithm: 'SHA-256' }];
  const copy = 'cat {artifacts:path}/data.txt > said; exec sleep 600';
  cloud.component(A, '1.0.0', '', {
    ComponentConfiguration: { DefaultConfiguration: { color: 'red' } },
    ComponentDependencies: { [B]: { VersionRequirement: '^1.0.0' } },
    Manifests: [{ Platform: { os: 'linux' }, Artifacts, Lifecycle: { Run: copy } }],
  });
  cloud.component(B, '1.2.0', RUNS);
  cloud.component(B, '2.0.0', RUNS);
  cloud.artifact('s3://bucket/a/data.txt', 'data');
  await core.start();
  await until(() => cloud.health.length === 1);
  expect(cloud.health[0]).toMatchObject({
    ggcVersion: '2.12.0',
    platform: 'linux',
    thing: 'core-1',
    overallDeviceStatus: 'HEALTHY',
    messageType: 'COMPLETE',
    trigger: 'NUCLEUS_LAUNCH',
  });
  const job = cloud.deploy({ [A]: { version: '1.0.0', configurationUpdate: { merge: { color: 'blue' } } } });
  await ended(job);
  expect(cloud.statuses(job)).toEqual(['IN_PROGRESS', 'SUCCEEDED']);
  expect(last(job)?.statusDetails).toEqual({ 'detailed-deployment-status': 'SUCCESSFUL' });
  expect([version(A), version(B)]).toEqual(['1.0.0', '1.2.0']);
  expect(core.work(A, 'said')).toBe('data');
  expect(core.nucleus.details(A)?.configuration).toEqual({ color: 'blue' });
  await until(() => cloud.health.some(({ trigger }) => trigger === 'THING_GROUP_DEPLOYMENT'));
  const arn = expect.stringMatching(/configuration:thinggroup\/cores:1$/);
  expect(cloud.health.find(({ trigger }) => trigger === 'THING_GROUP_DEPLOYMENT')).toMatchObject({
    messageType: 'PARTIAL',
    deploymentInformation: { status: 'SUCCEEDED', deploymentId: 'deployment-1', fleetConfigurationArnForStatus: arn },
    components: expect.arrayContaining([
      expect.objectContaining({ componentName: A, status: 'RUNNING', isRoot: true, fleetConfigArns: [arn] }),
      expect.objectContaining({ componentName: B, isRoot: false, fleetConfigArns: [arn] }),
    ]),
  });
}, 20_000);

test('a version that does not come up is rolled back and reported as failed', async () => {
  cloud.component(A, '1.0.0', RUNS);
  cloud.component(A, '2.0.0', DIES);
  await core.start();
  await ended(cloud.deploy({ [A]: { version: '1.0.0' } }));
  const bad = cloud.deploy({ [A]: { version: '2.0.0' } });
  await ended(bad);
  expect(last(bad)).toMatchObject({
    status: 'FAILED',
    statusDetails: {
      'detailed-deployment-status': 'FAILED_ROLLBACK_COMPLETE',
      'deployment-failure-cause': `broken: ${A}`,
      'deployment-error-stack': '["DEPLOYMENT_FAILURE","COMPONENT_UPDATE_ERROR","COMPONENT_BROKEN"]',
    },
  });
  expect([version(A), state(A)]).toEqual(['1.0.0', 'RUNNING']);
}, 30_000);

test.each([
  ['a version that is not there', { [A]: { version: '9.0.0' } }, 'no version of com.example.A fits'],
  ['an artifact that cannot be had', { [B]: { version: '1.0.0' } }, 'cannot be downloaded'],
  ['an option that is not supported', { [A]: { version: '1.0.0', runWith: { posixUser: 'x' } } }, 'runWith'],
])('%s fails without a change', async (_what, components, reason) => {
  cloud.component(A, '1.0.0', RUNS);
  cloud.component(B, '1.0.0', '', {
    Manifests: [{ Artifacts: [{ URI: 's3://bucket/gone.txt' }], Lifecycle: { Run: RUNS } }],
  });
  await core.start();
  const job = cloud.deploy(components);
  await ended(job);
  expect(last(job)).toMatchObject({
    status: 'FAILED',
    statusDetails: {
      'detailed-deployment-status': 'FAILED_NO_STATE_CHANGE',
      'deployment-failure-cause': expect.stringContaining(reason),
    },
  });
});

test('the core runs what all its groups want, until it leaves one; groups that want different versions fail', async () => {
  for (const one of ['1.0.0', '2.0.0']) cloud.component(A, one, RUNS);
  cloud.component(B, '1.0.0', RUNS);
  cloud.groups = ['cores', 'site'];
  await core.start();
  await ended(cloud.deploy({ [A]: { version: '1.0.0' } }));
  await ended(cloud.deploy({ [B]: { version: '1.0.0' } }, {}, 'site'));
  expect([version(A), version(B)]).toEqual(['1.0.0', '1.0.0']);
  const clash = cloud.deploy({ [A]: { version: '2.0.0' }, [B]: { version: '1.0.0' } }, {}, 'site');
  await ended(clash);
  expect(last(clash)?.statusDetails['deployment-failure-cause']).toBe(
    `no version of ${A} fits: thinggroup/site wants 2.0.0, thinggroup/cores wants 1.0.0; there is 1.0.0`,
  );
  cloud.groups = ['site'];
  await ended(cloud.deploy({ [B]: { version: '1.0.0' } }, {}, 'site'));
  expect([version(A), version(B)]).toEqual([undefined, '1.0.0']);
}, 30_000);

test('a deployment older than what its group has already brought is rejected', async () => {
  cloud.component(A, '1.0.0', RUNS);
  await core.start();
  await ended(cloud.deploy({ [A]: { version: '1.0.0' } }));
  const stale = cloud.deploy({}, { creationTimestamp: 5 });
  await ended(stale);
  expect(last(stale)).toMatchObject({ status: 'REJECTED' });
  expect(version(A)).toBe('1.0.0');
}, 20_000);

test('a deployment to the thing comes by its shadow, and is told of there', async () => {
  cloud.component(A, '1.0.0', RUNS);
  cloud.component(A, '2.0.0', DIES);
  await core.start();
  const arn = cloud.deployToThing({ [A]: { version: '1.0.0' } });
  await until(() => cloud.reported.length === 2);
  expect(cloud.reported).toMatchObject([
    { fleetConfigurationArnForStatus: arn, status: 'IN_PROGRESS', ggcVersion: '2.12.0' },
    {
      fleetConfigurationArnForStatus: arn,
      status: 'SUCCEEDED',
      statusDetails: { detailedStatus: 'SUCCESSFUL', failureCause: '', errorStack: [], errorTypes: [] },
    },
  ]);
  expect(version(A)).toBe('1.0.0');
  // A restart does not carry it out again.
  await core.stop();
  await core.start();
  await until(() => state(A) === 'RUNNING');
  cloud.deployToThing({ [A]: { version: '2.0.0' } });
  await until(() => cloud.reported.length === 4, 20_000);
  expect(cloud.reported.at(-1)).toMatchObject({ status: 'FAILED' });
  expect(cloud.reported.at(-2)).toMatchObject({ status: 'IN_PROGRESS' });
}, 30_000);

test('a job that is cancelled while nothing has changed yet is given up, and the next one begins', async () => {
  cloud.component(A, '1.0.0', '', {
    Manifests: [{ Artifacts: [{ URI: 's3://bucket/slow.txt' }], Lifecycle: { Run: RUNS } }],
  });
  cloud.component(B, '1.0.0', RUNS);
  cloud.artifact('s3://bucket/slow.txt', 'slow');
  let go = (): void => {};
  cloud.beforeDownload = () => new Promise((resolve) => (go = resolve));
  await core.start();
  const first = cloud.deploy({ [A]: { version: '1.0.0' } });
  await until(() => cloud.statuses(first).length === 1);
  const second = cloud.deploy({ [B]: { version: '1.0.0' } });
  cloud.cancel(first);
  await new Promise((resolve) => setTimeout(resolve, 50));
  go();
  await ended(second);
  expect(cloud.statuses(first)).toEqual(['IN_PROGRESS']);
  expect([version(A), version(B)]).toEqual([undefined, '1.0.0']);
}, 20_000);

test('without the cloud a deployment waits, and its end is told once there is a connection again', async () => {
  cloud.component(A, '1.0.0', RUNS);
  await core.start();
  cloud.reachable = false;
  const job = cloud.deploy({ [A]: { version: '1.0.0' } });
  await until(() => cloud.statuses(job).length === 1);
  expect(version(A)).toBeUndefined();
  core.connection.connected = false;
  cloud.reachable = true;
  await until(() => version(A) === '1.0.0' && core.logged.some((line) => line.startsWith('a deployment has ended')));
  expect(cloud.statuses(job)).toEqual(['IN_PROGRESS']);
  core.connection.connect();
  await ended(job);
  expect(cloud.statuses(job)).toEqual(['IN_PROGRESS', 'SUCCEEDED']);
  await until(() => cloud.health.some(({ trigger }) => trigger === 'RECONNECT'));
}, 20_000);

// Source: AWS IoT developer guide, `iot-policies`: changes take 6 to 8 minutes.
test('a core whose policy is on its way waits for it', async () => {
  cloud.component(A, '1.0.0', RUNS);
  cloud.allowed = false;
  await core.start();
  const job = cloud.deploy({ [A]: { version: '1.0.0' } });
  await until(() => core.logged.some((line) => line.includes('does not allow')));
  await until(() => cloud.statuses(job).length === 1);
  cloud.allowed = true;
  await ended(job);
  expect(last(job)?.status).toBe('SUCCEEDED');
}, 20_000);

test('a nucleus that ends in the middle leaves the deployment to the next one', async () => {
  cloud.component(A, '1.0.0', '', {
    Manifests: [{ Artifacts: [{ URI: 's3://bucket/slow.txt' }], Lifecycle: { Run: RUNS } }],
  });
  cloud.artifact('s3://bucket/slow.txt', 'slow');
  let go = (): void => {};
  cloud.beforeDownload = () => new Promise((resolve) => (go = resolve));
  await core.start();
  const job = cloud.deploy({ [A]: { version: '1.0.0' } });
  await until(() => cloud.statuses(job).length === 1);
  const stopped = core.stop();
  go();
  await stopped;
  cloud.beforeDownload = async () => {};
  await core.start();
  await ended(job);
  expect(cloud.statuses(job)).toEqual(['IN_PROGRESS', 'SUCCEEDED']);
  expect(version(A)).toBe('1.0.0');
}, 20_000);

test('a component that breaks by itself makes the core unhealthy', async () => {
  cloud.component(A, '1.0.0', 'while [ ! -e die ]; do sleep 0.05; done; exit 3');
  await core.start();
  await ended(cloud.deploy({ [A]: { version: '1.0.0' } }));
  const { writeFileSync } = await import('node:fs');
  writeFileSync(`${core.root}/work/${A}/die`, '');
  await until(() => cloud.health.at(-1)?.overallDeviceStatus === 'UNHEALTHY', 20_000);
  await until(() => JSON.stringify(cloud.health.at(-1)).includes('BROKEN'), 20_000);
  expect(cloud.health.at(-1)).toMatchObject({
    trigger: 'COMPONENT_STATUS_CHANGE',
    components: [{ componentName: A, status: 'BROKEN', isRoot: true }],
  });
  const times = cloud.health.map(({ timestamp }) => timestamp as number);
  expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
}, 40_000);

test('a deployment of this machine stays beside those of the cloud', async () => {
  core.plain(B, '1.0.0');
  cloud.component(A, '1.0.0', RUNS);
  await core.start();
  await ended(cloud.deploy({ [A]: { version: '1.0.0' } }));
  expect(await core.nucleus.deploy({ components: { [B]: { version: '1.0.0' } } })).toMatchObject({
    status: 'SUCCESSFUL',
  });
  expect([version(A), version(B)]).toEqual(['1.0.0', '1.0.0']);
  await until(() => cloud.health.some(({ trigger }) => trigger === 'LOCAL_DEPLOYMENT'));
  await ended(cloud.deploy({}));
  expect([version(A), version(B)]).toEqual([undefined, '1.0.0']);
}, 20_000);
