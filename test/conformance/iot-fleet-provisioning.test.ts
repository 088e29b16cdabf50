import { X509Certificate } from 'node:crypto';
import { decode, encode } from 'cbor-x';
import type { DeviceConnection } from '../../local-cloud/src/core/mqtt.ts';
import {
  type IotTestCloud,
  makeCsr,
  registerHookFunction,
  startIot,
} from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';

// AWS IoT developer guide: fleet-provision-api, provision-wo-cert, provision-template, pre-provisioning-hook.

const ROLE = 'arn:aws:iam::123456789012:role/provisioning';
const HOOK = 'arn:aws:lambda:us-east-1:123456789012:function:hook';
const TEMPLATE_ARN = 'arn:aws:iot:us-east-1:123456789012:provisioningtemplate/fleet';
const CREATE_FROM_CSR = '$aws/certificates/create-from-csr/json';
const PROVISION = '$aws/provisioning-templates/fleet/provision/json';
const PARAMETERS = { SerialNumber: 'PS-0001', Site: 'plant-a' };

const BODY = {
  Parameters: {
    SerialNumber: { Type: 'String' },
    Site: { Type: 'String' },
    Batch: { Type: 'String', Default: 'none' },
    'AWS::IoT::Certificate::Id': { Type: 'String' },
  },
  Resources: {
    thing: {
      Type: 'AWS::IoT::Thing',
      Properties: {
        ThingName: { 'Fn::Join': ['-', ['pump', { Ref: 'SerialNumber' }]] },
        ThingTypeName: 'pump',
        ThingGroups: ['pumps'],
        AttributePayload: { site: { Ref: 'Site' }, batch: { Ref: 'Batch' } },
      },
      OverrideSettings: { AttributePayload: 'MERGE', ThingTypeName: 'REPLACE', ThingGroups: 'DO_NOTHING' },
    },
    certificate: {
      Type: 'AWS::IoT::Certificate',
      Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'Active' },
    },
    policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyName: 'device' } },
  },
  DeviceConfiguration: { site: { Ref: 'Site' }, fallback: 'https://www.example.com/test-site' },
};

const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iot:Connect', Resource: 'arn:aws:iot:us-east-1:123456789012:client/*' }],
});

const claim: DeviceConnection = { clientId: 'claim-1', certificateId: 'c'.repeat(64), sourceIp: '127.0.0.1' };

let iot: IotTestCloud;
let answer: (event: Record<string, unknown>) => Promise<object> | object;
let events: Record<string, unknown>[];
let hookCallers: unknown[];

beforeEach(async () => {
  iot = await startIot();
  events = [];
  hookCallers = [];
  answer = () => ({ allowProvisioning: true });
  registerHookFunction(iot.cloud, (event, call) => {
    events.push(event);
    hookCallers.push(call.principal);
    return answer(event);
  });
  await iot.call('CreatePolicy', { policyName: 'device', policyDocument: POLICY });
  await iot.call('CreateThingType', { thingTypeName: 'pump' });
  await iot.call('CreateThingGroup', { thingGroupName: 'pumps' });
  await createTemplate();
});

afterEach(() => iot.cloud.close());

async function createTemplate(body: object = BODY, options: object = {}): Promise<void> {
  await iot.call('CreateProvisioningTemplate', {
    templateName: 'fleet',
    templateBody: JSON.stringify(body),
    provisioningRoleArn: ROLE,
    enabled: true,
    ...options,
  });
}

async function replaceTemplate(body: object = BODY, options: object = {}): Promise<void> {
  await iot.call('DeleteProvisioningTemplate', { templateName: 'fleet' });
  await createTemplate(body, options);
}

const withHook = { preProvisioningHook: { targetArn: HOOK, payloadVersion: '2020-04-01' } };

interface Made {
  certificateId: string;
  certificatePem: string;
  certificateOwnershipToken: string;
  privateKey?: string;
}

async function request(topic: string, payload: object | Buffer, connection = claim) {
  await iot.publish(connection, topic, payload);
  return iot.takeReply();
}

async function makeCertificate(): Promise<Made> {
  const { topic, body } = await request(CREATE_FROM_CSR, { certificateSigningRequest: (await makeCsr()).pem });
  expect(topic).toBe(`${CREATE_FROM_CSR}/accepted`);
  return body as unknown as Made;
}

function register(made: Made, parameters: object = PARAMETERS) {
  return request(PROVISION, { certificateOwnershipToken: made.certificateOwnershipToken, parameters });
}

async function statusOf(certificateId: string): Promise<unknown> {
  const { certificateDescription } = await iot.call<{ certificateDescription: { status: string } }>(
    'DescribeCertificate',
    { certificateId },
  );
  return certificateDescription.status;
}

describe('CreateCertificateFromCsr', () => {
  test('answers the requester with a certificate for the key of the CSR, pending activation, and a token', async () => {
    const { pem, keys } = await makeCsr();
    await iot.publish(claim, CREATE_FROM_CSR, { certificateSigningRequest: pem });
    expect(iot.replies.map(({ clientId, topic }) => [clientId, topic])).toEqual([
      ['claim-1', `${CREATE_FROM_CSR}/accepted`],
    ]);
    const body = iot.takeReply().body;
    expect(Object.keys(body).sort()).toEqual(['certificateId', 'certificateOwnershipToken', 'certificatePem']);
    const certificate = new X509Certificate(String(body.certificatePem));
    const spki = Buffer.from(await crypto.subtle.exportKey('spki', keys.publicKey));
    expect(certificate.publicKey.export({ format: 'der', type: 'spki' })).toEqual(spki);
    expect(await statusOf(String(body.certificateId))).toBe('PENDING_ACTIVATION');
    expect(iot.cloud.ports.get('devices').isActive(certificate)).toBe(false);
  });

  test.each([
    ['a bad CSR', { certificateSigningRequest: 'nonsense' }],
    ['a CSR that is no text', { certificateSigningRequest: 7 }],
    ['no CSR', {}],
    ['an empty payload', Buffer.alloc(0)],
    ['a list', []],
    ['malformed JSON', Buffer.from('{"certificateSigningRequest":')],
  ])('rejects %s', async (_title, payload) => {
    expect(await request(CREATE_FROM_CSR, payload)).toEqual({
      topic: `${CREATE_FROM_CSR}/rejected`,
      body: { statusCode: 400, errorCode: 'InvalidRequest', errorMessage: expect.any(String) },
    });
  });
});

describe('CreateKeysAndCertificate', () => {
  test('answers an empty payload with certificate, private key and token', async () => {
    const { topic, body } = await request('$aws/certificates/create/json', Buffer.alloc(0));
    expect(topic).toBe('$aws/certificates/create/json/accepted');
    expect(Object.keys(body).sort()).toEqual([
      'certificateId',
      'certificateOwnershipToken',
      'certificatePem',
      'privateKey',
    ]);
    expect(await statusOf(String(body.certificateId))).toBe('PENDING_ACTIVATION');
  });

  test('speaks CBOR on the cbor topics', async () => {
    const { pem } = await makeCsr();
    await iot.publish(claim, '$aws/certificates/create-from-csr/cbor', encode({ certificateSigningRequest: pem }));
    const made = decode(iot.replies.splice(0)[0]?.payload as Buffer) as Made;
    expect(made.certificatePem).toContain('BEGIN CERTIFICATE');
    const topic = '$aws/provisioning-templates/fleet/provision/cbor';
    const payload = encode({ certificateOwnershipToken: made.certificateOwnershipToken, parameters: PARAMETERS });
    await iot.publish(claim, topic, payload);
    const [reply] = iot.replies.splice(0);
    expect(reply?.topic).toBe(`${topic}/accepted`);
    expect(decode(reply?.payload as Buffer)).toMatchObject({ thingName: 'pump-PS-0001' });
    await iot.publish(claim, topic, Buffer.from([0xff, 0x00]));
    expect(iot.replies.splice(0)[0]?.topic).toBe(`${topic}/rejected`);
  });
});

describe('RegisterThing', () => {
  test('creates the thing, attaches policy and certificate, activates it and returns the device configuration', async () => {
    const made = await makeCertificate();
    expect(await register(made)).toEqual({
      topic: `${PROVISION}/accepted`,
      body: {
        thingName: 'pump-PS-0001',
        deviceConfiguration: { site: 'plant-a', fallback: 'https://www.example.com/test-site' },
      },
    });
    const principal = `arn:aws:iot:us-east-1:123456789012:cert/${made.certificateId}`;
    expect(await iot.call('DescribeThing', { thingName: 'pump-PS-0001' })).toMatchObject({
      thingTypeName: 'pump',
      attributes: { site: 'plant-a', batch: 'none' },
    });
    expect(await iot.call('ListThingPrincipals', { thingName: 'pump-PS-0001' })).toMatchObject({
      principals: [principal],
    });
    expect(await iot.call('ListThingsInThingGroup', { thingGroupName: 'pumps' })).toMatchObject({
      things: ['pump-PS-0001'],
    });
    expect(await iot.call('ListAttachedPolicies', { target: principal })).toMatchObject({
      policies: [{ policyName: 'device' }],
    });
    expect(await statusOf(made.certificateId)).toBe('ACTIVE');
    const devices = iot.cloud.ports.get('devices');
    const certificate = new X509Certificate(made.certificatePem);
    expect(devices.isActive(certificate)).toBe(true);
    const device = devices.connection(certificate, 'pump-PS-0001', '127.0.0.1');
    expect(devices.isAllowed(device, 'iot:Connect', 'pump-PS-0001')).toBe(true);
  });

  test('acts as the provisioning role, and fails without activating when the role may not act', async () => {
    const made = await makeCertificate();
    iot.cloud.denied.add('iot:AttachThingPrincipal');
    const { topic, body } = await register(made);
    expect(topic).toBe(`${PROVISION}/rejected`);
    expect(body).toMatchObject({ statusCode: 403, errorCode: 'ACCESS_DENIED' });
    expect(body.errorMessage).toContain('iot:AttachThingPrincipal');
    expect(await statusOf(made.certificateId)).toBe('PENDING_ACTIVATION');
    iot.cloud.denied.clear();
    expect((await register(made)).topic).toBe(`${PROVISION}/accepted`);
  });

  test('rejects when the provisioning role cannot be assumed', async () => {
    const made = await makeCertificate();
    const { AwsError } = await import('../../local-cloud/src/core/errors.ts');
    const authorizer = iot.cloud.ports.get('authorizer');
    iot.cloud.ports.provide('authorizer', {
      authorize: (...call) => authorizer.authorize(...call),
      assumeRole() {
        throw new AwsError('AccessDenied', 'no trust', 403);
      },
    });
    expect((await register(made)).body).toMatchObject({ statusCode: 403, errorCode: 'ACCESS_DENIED' });
    expect(await statusOf(made.certificateId)).toBe('PENDING_ACTIVATION');
  });

  test('takes parameters that the template does not declare, and never the certificate id of the device', async () => {
    const made = await makeCertificate();
    const other = await makeCertificate();
    const parameters = { ...PARAMETERS, Undeclared: 'x', 'AWS::IoT::Certificate::Id': other.certificateId };
    expect((await register(made, parameters)).topic).toBe(`${PROVISION}/accepted`);
    expect(await statusOf(made.certificateId)).toBe('ACTIVE');
    expect(await statusOf(other.certificateId)).toBe('PENDING_ACTIVATION');
  });

  test.each([
    ['a missing parameter', { SerialNumber: 'PS-1' }, /Site/],
    ['no parameters', undefined, /SerialNumber, Site/],
    ['a parameter that is no text', { ...PARAMETERS, Site: 7 }, /Site/],
    ['parameters that are a list', [], /object/],
    ['a value that its attribute cannot hold', { ...PARAMETERS, Site: 'ü' }, /regular expression/],
    ['a value that makes no thing name', { ...PARAMETERS, SerialNumber: 'a/b' }, /regular expression/],
  ])('rejects %s, and the token stays good', async (_title, parameters, message) => {
    const made = await makeCertificate();
    const { topic, body } = await request(PROVISION, {
      certificateOwnershipToken: made.certificateOwnershipToken,
      parameters,
    });
    expect(topic).toBe(`${PROVISION}/rejected`);
    expect(body).toMatchObject({ statusCode: 400, errorCode: 'InvalidRequest' });
    expect(body.errorMessage).toMatch(message);
    expect(await statusOf(made.certificateId)).toBe('PENDING_ACTIVATION');
    expect((await register(made)).topic).toBe(`${PROVISION}/accepted`);
  });

  test('rejects an unknown template with 404 and a disabled one with 403', async () => {
    const made = await makeCertificate();
    const unknown = '$aws/provisioning-templates/other/provision/json';
    const payload = { certificateOwnershipToken: made.certificateOwnershipToken, parameters: PARAMETERS };
    expect(await request(unknown, payload)).toMatchObject({
      topic: `${unknown}/rejected`,
      body: { statusCode: 404, errorCode: 'ResourceNotFound' },
    });
    await iot.call('UpdateProvisioningTemplate', { templateName: 'fleet', enabled: false });
    expect((await register(made)).body).toMatchObject({ statusCode: 403, errorCode: 'ACCESS_DENIED' });
  });

  test('rejects when a thing type or group of the template is missing', async () => {
    await iot.call('DeleteThingGroup', { thingGroupName: 'pumps' });
    const made = await makeCertificate();
    expect((await register(made)).body).toMatchObject({ statusCode: 404, errorCode: 'ResourceNotFound' });
    expect(await statusOf(made.certificateId)).toBe('PENDING_ACTIVATION');
  });

  test('creates a policy given as a document under a name that is its hash', async () => {
    const document = JSON.parse(POLICY);
    await replaceTemplate({
      ...BODY,
      Resources: { ...BODY.Resources, policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyDocument: document } } },
    });
    const made = await makeCertificate();
    await register(made);
    const target = `arn:aws:iot:us-east-1:123456789012:cert/${made.certificateId}`;
    const { policies } = await iot.call<{ policies: { policyName: string }[] }>('ListAttachedPolicies', { target });
    expect(policies.map(({ policyName }) => policyName)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });
});

describe('the ownership token', () => {
  test('is good once', async () => {
    const made = await makeCertificate();
    await register(made);
    expect((await register(made)).body).toMatchObject({
      statusCode: 400,
      errorCode: 'InvalidCertificateOwnershipToken',
    });
  });

  test('cannot be used by two registrations at the same time', async () => {
    const made = await makeCertificate();
    const payload = { certificateOwnershipToken: made.certificateOwnershipToken, parameters: PARAMETERS };
    await Promise.all([iot.publish(claim, PROVISION, payload), iot.publish(claim, PROVISION, payload)]);
    expect(
      iot.replies
        .splice(0)
        .map(({ topic }) => topic)
        .sort(),
    ).toEqual([`${PROVISION}/accepted`, `${PROVISION}/rejected`]);
  });

  test.each([
    ['foreign', 'A'.repeat(86)],
    ['empty', ''],
    ['missing', undefined],
    ['not text', 5],
  ])('is rejected when it is %s', async (_title, certificateOwnershipToken) => {
    const { body } = await request(PROVISION, { certificateOwnershipToken, parameters: PARAMETERS });
    expect(body).toMatchObject({ statusCode: 400, errorCode: 'InvalidCertificateOwnershipToken' });
  });

  test('expires after one hour, and its certificate is deleted', async () => {
    const made = await makeCertificate();
    await iot.cloud.clock.advance(60 * 60_000 - 1);
    expect(await statusOf(made.certificateId)).toBe('PENDING_ACTIVATION');
    await iot.cloud.clock.advance(1);
    expect((await register(made)).body).toMatchObject({ errorCode: 'InvalidCertificateOwnershipToken' });
    await expect(statusOf(made.certificateId)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  });

  test('that was used leaves its certificate alone, and one attached to a policy is kept', async () => {
    const used = await makeCertificate();
    await register(used);
    const attached = await makeCertificate();
    await iot.call('AttachPolicy', {
      policyName: 'device',
      target: `arn:aws:iot:us-east-1:123456789012:cert/${attached.certificateId}`,
    });
    await iot.cloud.clock.advance(2 * 60 * 60_000);
    expect(await statusOf(used.certificateId)).toBe('ACTIVE');
    expect(await statusOf(attached.certificateId)).toBe('PENDING_ACTIVATION');
  });
});

describe('the pre-provisioning hook', () => {
  beforeEach(() => replaceTemplate(BODY, withHook));

  test('gets the documented event, called by AWS IoT for this template', async () => {
    const made = await makeCertificate();
    expect((await register(made)).topic).toBe(`${PROVISION}/accepted`);
    expect(events).toEqual([
      {
        claimCertificateId: claim.certificateId,
        certificateId: made.certificateId,
        certificatePem: made.certificatePem,
        templateArn: TEMPLATE_ARN,
        clientId: 'claim-1',
        parameters: PARAMETERS,
      },
    ]);
    expect(hookCallers).toEqual([
      { kind: 'service', service: 'iot.amazonaws.com', sourceArn: TEMPLATE_ARN, sourceAccount: '123456789012' },
    ]);
  });

  test('adds and replaces parameters', async () => {
    answer = () => ({ allowProvisioning: true, parameterOverrides: { Site: 'plant-b', Batch: '7' } });
    const made = await makeCertificate();
    const { body } = await register(made, { SerialNumber: 'PS-0001' });
    expect(body).toMatchObject({ deviceConfiguration: { site: 'plant-b' } });
    expect(await iot.call('DescribeThing', { thingName: 'pump-PS-0001' })).toMatchObject({
      attributes: { site: 'plant-b', batch: '7' },
    });
  });

  const denied = { statusCode: 403, errorCode: 'ACCESS_DENIED', errorMessage: 'Access Denied' };

  test.each<[string, () => object]>([
    ['refuses', () => ({ allowProvisioning: false })],
    ['returns nothing', () => ({})],
    ['returns the word true', () => ({ allowProvisioning: 'true' })],
    ['fails', () => ({ FunctionError: 'Unhandled', Payload: Buffer.from('{"errorMessage":"secret"}') })],
    ['returns what is no JSON', () => ({ FunctionError: undefined, Payload: Buffer.from('nonsense') })],
    ['overrides with what is no text', () => ({ allowProvisioning: true, parameterOverrides: { Site: 7 } })],
    [
      'cannot be invoked',
      () => {
        throw new Error('no such function');
      },
    ],
  ])('denies access when it %s', async (_title, response) => {
    answer = response;
    const made = await makeCertificate();
    expect(await register(made)).toEqual({ topic: `${PROVISION}/rejected`, body: denied });
    expect(await statusOf(made.certificateId)).toBe('PENDING_ACTIVATION');
    await expect(iot.call('DescribeThing', { thingName: 'pump-PS-0001' })).rejects.toMatchObject({
      code: 'ResourceNotFoundException',
    });
  });

  test('denies access when AWS IoT may not invoke it', async () => {
    iot.cloud.denied.add('lambda:InvokeFunction');
    expect((await register(await makeCertificate())).body).toEqual(denied);
  });

  test('denies access when it takes longer than 5 seconds, even if it allows later', async () => {
    let allow: (result: object) => void = () => undefined;
    answer = () => new Promise((resolve) => (allow = resolve));
    const made = await makeCertificate();
    const pending = register(made);
    await iot.cloud.clock.advance(4_999);
    expect(iot.replies).toEqual([]);
    await iot.cloud.clock.advance(1);
    expect((await pending).body).toEqual(denied);
    allow({ allowProvisioning: true });
    await iot.cloud.clock.advance(1_000);
    expect(await statusOf(made.certificateId)).toBe('PENDING_ACTIVATION');
    expect(iot.replies).toEqual([]);
  });
});

describe('a thing that exists already', () => {
  async function registerAgain(overrides: object | undefined) {
    const thing = { ...BODY.Resources.thing, OverrideSettings: overrides };
    await iot.call('CreateThingType', { thingTypeName: 'old' });
    await iot.call('CreateThingGroup', { thingGroupName: 'others' });
    await iot.call('CreateThing', {
      thingName: 'pump-PS-0001',
      thingTypeName: 'old',
      attributePayload: { attributes: { site: 'old', color: 'red' } },
    });
    await iot.call('AddThingToThingGroup', { thingName: 'pump-PS-0001', thingGroupName: 'others' });
    await replaceTemplate({ ...BODY, Resources: { ...BODY.Resources, thing } });
    const reply = await register(await makeCertificate());
    const found = await iot.call('DescribeThing', { thingName: 'pump-PS-0001' });
    const { thingGroups } = await iot.call<{ thingGroups: { groupName: string }[] }>('ListThingGroupsForThing', {
      thingName: 'pump-PS-0001',
    });
    const groups = thingGroups.map(({ groupName }) => groupName);
    return { reply, attributes: found.attributes, type: found.thingTypeName, groups };
  }

  test.each([
    ['without override settings', undefined],
    ['with DO_NOTHING', { AttributePayload: 'DO_NOTHING', ThingTypeName: 'DO_NOTHING', ThingGroups: 'DO_NOTHING' }],
  ])('is left as it is %s', async (_title, overrides) => {
    const { reply, ...found } = await registerAgain(overrides);
    expect(reply.topic).toBe(`${PROVISION}/accepted`);
    expect(found).toEqual({ attributes: { site: 'old', color: 'red' }, type: 'old', groups: ['others'] });
  });

  test('is replaced with REPLACE', async () => {
    const { reply, ...found } = await registerAgain({
      ATTRIBUTE_PAYLOAD: 'REPLACE',
      THING_TYPE_NAME: 'REPLACE',
      THING_GROUPS: 'REPLACE',
    });
    expect(reply.topic).toBe(`${PROVISION}/accepted`);
    expect(found).toEqual({ attributes: { site: 'plant-a', batch: 'none' }, type: 'pump', groups: ['pumps'] });
  });

  test('is merged with MERGE', async () => {
    const { attributes, groups } = await registerAgain({ AttributePayload: 'MERGE', ThingGroups: 'MERGE' });
    expect(attributes).toEqual({ site: 'plant-a', color: 'red', batch: 'none' });
    expect(groups).toEqual(['others', 'pumps']);
  });

  test('makes the request fail with FAIL', async () => {
    const { reply, type } = await registerAgain({ ThingTypeName: 'FAIL' });
    expect(reply.body).toMatchObject({ statusCode: 409, errorCode: 'ResourceConflicts' });
    expect(type).toBe('old');
  });
});

describe('provisioning by trusted user', () => {
  async function makeClaim(): Promise<{ certificate: X509Certificate; certificateId: string; expiration: Date }> {
    const made = await iot.call<{ certificateId: string; certificatePem: string; expiration: Date }>(
      'CreateProvisioningClaim',
      { templateName: 'fleet' },
    );
    return { ...made, certificate: new X509Certificate(made.certificatePem) };
  }

  test('gives a claim that may use its template, is in no listing and ends after five minutes', async () => {
    const devices = iot.cloud.ports.get('devices');
    const ended: string[] = [];
    devices.onIdentityChange((certificateId) => ended.push(certificateId));
    const { certificate, certificateId, expiration } = await makeClaim();
    expect(expiration.getTime()).toBe(iot.cloud.clock.now() + 5 * 60_000);
    expect(await iot.call('ListCertificates')).toMatchObject({ certificates: [] });
    expect(devices.isActive(certificate)).toBe(true);
    const connection = devices.connection(certificate, 'installer', '127.0.0.1');
    expect(devices.isAllowed(connection, 'iot:Connect', 'installer')).toBe(true);
    expect(devices.isAllowed(connection, 'iot:Publish', PROVISION)).toBe(true);
    expect(devices.isAllowed(connection, 'iot:Subscribe', `${CREATE_FROM_CSR}/accepted`)).toBe(true);
    expect(devices.isAllowed(connection, 'iot:Publish', 'telemetry')).toBe(false);
    expect(devices.isAllowed(connection, 'iot:Publish', '$aws/provisioning-templates/other/provision/json')).toBe(
      false,
    );
    await iot.cloud.clock.advance(5 * 60_000);
    expect(devices.isActive(certificate)).toBe(false);
    expect(devices.isAllowed(connection, 'iot:Publish', PROVISION)).toBe(false);
    expect(ended).toEqual([certificateId]);
  });
});
