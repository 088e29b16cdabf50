import { ManualClock } from '../../local-cloud/src/core/clock.ts';
import { registerHookFunction } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import { makeAuthority } from '../../local-cloud/src/services/iot/testing/test-authority.ts';
import { type DeviceGateway, startDeviceGateway } from '../support/device-gateway.ts';

// source: iot-custom-endpoints-configurable-aws, iot-custom-endpoints-managing

const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const DAY = 86_400_000;
let gateway: DeviceGateway<ManualClock>;
let invoked: string[];

beforeEach(async () => {
  invoked = [];
  gateway = await startDeviceGateway({
    clock: new ManualClock(),
    prepare: (cloud) =>
      registerHookFunction(cloud, (_event, { principal }) => {
        invoked.push(principal.kind === 'service' ? (principal.sourceArn?.split('/')[1] ?? '') : '');
        const Statement = { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' };
        return {
          isAuthenticated: true,
          principalId: 'someone',
          policyDocuments: [{ Version: '2012-10-17', Statement }],
          disconnectAfterInSeconds: 3600,
          refreshAfterInSeconds: 300,
        };
      }),
  });
  for (const authorizerName of ['one', 'two']) {
    await gateway.call('CreateAuthorizer', {
      authorizerName,
      authorizerFunctionArn: 'arn:aws:lambda:us-east-1:123456789012:function:authorize',
      signingDisabled: true,
      status: 'ACTIVE',
    });
  }
});
afterEach(() => gateway.stop());

const NAME = { domainConfigurationName: 'fleet' };
const create = (options: object = {}) =>
  gateway.call<{ domainConfigurationArn: string }>('CreateDomainConfiguration', {
    ...NAME,
    serviceType: 'DATA',
    authorizerConfig: { defaultAuthorizerName: 'one', allowAuthorizerOverride: false },
    ...options,
  });
const domainName = async () =>
  (await gateway.call<{ domainName: string }>('DescribeDomainConfiguration', NAME)).domainName;

async function connect(servername: string, authorizer?: string): Promise<number | undefined> {
  const client = await gateway.open(undefined, { alpn: 'mqtt', servername });
  const username = authorizer === undefined ? 'x' : `x?x-amz-customauthorizer-name=${authorizer}`;
  return (await client.connect('client-1', { username })).returnCode;
}

test('a domain configuration is created enabled on a managed domain, described, listed and tagged', async () => {
  const tags = [{ Key: 'a', Value: 'b' }];
  const { domainConfigurationArn } = await create({ tags });
  expect(domainConfigurationArn).toMatch(new RegExp(`^${ARN}domainconfiguration/fleet/[a-z0-9]{5}$`));
  expect(await gateway.call('DescribeDomainConfiguration', NAME)).toEqual({
    ...NAME,
    domainConfigurationArn,
    domainName: expect.stringMatching(/^d[a-z0-9]+\.iot\.localhost$/),
    serverCertificates: [],
    authorizerConfig: { defaultAuthorizerName: 'one', allowAuthorizerOverride: false },
    domainConfigurationStatus: 'ENABLED',
    serviceType: 'DATA',
    domainType: 'AWS_MANAGED',
    lastStatusChangeDate: new Date(gateway.cloud.clock.now()),
  });
  expect(await gateway.call('ListDomainConfigurations')).toEqual({
    domainConfigurations: [{ ...NAME, domainConfigurationArn, serviceType: 'DATA' }],
  });
  expect(await gateway.call('ListTagsForResource', { resourceArn: domainConfigurationArn })).toEqual({ tags });
});

test.each([
  ['a reserved name', { domainConfigurationName: 'IoT:mine' }, 'InvalidRequestException'],
  ['another service type', { serviceType: 'JOBS' }, 'InvalidRequestException'],
  [
    'no word on overriding the authorizer',
    { authorizerConfig: { defaultAuthorizerName: 'one' } },
    'InvalidRequestException',
  ],
  [
    'an unknown authorizer',
    { authorizerConfig: { defaultAuthorizerName: 'none', allowAuthorizerOverride: true } },
    'ResourceNotFoundException',
  ],
  ["a customer's own domain", { domainName: 'iot.example.com' }, 'NotImplemented'],
])('a domain configuration with %s is refused', async (_name, options, code) => {
  await expect(create(options)).rejects.toMatchObject({ code });
});

test('its default authorizer authenticates the devices that come to its domain', async () => {
  await create();
  expect(await connect(await domainName())).toBe(0);
  expect(invoked).toEqual(['one']);
  expect(await connect('localhost')).not.toBe(0);
});

// assumed: the guide does not say whether another name is refused or ignored where overriding is not allowed
test('a device that names another authorizer is refused where the configuration does not allow it', async () => {
  await create();
  expect(await connect(await domainName(), 'two')).not.toBe(0);
  expect(invoked).toEqual([]);
});

test('a device may name another authorizer where the configuration allows it', async () => {
  await create();
  await gateway.call('UpdateDomainConfiguration', {
    ...NAME,
    authorizerConfig: { defaultAuthorizerName: 'one', allowAuthorizerOverride: true },
  });
  expect(await connect(await domainName(), 'two')).toBe(0);
  expect(invoked).toEqual(['two']);
});

// source: API reference, DeleteAuthorizer ("DeleteConflictException … attached to one or more resources")
test('its authorizer is not deleted', async () => {
  await create();
  await gateway.call('UpdateAuthorizer', { authorizerName: 'one', status: 'INACTIVE' });
  await expect(gateway.call('DeleteAuthorizer', { authorizerName: 'one' })).rejects.toMatchObject({
    code: 'DeleteConflictException',
  });
});

test('a disabled domain takes no device, with a certificate or without', async () => {
  await create();
  const device = await makeAuthority('CN=device', gateway.cloud.clock.now(), false);
  await gateway.call('RegisterCertificateWithoutCA', { certificatePem: device.certificatePem, status: 'ACTIVE' });
  await gateway.call('UpdateDomainConfiguration', { ...NAME, domainConfigurationStatus: 'DISABLED' });
  const servername = await domainName();
  expect(await connect(servername)).not.toBe(0);
  const devices = gateway.cloud.ports.get('devices');
  const admitted = [servername, 'localhost'].map((name) => devices.admit([device.certificate], name));
  expect(admitted).toEqual([false, true]);
});

test('a managed domain is deleted after seven days of being disabled', async () => {
  await create();
  const remove = () => gateway.call('DeleteDomainConfiguration', NAME);
  await expect(remove()).rejects.toMatchObject({ code: 'InvalidRequestException' });
  await gateway.call('UpdateDomainConfiguration', { ...NAME, domainConfigurationStatus: 'DISABLED' });
  await expect(remove()).rejects.toMatchObject({ code: 'InvalidRequestException' });
  await gateway.cloud.clock.advance(7 * DAY);
  await remove();
  await expect(domainName()).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
});
