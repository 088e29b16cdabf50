import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { testScope } from '../../../testing/context.ts';
import { certificateIdOf } from '../certificate-authority.ts';
import { type IotTestCloud, startIot } from '../testing/iot-test-cloud.ts';
import { makeAuthority, type TestAuthority } from '../testing/test-authority.ts';

// CloudFormation template reference: "Return values" and properties of each type.

const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const FUNCTION = 'arn:aws:lambda:us-east-1:123456789012:function:authorize';
const ROLE = 'arn:aws:iam::123456789012:role/camera';
const Tags = [{ Key: 'k', Value: 'v' }];
let iot: IotTestCloud;

beforeEach(async () => {
  iot = await startIot();
});
afterEach(() => iot.cloud.close());

function provider(type: string): ResourceProvider {
  const found = iot.plugin.resources?.find((resource) => resource.type === type);
  if (found === undefined) throw new Error(`no ${type}`);
  return found;
}

const create = (type: string, properties: object): Promise<ResourceState> =>
  provider(type).create(properties, testScope('Res'));
const update = (type: string, properties: object, previous: object, state: ResourceState): Promise<ResourceState> =>
  provider(type).update(properties, previous, state, testScope('Res'));
const remove = (type: string, state: ResourceState, properties: object): Promise<void> =>
  provider(type).delete(state, properties, testScope('Res'));
const tagsOf = async (resourceArn: string) => (await iot.call('ListTagsForResource', { resourceArn })).tags;
const missing = (operation: string, input: object) =>
  expect(iot.call(operation, input)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });

describe('AWS::IoT::CACertificate', () => {
  const type = 'AWS::IoT::CACertificate';
  const TemplateBody = JSON.stringify({
    Resources: {
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' } },
      },
    },
  });
  let authority: TestAuthority;

  beforeEach(async () => {
    authority = await makeAuthority('CN=Factory CA', iot.cloud.clock.now());
  });

  test('is registered, updated and removed, active or not', async () => {
    const properties = {
      CACertificatePem: authority.certificatePem,
      CertificateMode: 'SNI_ONLY',
      Status: 'ACTIVE',
      AutoRegistrationStatus: 'ENABLE',
      RegistrationConfig: { TemplateBody, RoleArn: ROLE },
      Tags,
    };
    const state = await create(type, properties);
    const id = certificateIdOf(authority.certificate);
    expect(state).toEqual({ physicalId: id, attributes: { Id: id, Arn: `${ARN}cacert/${id}` } });
    expect(await tagsOf(`${ARN}cacert/${id}`)).toEqual(Tags);
    expect(await iot.call('DescribeCACertificate', { certificateId: id })).toMatchObject({
      certificateDescription: { status: 'ACTIVE', autoRegistrationStatus: 'ENABLE', certificateMode: 'SNI_ONLY' },
      registrationConfig: { templateBody: TemplateBody, roleArn: ROLE },
    });
    const { RegistrationConfig: _config, ...changed } = { ...properties, AutoRegistrationStatus: 'DISABLE' };
    await update(type, changed, properties, state);
    const described = await iot.call('DescribeCACertificate', { certificateId: id });
    expect(described).toMatchObject({ certificateDescription: { autoRegistrationStatus: 'DISABLE' } });
    expect(described.registrationConfig).toBeUndefined();
    await remove(type, state, changed);
    await missing('DescribeCACertificate', { certificateId: id });
  });

  test('in DEFAULT mode needs the verification certificate', async () => {
    const properties = { CACertificatePem: authority.certificatePem, Status: 'INACTIVE' };
    await expect(create(type, properties)).rejects.toMatchObject({ code: 'InvalidRequestException' });
    const { registrationCode } = await iot.call<{ registrationCode: string }>('GetRegistrationCode');
    const proof = await authority.issue(`CN=${registrationCode}`);
    await create(type, { ...properties, VerificationCertificatePem: proof.certificatePem });
  });

  test('signs certificates that AWS::IoT::Certificate registers', async () => {
    const ca = { CACertificatePem: authority.certificatePem, CertificateMode: 'SNI_ONLY', Status: 'ACTIVE' };
    await create(type, ca);
    const device = await authority.issue('CN=device');
    const { physicalId } = await create('AWS::IoT::Certificate', {
      CertificatePem: device.certificatePem,
      CACertificatePem: authority.certificatePem,
      Status: 'ACTIVE',
    });
    expect(await iot.call('DescribeCertificate', { certificateId: physicalId })).toMatchObject({
      certificateDescription: { caCertificateId: certificateIdOf(authority.certificate), status: 'ACTIVE' },
    });
  });
});

test('AWS::IoT::ProvisioningTemplate of type JITP is enabled unless it says otherwise', async () => {
  const TemplateBody = JSON.stringify({
    Resources: {
      certificate: {
        Type: 'AWS::IoT::Certificate',
        Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' } },
      },
    },
  });
  const properties = { TemplateBody, TemplateType: 'JITP', ProvisioningRoleArn: ROLE };
  for (const [TemplateName, more, enabled] of [
    ['a', {}, true],
    ['b', { Enabled: 'false' }, false],
  ] as const) {
    await create('AWS::IoT::ProvisioningTemplate', { ...properties, TemplateName, ...more });
    const described = await iot.call('DescribeProvisioningTemplate', { templateName: TemplateName });
    expect(described).toMatchObject({ type: 'JITP', enabled });
  }
});

test('AWS::IoT::Authorizer is made, updated and removed, active or not', async () => {
  const type = 'AWS::IoT::Authorizer';
  const properties = { AuthorizerFunctionArn: FUNCTION, SigningDisabled: 'true', Status: 'ACTIVE', Tags };
  const state = await create(type, properties);
  const name = 'test-stack-Res-ABCDEFGHIJKL';
  expect(state).toEqual({ physicalId: name, attributes: { Arn: `${ARN}authorizer/${name}` } });
  expect(await tagsOf(`${ARN}authorizer/${name}`)).toEqual(Tags);
  await update(type, { ...properties, EnableCachingForHttp: true }, properties, state);
  expect(await iot.call('DescribeAuthorizer', { authorizerName: name })).toMatchObject({
    authorizerDescription: { status: 'ACTIVE', signingDisabled: true, enableCachingForHttp: true },
  });
  await remove(type, state, properties);
  await missing('DescribeAuthorizer', { authorizerName: name });
});

test('AWS::IoT::RoleAlias is made, updated and removed', async () => {
  const type = 'AWS::IoT::RoleAlias';
  const properties = { RoleAlias: 'cameras', RoleArn: ROLE, CredentialDurationSeconds: '900', Tags };
  const state = await create(type, properties);
  expect(state).toEqual({ physicalId: 'cameras', attributes: { RoleAliasArn: `${ARN}rolealias/cameras` } });
  expect(await tagsOf(`${ARN}rolealias/cameras`)).toEqual(Tags);
  await update(type, { RoleAlias: 'cameras', RoleArn: `${ROLE}-2` }, properties, state);
  expect(await iot.call('DescribeRoleAlias', { roleAlias: 'cameras' })).toMatchObject({
    roleAliasDescription: { roleArn: `${ROLE}-2`, credentialDurationSeconds: 3600 },
  });
  await remove(type, state, properties);
  await missing('DescribeRoleAlias', { roleAlias: 'cameras' });
});

test('AWS::IoT::BillingGroup is made, updated and removed', async () => {
  const type = 'AWS::IoT::BillingGroup';
  const properties = { BillingGroupName: 'north', Tags };
  const state = await create(type, properties);
  expect(state).toEqual({
    physicalId: 'north',
    attributes: { Arn: `${ARN}billinggroup/north`, Id: expect.stringMatching(/^[0-9a-f-]{36}$/) },
  });
  expect(await tagsOf(`${ARN}billinggroup/north`)).toEqual(Tags);
  const changed = { ...properties, BillingGroupProperties: { BillingGroupDescription: 'the north' } };
  await update(type, changed, properties, state);
  expect(await iot.call('DescribeBillingGroup', { billingGroupName: 'north' })).toMatchObject({
    billingGroupProperties: { billingGroupDescription: 'the north' },
  });
  await remove(type, state, changed);
  await missing('DescribeBillingGroup', { billingGroupName: 'north' });
});
