import { type IotTestCloud, makeCsr, startIot } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import { makeAuthority } from '../../local-cloud/src/services/iot/testing/test-authority.ts';

// source: single-thing-provisioning, provision-template, and API reference, RegisterThing

const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const PolicyDocument = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: ['iot:Publish'], Resource: [`${ARN}topic/foo/bar`] }],
});
const text = { Type: 'String' };
/** The guide's example of bulk registration, with a billing group. */
const template = (certificate: object, thing: object = {}) => ({
  Parameters: {
    ThingName: text,
    SerialNumber: text,
    Location: { Type: 'String', Default: 'WA' },
    CSR: { Type: 'String', Default: '' },
    Pem: { Type: 'String', Default: '' },
    CaPem: { Type: 'String', Default: '' },
    Id: { Type: 'String', Default: '' },
  },
  Resources: {
    thing: {
      Type: 'AWS::IoT::Thing',
      Properties: {
        ThingName: { Ref: 'ThingName' },
        AttributePayload: { version: 'v1', serialNumber: { Ref: 'SerialNumber' } },
        ThingTypeName: 'lightBulb-versionA',
        ThingGroups: ['v1-lightbulbs', { Ref: 'Location' }],
        ...thing,
      },
      OverrideSettings: { AttributePayload: 'FAIL' },
    },
    certificate: { Type: 'AWS::IoT::Certificate', Properties: certificate },
    policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyDocument } },
  },
});

let iot: IotTestCloud;

beforeEach(async () => {
  iot = await startIot();
  await iot.call('CreateThingType', { thingTypeName: 'lightBulb-versionA' });
  for (const thingGroupName of ['v1-lightbulbs', 'WA']) await iot.call('CreateThingGroup', { thingGroupName });
});
afterEach(() => iot.cloud.close());

interface Registered {
  certificatePem?: string;
  resourceArns: Record<string, string>;
}

const register = (body: object, parameters: Record<string, string> = {}) =>
  iot.call<Registered>('RegisterThing', {
    templateBody: JSON.stringify(body),
    parameters: { ThingName: 'bulb', SerialNumber: 'SN-1', ...parameters },
  });

const describe1 = async (certificateArn: string | undefined) => {
  const certificateId = certificateArn?.split('/')[1];
  const { certificateDescription } = await iot.call<{ certificateDescription: Record<string, unknown> }>(
    'DescribeCertificate',
    { certificateId },
  );
  return certificateDescription;
};

test('a CSR becomes an active certificate of a thing with type, groups, attributes and policy', async () => {
  const { pem } = await makeCsr();
  const body = template({ CertificateSigningRequest: { Ref: 'CSR' }, Status: 'ACTIVE' });
  const { certificatePem, resourceArns } = await register(body, { CSR: pem });
  expect(Object.keys(resourceArns).sort()).toEqual(['certificate', 'policy', 'thing']);
  expect(resourceArns.thing).toBe(`${ARN}thing/bulb`);
  expect(await describe1(resourceArns.certificate)).toMatchObject({ status: 'ACTIVE', certificatePem });
  expect(await iot.call('DescribeThing', { thingName: 'bulb' })).toMatchObject({
    thingTypeName: 'lightBulb-versionA',
    attributes: { version: 'v1', serialNumber: 'SN-1' },
  });
  expect(await iot.call('ListThingPrincipals', { thingName: 'bulb' })).toEqual({
    principals: [resourceArns.certificate],
  });
  expect(await iot.call('ListTargetsForPolicy', { policyName: resourceArns.policy?.split('/')[1] })).toEqual({
    targets: [resourceArns.certificate],
  });
});

test('a certificate of a registered CA is registered, one that exists is used as it is', async () => {
  const authority = await makeAuthority('CN=Factory CA', iot.cloud.clock.now());
  await iot.call('RegisterCACertificate', {
    caCertificate: authority.certificatePem,
    certificateMode: 'SNI_ONLY',
    setAsActive: true,
  });
  const device = await authority.issue('CN=bulb');
  const pems = template({ CertificatePem: { Ref: 'Pem' }, CACertificatePem: { Ref: 'CaPem' }, Status: 'INACTIVE' });
  const { resourceArns } = await register(pems, { Pem: device.certificatePem, CaPem: authority.certificatePem });
  expect(await describe1(resourceArns.certificate)).toMatchObject({ status: 'INACTIVE' });
  const Id = resourceArns.certificate?.split('/')[1] ?? '';
  const again = await register(template({ CertificateId: { Ref: 'Id' } }), { Id, ThingName: 'other' });
  expect(again.resourceArns.certificate).toBe(resourceArns.certificate);
  expect(await describe1(again.resourceArns.certificate)).toMatchObject({ status: 'INACTIVE' });
});

test('a thing is put into its billing group and attached exclusively where the template says so', async () => {
  await iot.call('CreateBillingGroup', { billingGroupName: 'north' });
  const { pem } = await makeCsr();
  const thing = { BillingGroup: 'north', ThingPrincipalType: 'EXCLUSIVE_THING' };
  const { resourceArns } = await register(template({ CertificateSigningRequest: { Ref: 'CSR' } }, thing), { CSR: pem });
  expect(await iot.call('DescribeThing', { thingName: 'bulb' })).toMatchObject({ billingGroupName: 'north' });
  expect(await iot.call('ListThingPrincipalsV2', { thingName: 'bulb' })).toEqual({
    thingPrincipalObjects: [{ principal: resourceArns.certificate, thingPrincipalType: 'EXCLUSIVE_THING' }],
  });
});

test('a template may declare a thing alone', async () => {
  const { thing } = template({}).Resources;
  const { Parameters } = template({});
  expect(await register({ Parameters, Resources: { thing } })).toEqual({ resourceArns: { thing: `${ARN}thing/bulb` } });
});

test('an existing thing with override FAIL is a conflict, and the new certificate does not become active', async () => {
  await iot.call('CreateThing', { thingName: 'bulb' });
  const { pem } = await makeCsr();
  const body = template({ CertificateSigningRequest: { Ref: 'CSR' } });
  await expect(register(body, { CSR: pem })).rejects.toMatchObject({
    code: 'ConflictingResourceUpdateException',
    statusCode: 409,
  });
  const { certificates } = await iot.call<{ certificates: { status: string }[] }>('ListCertificates');
  expect(certificates.map(({ status }) => status)).toEqual(['INACTIVE']);
});

test.each([
  ['two ways to name a certificate', { CertificateId: 'x', CertificateSigningRequest: 'y' }],
  ['no way to name a certificate', {}],
  ['a CA certificate without a certificate', { CertificateSigningRequest: 'y', CACertificatePem: 'z' }],
  ['an unknown property', { CertificateId: 'x', Colour: 'red' }],
])('a template with %s is refused', async (_name, certificate) => {
  await expect(register(template(certificate))).rejects.toMatchObject({ code: 'InvalidRequestException' });
});

test('every step needs the permission of the caller', async () => {
  iot.cloud.denied.add('iot:CreateThing');
  const { pem } = await makeCsr();
  const body = template({ CertificateSigningRequest: { Ref: 'CSR' } });
  await expect(register(body, { CSR: pem })).rejects.toMatchObject({ statusCode: 403 });
});
