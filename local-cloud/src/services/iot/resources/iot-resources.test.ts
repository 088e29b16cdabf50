import type { X509Certificate } from 'node:crypto';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { testScope } from '../../../testing/context.ts';
import { type IotTestCloud, makeCsr, makeForeignCertificate, startIot } from '../testing/iot-test-cloud.ts';

// CloudFormation template reference: "Return values", "Update requires" of each type.

const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const DOCUMENT = {
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: `${ARN}client/*` }],
};
const documentOf = (client: string) => ({
  ...DOCUMENT,
  Statement: [{ ...DOCUMENT.Statement[0], Resource: `${ARN}client/${client}` }],
});

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

// causesReplacement and primaryIdentifier of the resource types' schemas.
test.each([
  ['AWS::IoT::Policy', ['PolicyName']],
  ['AWS::IoT::Thing', ['ThingName']],
  ['AWS::IoT::ThingType', ['ThingTypeName']],
  ['AWS::IoT::ThingGroup', ['ParentGroupName', 'ThingGroupName']],
  ['AWS::IoT::ProvisioningTemplate', ['TemplateName', 'TemplateType']],
  ['AWS::IoT::Certificate', ['CACertificatePem', 'CertificateMode', 'CertificatePem', 'CertificateSigningRequest']],
  ['AWS::IoT::CACertificate', ['CACertificatePem', 'CertificateMode', 'VerificationCertificatePem']],
  ['AWS::IoT::Authorizer', ['AuthorizerName', 'SigningDisabled']],
  ['AWS::IoT::RoleAlias', ['RoleAlias']],
  ['AWS::IoT::BillingGroup', ['BillingGroupName']],
  ['AWS::IoT::PolicyPrincipalAttachment', ['PolicyName', 'Principal']],
  ['AWS::IoT::ThingPrincipalAttachment', ['Principal', 'ThingName', 'ThingPrincipalType']],
])('%s is replaced when %p changes', (type, replaceOn) => {
  expect([...provider(type).replaceOn].sort()).toEqual(replaceOn);
  for (const name of replaceOn) expect(provider(type).properties).toContain(name);
});

describe('AWS::IoT::Policy', () => {
  const type = 'AWS::IoT::Policy';

  test('makes a policy, named or not, and removes it with all its versions', async () => {
    const named = await create(type, { PolicyName: 'p', PolicyDocument: DOCUMENT, Tags: [{ Key: 'k', Value: 'v' }] });
    expect(named).toEqual({ physicalId: 'p', attributes: { Arn: `${ARN}policy/p`, Id: 'p' } });
    expect(await iot.call('ListTagsForResource', { resourceArn: `${ARN}policy/p` })).toEqual({
      tags: [{ Key: 'k', Value: 'v' }],
    });
    const generated = await create(type, { PolicyDocument: DOCUMENT });
    expect(generated.physicalId).toMatch(/^test-stack-Res-/);
    await update(type, { PolicyDocument: documentOf('a') }, { PolicyDocument: DOCUMENT }, named);
    await remove(type, named, {});
    await expect(iot.call('GetPolicy', { policyName: 'p' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  test('makes each new document the default version, at most five of them', async () => {
    const state = await create(type, { PolicyName: 'p', PolicyDocument: documentOf('v1') });
    for (let version = 2; version <= 8; version++) {
      const previous = { PolicyDocument: documentOf(`v${version - 1}`) };
      await update(type, { PolicyDocument: documentOf(`v${version}`) }, previous, state);
    }
    expect(await iot.call('GetPolicy', { policyName: 'p' })).toMatchObject({
      defaultVersionId: '8',
      policyDocument: JSON.stringify(documentOf('v8')),
    });
    const { policyVersions } = await iot.call<{ policyVersions: { versionId: string }[] }>('ListPolicyVersions', {
      policyName: 'p',
    });
    expect(policyVersions.map(({ versionId }) => versionId)).toEqual(['4', '5', '6', '7', '8']);
  });

  test('keeps its version when only tags change', async () => {
    const properties = { PolicyName: 'p', PolicyDocument: DOCUMENT, Tags: [{ Key: 'a', Value: '1' }] };
    const state = await create(type, properties);
    await update(type, { ...properties, Tags: [{ Key: 'b', Value: '2' }] }, properties, state);
    expect(await iot.call('GetPolicy', { policyName: 'p' })).toMatchObject({ defaultVersionId: '1' });
    expect(await iot.call('ListTagsForResource', { resourceArn: `${ARN}policy/p` })).toEqual({
      tags: [{ Key: 'b', Value: '2' }],
    });
  });

  test('refuses a name that exists', async () => {
    await create(type, { PolicyName: 'p', PolicyDocument: DOCUMENT });
    await expect(create(type, { PolicyName: 'p', PolicyDocument: DOCUMENT })).rejects.toMatchObject({
      code: 'ResourceAlreadyExistsException',
    });
  });
});

describe('things, types and groups', () => {
  test('AWS::IoT::Thing keeps its attributes as the template says', async () => {
    const attributes = (Attributes: object) => ({ ThingName: 't', AttributePayload: { Attributes } });
    const state = await create('AWS::IoT::Thing', attributes({ a: '1', b: '2' }));
    const { thingId } = await iot.call<{ thingId: string }>('DescribeThing', { thingName: 't' });
    expect(state).toEqual({ physicalId: 't', attributes: { Arn: `${ARN}thing/t`, Id: thingId } });
    await update('AWS::IoT::Thing', attributes({ b: '3' }), {}, state);
    expect(await iot.call('DescribeThing', { thingName: 't' })).toMatchObject({ attributes: { b: '3' } });
    await expect(create('AWS::IoT::Thing', attributes({ b: '3' }))).rejects.toMatchObject({
      code: 'ResourceAlreadyExistsException',
    });
    await remove('AWS::IoT::Thing', state, {});
    await remove('AWS::IoT::Thing', state, {});
  });

  test('AWS::IoT::ThingType is deprecated and undeprecated in place, and goes without the five minutes', async () => {
    const properties = {
      ThingTypeName: 'pump',
      ThingTypeProperties: { ThingTypeDescription: 'a pump', SearchableAttributes: ['serialNumber'] },
    };
    const state = await create('AWS::IoT::ThingType', properties);
    expect(state).toMatchObject({ physicalId: 'pump', attributes: { Arn: `${ARN}thingtype/pump` } });
    await update('AWS::IoT::ThingType', { ...properties, DeprecateThingType: true }, properties, state);
    expect(await iot.call('DescribeThingType', { thingTypeName: 'pump' })).toMatchObject({
      thingTypeProperties: { thingTypeDescription: 'a pump', searchableAttributes: ['serialNumber'] },
      thingTypeMetadata: { deprecated: true },
    });
    await update('AWS::IoT::ThingType', properties, properties, state);
    await iot.call('CreateThing', { thingName: 't', thingTypeName: 'pump' });
    await expect(remove('AWS::IoT::ThingType', state, properties)).rejects.toThrow(/still things/);
    await iot.call('DeleteThing', { thingName: 't' });
    await remove('AWS::IoT::ThingType', state, properties);
    await expect(iot.call('DescribeThingType', { thingTypeName: 'pump' })).rejects.toMatchObject({ statusCode: 404 });
  });

  test('AWS::IoT::ThingType refuses the MQTT 5 configuration, which is not built', async () => {
    const properties = { ThingTypeName: 'pump', ThingTypeProperties: { Mqtt5Configuration: {} } };
    await expect(create('AWS::IoT::ThingType', properties)).rejects.toMatchObject({ code: 'NotImplemented' });
  });

  test('AWS::IoT::ThingGroup hangs below its parent', async () => {
    await create('AWS::IoT::ThingGroup', { ThingGroupName: 'site' });
    const properties = {
      ThingGroupName: 'hall',
      ParentGroupName: 'site',
      ThingGroupProperties: { ThingGroupDescription: 'hall 1', AttributePayload: { Attributes: { floor: '1' } } },
    };
    const state = await create('AWS::IoT::ThingGroup', properties);
    expect(state).toMatchObject({ physicalId: 'hall', attributes: { Arn: `${ARN}thinggroup/hall` } });
    await update('AWS::IoT::ThingGroup', { ThingGroupName: 'hall', ParentGroupName: 'site' }, properties, state);
    expect(await iot.call('DescribeThingGroup', { thingGroupName: 'hall' })).toMatchObject({
      version: 2,
      thingGroupProperties: { thingGroupDescription: '', attributePayload: { attributes: {} } },
      thingGroupMetadata: { parentGroupName: 'site' },
    });
    await remove('AWS::IoT::ThingGroup', state, properties);
  });

  test('AWS::IoT::ThingGroup with a QueryString is a dynamic group, whose query can change', async () => {
    await iot.call('UpdateIndexingConfiguration', { thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY' } });
    await iot.call('CreateThing', { thingName: 'warm', attributePayload: { attributes: { temperature: '61' } } });
    const properties = { ThingGroupName: 'RoomTooWarm', QueryString: 'attributes.temperature>60' };
    const state = await create('AWS::IoT::ThingGroup', properties);
    const members = () => iot.call('ListThingsInThingGroup', { thingGroupName: 'RoomTooWarm' });
    expect(await members()).toMatchObject({ things: ['warm'] });
    const changed = { ...properties, QueryString: 'attributes.temperature>65' };
    await update('AWS::IoT::ThingGroup', changed, properties, state);
    expect(await members()).toMatchObject({ things: [] });
    const { QueryString: _query, ...fixed } = changed;
    await expect(update('AWS::IoT::ThingGroup', fixed, changed, state)).rejects.toThrow(/static and dynamic/);
    await remove('AWS::IoT::ThingGroup', state, changed);
    await expect(members()).rejects.toMatchObject({ statusCode: 404 });
  });

  test('AWS::IoT::ThingGroup refuses a dynamic group below a parent', async () => {
    const properties = { ThingGroupName: 'g', ParentGroupName: 'p', QueryString: '*' };
    await expect(create('AWS::IoT::ThingGroup', properties)).rejects.toMatchObject({ code: 'InvalidRequestException' });
  });
});

describe('AWS::IoT::ProvisioningTemplate', () => {
  const type = 'AWS::IoT::ProvisioningTemplate';
  const body = (name: string) =>
    JSON.stringify({
      Resources: {
        certificate: {
          Type: 'AWS::IoT::Certificate',
          Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' } },
        },
      },
      DeviceConfiguration: { name },
    });
  const properties = {
    TemplateName: 'fleet',
    TemplateBody: body('v1'),
    ProvisioningRoleArn: 'arn:aws:iam::123456789012:role/provisioning',
    Enabled: 'true',
    PreProvisioningHook: { TargetArn: 'arn:aws:lambda:us-east-1:123456789012:function:hook' },
  };

  test('is made, changed and removed', async () => {
    const state = await create(type, properties);
    expect(state).toEqual({ physicalId: 'fleet', attributes: { TemplateArn: `${ARN}provisioningtemplate/fleet` } });
    expect(await iot.call('DescribeProvisioningTemplate', { templateName: 'fleet' })).toMatchObject({
      enabled: true,
      preProvisioningHook: { payloadVersion: '2020-04-01' },
    });
    const { PreProvisioningHook: _hook, ...changed } = { ...properties, TemplateBody: body('v2'), Enabled: false };
    await update(type, changed, properties, state);
    const described = await iot.call('DescribeProvisioningTemplate', { templateName: 'fleet' });
    expect(described).toMatchObject({ enabled: false, defaultVersionId: 2, templateBody: body('v2') });
    expect(described).not.toHaveProperty('preProvisioningHook');
    await remove(type, state, changed);
    await remove(type, state, changed);
  });

  test('keeps five versions of its body', async () => {
    const state = await create(type, properties);
    for (let version = 2; version <= 7; version++) {
      const previous = { ...properties, TemplateBody: body(`v${version - 1}`) };
      await update(type, { ...properties, TemplateBody: body(`v${version}`) }, previous, state);
    }
    const { versions } = await iot.call<{ versions: { versionId: number }[] }>('ListProvisioningTemplateVersions', {
      templateName: 'fleet',
    });
    expect(versions.map(({ versionId }) => versionId)).toEqual([3, 4, 5, 6, 7]);
  });

  test('is refused with a body that registers nothing', async () => {
    await expect(create(type, { ...properties, TemplateBody: '{}' })).rejects.toMatchObject({
      code: 'InvalidRequestException',
    });
  });
});

describe('AWS::IoT::Certificate and its attachments', () => {
  test('a certificate from a CSR is attached, detached and removed', async () => {
    const { pem } = await makeCsr();
    const properties = { CertificateSigningRequest: pem, Status: 'ACTIVE' };
    const state = await create('AWS::IoT::Certificate', properties);
    const principal = `${ARN}cert/${state.physicalId}`;
    expect(state.attributes).toEqual({ Arn: principal, Id: state.physicalId });
    await create('AWS::IoT::Policy', { PolicyName: 'p', PolicyDocument: DOCUMENT });
    await create('AWS::IoT::Thing', { ThingName: 't' });
    const toPolicy = { PolicyName: 'p', Principal: principal };
    const toThing = { ThingName: 't', Principal: principal };
    const policyAttachment = await create('AWS::IoT::PolicyPrincipalAttachment', toPolicy);
    const thingAttachment = await create('AWS::IoT::ThingPrincipalAttachment', toThing);
    expect(policyAttachment.physicalId).toBe(`p|${principal}`);
    expect(thingAttachment.physicalId).toBe(`t|${principal}`);
    expect(await iot.call('ListThingPrincipals', { thingName: 't' })).toMatchObject({ principals: [principal] });
    await expect(remove('AWS::IoT::Certificate', state, properties)).rejects.toMatchObject({
      code: 'DeleteConflictException',
    });
    await remove('AWS::IoT::ThingPrincipalAttachment', thingAttachment, toThing);
    await remove('AWS::IoT::PolicyPrincipalAttachment', policyAttachment, toPolicy);
    await remove('AWS::IoT::Certificate', state, properties);
    await remove('AWS::IoT::PolicyPrincipalAttachment', policyAttachment, toPolicy);
  });

  test('a status changes in place', async () => {
    const { pem } = await makeCsr();
    const properties = { CertificateSigningRequest: pem, Status: 'ACTIVE' };
    const state = await create('AWS::IoT::Certificate', properties);
    await update('AWS::IoT::Certificate', { ...properties, Status: 'REVOKED' }, properties, state);
    expect(await iot.call('DescribeCertificate', { certificateId: state.physicalId })).toMatchObject({
      certificateDescription: { status: 'REVOKED' },
    });
  });

  test('a certificate without a registered CA must say so', async () => {
    const certificate: X509Certificate = await makeForeignCertificate();
    const properties = { CertificatePem: certificate.toString(), Status: 'ACTIVE' };
    await expect(create('AWS::IoT::Certificate', properties)).rejects.toMatchObject({
      code: 'CertificateValidationException',
    });
    const state = await create('AWS::IoT::Certificate', { ...properties, CertificateMode: 'SNI_ONLY' });
    expect(iot.cloud.ports.get('devices').admit([certificate], 'localhost')).toBe(true);
    expect(state.physicalId).toMatch(/^[0-9a-f]{64}$/);
  });

  test('a policy attachment rejects the ARN of a thing group', async () => {
    await create('AWS::IoT::Policy', { PolicyName: 'p', PolicyDocument: DOCUMENT });
    await create('AWS::IoT::ThingGroup', { ThingGroupName: 'g' });
    await expect(
      create('AWS::IoT::PolicyPrincipalAttachment', { PolicyName: 'p', Principal: `${ARN}thinggroup/g` }),
    ).rejects.toMatchObject({ code: 'InvalidRequestException', message: 'The given ARN does not represent a cert' });
  });

  test('an exclusive attachment allows no second thing', async () => {
    const { physicalId } = await create('AWS::IoT::Certificate', {
      CertificateSigningRequest: (await makeCsr()).pem,
      Status: 'ACTIVE',
    });
    const principal = `${ARN}cert/${physicalId}`;
    for (const ThingName of ['t', 'u']) await create('AWS::IoT::Thing', { ThingName });
    const exclusive = { ThingName: 't', Principal: principal, ThingPrincipalType: 'EXCLUSIVE_THING' };
    await create('AWS::IoT::ThingPrincipalAttachment', exclusive);
    await expect(
      create('AWS::IoT::ThingPrincipalAttachment', { ThingName: 'u', Principal: principal }),
    ).rejects.toMatchObject({ code: 'InvalidRequestException' });
    await expect(create('AWS::IoT::ThingPrincipalAttachment', exclusive)).rejects.toThrow(/already attached/);
  });
});
