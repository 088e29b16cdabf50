import { TestCore, until } from '../testing/test-core.ts';
import type { DeviceHttps } from './greengrass/device-https.ts';
import { CloudUnreachable } from './greengrass/greengrass-cloud.ts';
import { RoleCredentials } from './greengrass/role-credentials.ts';

/** Source: developer guide, `token-exchange-service-component`, `interact-with-aws-services`; AWS IoT developer guide, `authorizing-direct-aws`. */

const SERVICE = 'aws.greengrass.TokenExchangeService';
const WITH = 'com.example.With';
const WITHOUT = 'com.example.Without';
let core: TestCore;
let asked: { path: string; thingName: string | undefined }[];
let answer: () => { status: number; body: string };
let now: number;

const credentials = (expiration: number) =>
  JSON.stringify({
    credentials: {
      accessKeyId: 'ASIA1',
      secretAccessKey: 'secret',
      sessionToken: 'session',
      expiration: new Date(expiration).toISOString().replace(/\.\d{3}/, ''),
    },
  });

beforeEach(() => {
  asked = [];
  now = 1_000_000;
  answer = () => ({ status: 200, body: credentials(now + 3_600_000) });
  core = new TestCore();
  const https = {
    ask: async (
      _endpoint: object,
      _method: string,
      path: string,
      { headers = {} }: { headers?: Record<string, string> },
    ) => {
      asked.push({ path, thingName: headers['x-amzn-iot-thingname'] });
      return answer();
    },
  } as unknown as DeviceHttps;
  core.credentials = new RoleCredentials(https, {
    endpoint: { host: 'localhost', port: 443 },
    roleAlias: 'cores',
    thingName: 'core-1',
    clock: { now: () => now, after: () => ({ cancel: () => {} }) },
  });
});
afterEach(() => core.remove());

const variables = (name: string) =>
  Object.fromEntries((core.work(name, 'env') ?? '').split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)));

async function startBoth(): Promise<Record<string, string>> {
  core.plain(WITH, '1.0.0', {}, { ComponentDependencies: { [SERVICE]: { VersionRequirement: '^2.0.0' } } });
  core.plain(WITHOUT, '1.0.0');
  await core.start();
  const components = { [WITH]: { version: '1.0.0' }, [WITHOUT]: { version: '1.0.0' } };
  expect(await core.nucleus.deploy({ components })).toMatchObject({ status: 'SUCCESSFUL' });
  await until(() => core.work(WITH, 'env') !== undefined && core.work(WITHOUT, 'env') !== undefined);
  return variables(WITH);
}

const fetchFrom = (url: string | undefined, token: string | undefined, method = 'GET') =>
  fetch(url ?? '', { method, headers: token === undefined ? {} : { authorization: token } });

test('components that depend on the service get credentials of the role, as containers do', async () => {
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN: token, AWS_CONTAINER_CREDENTIALS_FULL_URI: url } = await startBoth();
  const response = await fetchFrom(url, token);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    AccessKeyId: 'ASIA1',
    SecretAccessKey: 'secret',
    Token: 'session',
    Expiration: new Date(now + 3_600_000).toISOString(),
  });
  expect(asked).toEqual([{ path: '/role-aliases/cores/credentials', thingName: 'core-1' }]);
  await fetchFrom(url, token);
  expect(asked).toHaveLength(1);
  // Five minutes before their end.
  now += 3_300_001;
  await fetchFrom(url, token);
  expect(asked).toHaveLength(2);
});

test('nobody else gets any', async () => {
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN: token, AWS_CONTAINER_CREDENTIALS_FULL_URI: url } = await startBoth();
  expect(variables(WITHOUT)).not.toHaveProperty('AWS_CONTAINER_CREDENTIALS_FULL_URI');
  expect((await fetchFrom(url, undefined)).status).toBe(403);
  expect((await fetchFrom(url, 'guess')).status).toBe(403);
  expect((await fetchFrom(url, variables(WITHOUT).SVCUID)).status).toBe(403);
  expect((await fetchFrom(url, token, 'POST')).status).toBe(405);
  expect((await fetchFrom(`${url}other`, token)).status).toBe(400);
  expect(asked).toEqual([]);
});

test('what the cloud refuses is not asked for again at once; what fails in passing is', async () => {
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN: token, AWS_CONTAINER_CREDENTIALS_FULL_URI: url } = await startBoth();
  answer = () => ({ status: 403, body: '' });
  expect([(await fetchFrom(url, token)).status, (await fetchFrom(url, token)).status]).toEqual([403, 403]);
  expect(asked).toHaveLength(1);
  now += 120_001;
  answer = () => {
    throw new CloudUnreachable('no route');
  };
  expect([(await fetchFrom(url, token)).status, (await fetchFrom(url, token)).status]).toEqual([500, 500]);
  expect(asked).toHaveLength(3);
});

test('without a role alias a component that depends on the service is refused', async () => {
  core.credentials = undefined;
  core.plain(WITH, '1.0.0', {}, { ComponentDependencies: { [SERVICE]: { VersionRequirement: '^2.0.0' } } });
  await core.start();
  expect(await core.nucleus.deploy({ components: { [WITH]: { version: '1.0.0' } } })).toMatchObject({
    status: 'FAILED_NO_STATE_CHANGE',
    reason: expect.stringContaining(SERVICE),
  });
});
