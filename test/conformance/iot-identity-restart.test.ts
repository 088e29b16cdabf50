import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type IotTestCloud, startIot } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import { makeAuthority } from '../../local-cloud/src/services/iot/testing/test-authority.ts';

// source: API reference of the operations: what was acknowledged is there

const directory = mkdtempSync(join(tmpdir(), 'fleetwright-identity-'));
const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:authorize';
afterAll(() => rmSync(directory, { recursive: true, force: true }));

/** Everything that the operations say of the account's identities. */
async function tell({ call }: IotTestCloud): Promise<object> {
  return {
    code: await call('GetRegistrationCode'),
    authorities: await call('ListCACertificates'),
    certificates: await call('ListCertificates'),
    authorizer: await call('DescribeDefaultAuthorizer'),
    alias: await call('DescribeRoleAlias', { roleAlias: 'cameras' }),
    thing: await call('DescribeThing', { thingName: 'pump' }),
    members: await call('ListThingsInBillingGroup', { billingGroupName: 'north' }),
    domain: await call('DescribeDomainConfiguration', { domainConfigurationName: 'fleet' }),
  };
}

test('CA certificates, authorizers, role aliases, billing groups and domains outlive a restart', async () => {
  const before = await startIot({ directory });
  const { call } = before;
  const authority = await makeAuthority('CN=Factory CA', before.cloud.clock.now());
  const { certificateId } = await call('RegisterCACertificate', {
    caCertificate: authority.certificatePem,
    certificateMode: 'SNI_ONLY',
    setAsActive: true,
    allowAutoRegistration: true,
  });
  const authorizer = { authorizerName: 'tokens', authorizerFunctionArn: FUNCTION, signingDisabled: true };
  await call('CreateAuthorizer', authorizer);
  await call('SetDefaultAuthorizer', { authorizerName: 'tokens' });
  await call('CreateRoleAlias', { roleAlias: 'cameras', roleArn: 'arn:aws:iam::123456789012:role/camera' });
  await call('CreateBillingGroup', { billingGroupName: 'north' });
  await call('CreateThing', { thingName: 'pump', billingGroupName: 'north' });
  await call('CreateDomainConfiguration', { domainConfigurationName: 'fleet' });
  const told = await tell(before);
  await before.cloud.close();

  const after = await startIot({ directory });
  expect(await tell(after)).toEqual(told);
  const { certificatePem } = await authority.issue('CN=device');
  await after.call('RegisterCertificate', { certificatePem });
  const { certificates } = await after.call<{ certificates: object[] }>('ListCertificatesByCA', {
    caCertificateId: certificateId,
  });
  expect(certificates).toHaveLength(1);
  await after.cloud.close();
});
