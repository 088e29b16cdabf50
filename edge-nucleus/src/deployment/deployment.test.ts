import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { TestCore, until } from '../testing/test-core.ts';

/**
 * Deployments on a core whose components really run. Source: developer guide, "Create deployments", "Update component
 * configurations", "Component recipe reference".
 */

let core: TestCore;
beforeEach(() => {
  core = new TestCore();
});
afterEach(() => core.remove());

const A = 'com.example.A';
const B = 'com.example.B';
const state = (name: string) => core.nucleus.details(name)?.state;
const sha = (text: string) => createHash('sha256').update(text).digest();

test('artifacts are checked and installed, archives unpacked, and recipe variables filled in', async () => {
  const script = '#!/bin/sh\necho "$@" > said\nexec sleep 600\n';
  core.component(
    A,
    '1.0.0',
    {
      ComponentConfiguration: { DefaultConfiguration: { port: 8080, deep: { list: [1], none: null } } },
      Manifests: [
        { Platform: { os: 'windows' }, Lifecycle: { Run: 'no' } },
        {
          Platform: { os: 'linux' },
          Artifacts: [
            { URI: 's3://bucket/x/run.sh', Digest: sha(script).toString('base64'), Permission: { Execute: 'OWNER' } },
            { URI: 's3://bucket/x/models.zip', Unarchive: 'ZIP' },
          ],
          Lifecycle: {
            Install: 'cp {artifacts:decompressedPath}/models/in/side.txt model',
            Run: "{artifacts:path}/run.sh {configuration:/port} '{configuration:/deep}' {iot:thingName} {kernel:rootPath} {work:path} {configuration:/gone}",
          },
        },
      ],
    },
    { 'run.sh': script, 'models.zip': Buffer.from(zipSync({ 'in/side.txt': Buffer.from('weights') })) },
  );
  await core.start();
  expect(await core.nucleus.deploy({ components: { [A]: { version: '1.0.0' } } })).toMatchObject({
    status: 'SUCCESSFUL',
  });
  await until(() => core.work(A, 'said') !== undefined);
  expect(core.work(A, 'said')).toBe(
    `8080 {"list":[1],"none":null} core-1 ${core.root} ${join(core.root, 'work', A)} {configuration:/gone}\n`,
  );
  expect(core.work(A, 'model')).toBe('weights');
});

test('what is not as its digest says, escapes its archive, or changes under its version is not installed', async () => {
  const recipe = (Artifact: object) => ({ Manifests: [{ Artifacts: [Artifact], Lifecycle: { Run: 'sleep 600' } }] });
  core.component(A, '1.0.0', recipe({ URI: 's3://b/a.txt', Digest: sha('other').toString('hex') }), {
    'a.txt': 'this',
  });
  const zip = Buffer.from(zipSync({ '../../../../evil': Buffer.from('x') }));
  core.component(A, '1.1.0', recipe({ URI: 's3://b/a.zip', Unarchive: 'ZIP' }), { 'a.zip': zip });
  core.component(A, '1.2.0', recipe({ URI: 's3://b/a.txt' }), { 'a.txt': 'this' });
  await core.start();
  const deploy = (version: string) => core.nucleus.deploy({ components: { [A]: { version } } });
  expect(await deploy('1.0.0')).toMatchObject({
    status: 'FAILED_NO_STATE_CHANGE',
    reason: expect.stringMatching(/not what its digest/),
  });
  expect((await deploy('1.1.0')).reason).toMatch(/holds the path \.\./);
  expect(existsSync(join(core.directory, 'evil'))).toBe(false);
  expect(await deploy('1.2.0')).toMatchObject({ status: 'SUCCESSFUL' });
  writeFileSync(join(core.directory, 'components', `${A}-1.2.0`, 'a.txt'), 'that');
  expect((await deploy('1.2.0')).reason).toMatch(/changed content needs a new version/);
  expect(state(A)).toBe('RUNNING');
});

test('dependencies come along, start first, and take their dependents with them when they fail', async () => {
  core.plain(A, '1.0.0', {}, { ComponentDependencies: { [B]: { VersionRequirement: '^1.0.0' } } });
  core.component(B, '1.4.0', {
    Manifests: [{ Lifecycle: { Install: 'sleep 0.3', Run: 'echo $$ > pid; exec sleep 600' } }],
  });
  core.component(B, '2.0.0', { Manifests: [{ Lifecycle: { Run: 'sleep 600' } }] });
  await core.start();
  expect(await core.nucleus.deploy({ components: { [A]: { version: '1.0.0' } } })).toMatchObject({
    status: 'SUCCESSFUL',
  });
  expect(core.nucleus.list().map(({ componentName, root, version }) => [componentName, version, root])).toEqual([
    [B, '1.4.0', false],
    [A, '1.0.0', true],
  ]);
  const states = core.logged
    .filter((line) => line.startsWith('component '))
    .map((line) => line.slice('component '.length));
  const at = (name: string, wanted: string) => states.indexOf(JSON.stringify({ component: name, state: wanted }));
  expect(at(B, 'RUNNING')).toBeLessThan(at(A, 'STARTING'));
  core.logged.length = 0;
  process.kill(Number(core.work(B, 'pid')), 'SIGKILL');
  await until(() => core.logged.some((line) => line.includes(`"${A}","state":"RUNNING"`)));
  expect(core.logged.some((line) => line.includes(`"${A}","state":"STOPPING"`))).toBe(true);
  expect(state(B)).toBe('RUNNING');
});

test('what cannot be resolved changes nothing and says who wants what', async () => {
  core.plain(A, '1.0.0', {}, { ComponentDependencies: { [B]: { VersionRequirement: '>=3.0.0' } } });
  core.plain(A, '1.1.0', {}, { ComponentDependencies: { [B]: { VersionRequirement: '^1.0.0' } } });
  core.plain(
    A,
    '1.2.0',
    {},
    { ComponentDependencies: { 'aws.greengrass.TokenExchangeService': { VersionRequirement: '^2.0.0' } } },
  );
  core.plain(B, '1.0.0', {}, { ComponentDependencies: { [A]: { VersionRequirement: '*', DependencyType: 'SOFT' } } });
  await core.start();
  const reason = async (version: string) => (await core.nucleus.deploy({ components: { [A]: { version } } })).reason;
  expect(await reason('1.0.0')).toBe(`no version of ${B} fits: ${A} 1.0.0 wants >=3.0.0; there is 1.0.0`);
  expect(await reason('1.1.0')).toMatch(/depend on each other: .* → .* → /);
  expect(await reason('1.2.0')).toMatch(/no version of aws.greengrass.TokenExchangeService fits/);
  expect(await reason('9.0.0')).toMatch(/the deployment wants 9.0.0; there is/);
  await expect(core.nucleus.deploy({ components: { [A]: {} } })).rejects.toMatchObject({ code: 'DEPLOYMENT_INVALID' });
});

test('configuration is merged and reset; only scripts that change with it are run again', async () => {
  const configured = { Manifests: [{ Lifecycle: { Run: 'echo {configuration:/port} >> ports; exec sleep 600' } }] };
  core.component(A, '1.0.0', {
    ...configured,
    ComponentConfiguration: { DefaultConfiguration: { port: 1, list: [1], other: { a: 1 } } },
  });
  await core.start();
  const deploy = (configurationUpdate: object) =>
    core.nucleus.deploy({ components: { [A]: { componentVersion: '1.0.0', configurationUpdate } } });
  await deploy({ merge: '{"other":{"b":2}}' });
  expect(core.nucleus.details(A)?.configuration).toEqual({ port: 1, list: [1], other: { a: 1, b: 2 } });
  await deploy({ merge: { list: [2] } });
  await until(() => core.work(A, 'ports') !== undefined);
  expect(core.work(A, 'ports')).toBe('1\n');
  await deploy({ merge: { port: 2 }, reset: ['/other/b', '/list'] });
  expect(core.nucleus.details(A)?.configuration).toEqual({ port: 2, list: [1], other: { a: 1 } });
  await until(() => core.work(A, 'ports') === '1\n2\n');
  await deploy({ reset: [''] });
  expect(core.nucleus.details(A)?.configuration).toEqual({ port: 1, list: [1], other: { a: 1 } });
});

test('a version that does not come up is rolled back, with its configuration; or stays when that is asked for', async () => {
  core.plain(A, '1.0.0', { good: true });
  core.component(A, '2.0.0', {
    ComponentConfiguration: { DefaultConfiguration: { good: false, fresh: 1 } },
    Manifests: [{ Lifecycle: { Run: 'exit 3' } }],
  });
  core.plain(B, '1.0.0');
  await core.start();
  await core.nucleus.deploy({ components: { [A]: { version: '1.0.0' } } });
  const document = { components: { [A]: { version: '2.0.0' }, [B]: { version: '1.0.0' } } };
  expect(await core.nucleus.deploy(document)).toMatchObject({
    status: 'FAILED_ROLLBACK_COMPLETE',
    reason: `broken: ${A}`,
  });
  expect(core.nucleus.list()).toMatchObject([{ componentName: A, version: '1.0.0', state: 'RUNNING' }]);
  expect(core.nucleus.details(A)?.configuration).toEqual({ good: true });
  const kept = { ...document, deploymentPolicies: { failureHandlingPolicy: 'DO_NOTHING' } };
  expect(await core.nucleus.deploy(kept)).toMatchObject({ status: 'FAILED_ROLLBACK_NOT_REQUESTED' });
  expect([state(A), state(B)]).toEqual(['BROKEN', 'RUNNING']);
}, 60_000);

test('the next nucleus goes on where the last one stopped, without its sources', async () => {
  core.plain(A, '1.0.0', { port: 1 });
  await core.start();
  await core.nucleus.deploy({ components: { [A]: { version: '1.0.0', configurationUpdate: { merge: { port: 2 } } } } });
  const client = await core.client(A);
  await client.updateConfiguration({ timestamp: new Date(), valueToMerge: { own: 'kept' } });
  await expect(new TestCoreOn(core).start()).rejects.toMatchObject({ code: 'LOCKED' });
  await core.stop();
  writeFileSync(join(core.directory, 'components', `${A}-1.0.0`, 'recipe.json'), '{}');
  await expect(core.start()).resolves.toBeDefined();
  await until(() => state(A) === 'RUNNING');
  expect(core.nucleus.details(A)?.configuration).toEqual({ port: 2, own: 'kept' });
});

test('a deployment that its nucleus did not live to end begins again, and is rolled back to what was there before', async () => {
  core.plain(A, '1.0.0', { port: 1 });
  core.plain(A, '2.0.0', { port: 1 });
  core.component(A, '3.0.0', { Manifests: [{ Lifecycle: { Run: 'exit 1' } }] });
  await core.start();
  await core.nucleus.deploy({ components: { [A]: { version: '1.0.0' } } });
  for (const [version, then, port] of [
    ['2.0.0', '2.0.0', 2],
    ['3.0.0', '2.0.0', 2],
  ] as const) {
    await core.stop();
    const previous = JSON.parse(readFileSync(join(core.root, 'deployment.json'), 'utf8'));
    const document = { components: { [A]: { version, configurationUpdate: { merge: { port } } } } };
    const pending = join(core.root, 'deployment-pending.json');
    writeFileSync(pending, JSON.stringify({ document, previous }));
    await core.start();
    await until(() => !existsSync(pending), 20_000);
    expect(core.nucleus.list()).toMatchObject([{ version: then, state: 'RUNNING', configuration: { port } }]);
  }
}, 60_000);

test('components that are not wanted any more go, and what they wrote to their log stays', async () => {
  core.component(A, '1.0.0', { Manifests: [{ Lifecycle: { Run: 'echo hello; exec sleep 600' } }] });
  await core.start();
  await core.nucleus.deploy({ components: { [A]: { version: '1.0.0' } } });
  expect(await core.nucleus.deploy({ components: {} })).toMatchObject({ status: 'SUCCESSFUL' });
  expect(core.nucleus.list()).toEqual([]);
  expect(readdirSync(join(core.root, 'config'))).toEqual([]);
  await until(() => existsSync(join(core.root, 'logs', `${A}.log`)));
});

/** A second nucleus on the same root. */
class TestCoreOn extends TestCore {
  override readonly root: string;
  constructor(other: TestCore) {
    super();
    this.root = other.root;
  }
}
