import { X509Certificate } from 'node:crypto';
import { decode, encode } from 'cbor-x';
import { AwsError } from '../../local-cloud/src/core/errors.ts';
import { connectionOf } from '../../local-cloud/src/services/iot/testing/connection-of.ts';
import { makeCsr } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import {
  CREATE_FROM_CSR,
  DEVICE_POLICY,
  type MadeCertificate,
  PARAMETERS,
  PROVISION,
  type ProvisioningProbe,
  startProvisioning,
  TEMPLATE_BODY,
} from '../../local-cloud/src/services/iot/testing/provisioning-probe.ts';

// AWS IoT developer guide: fleet-provision-api, provision-wo-cert.

let probe: ProvisioningProbe;

beforeEach(async () => {
  probe = await startProvisioning();
});

afterEach(() => probe.iot.cloud.close());

describe('CreateCertificateFromCsr', () => {
  test('answers the requester with a certificate for the key of the CSR, pending activation, and a token', async () => {
    const { pem, keys } = await makeCsr();
    await probe.iot.publish(probe.claim, CREATE_FROM_CSR, { certificateSigningRequest: pem });
    expect(probe.iot.replies.map(({ clientId, topic }) => [clientId, topic])).toEqual([
      ['claim-1', `${CREATE_FROM_CSR}/accepted`],
    ]);
    const body = probe.iot.takeReply().body;
    expect(Object.keys(body).sort()).toEqual(['certificateId', 'certificateOwnershipToken', 'certificatePem']);
    const certificate = new X509Certificate(String(body.certificatePem));
    const spki = Buffer.from(await crypto.subtle.exportKey('spki', keys.publicKey));
    expect(certificate.publicKey.export({ format: 'der', type: 'spki' })).toEqual(spki);
    expect(await probe.statusOf(String(body.certificateId))).toBe('PENDING_ACTIVATION');
    expect(probe.iot.cloud.ports.get('devices').admit([certificate], 'localhost')).toBe(false);
  });

  test.each([
    ['a bad CSR', { certificateSigningRequest: 'nonsense' }],
    ['a CSR that is no text', { certificateSigningRequest: 7 }],
    ['no CSR', {}],
    ['an empty payload', Buffer.alloc(0)],
    ['a list', []],
    ['malformed JSON', Buffer.from('{"certificateSigningRequest":')],
  ])('rejects %s', async (_title, payload) => {
    expect(await probe.request(CREATE_FROM_CSR, payload)).toEqual({
      topic: `${CREATE_FROM_CSR}/rejected`,
      body: { statusCode: 400, errorCode: 'InvalidRequest', errorMessage: expect.any(String) },
    });
  });
});

describe('CreateKeysAndCertificate', () => {
  test('answers an empty payload with certificate, private key and token', async () => {
    const { topic, body } = await probe.request('$aws/certificates/create/json', Buffer.alloc(0));
    expect(topic).toBe('$aws/certificates/create/json/accepted');
    expect(Object.keys(body).sort()).toEqual([
      'certificateId',
      'certificateOwnershipToken',
      'certificatePem',
      'privateKey',
    ]);
    expect(await probe.statusOf(String(body.certificateId))).toBe('PENDING_ACTIVATION');
  });

  test('speaks CBOR on the cbor topics', async () => {
    const { pem } = await makeCsr();
    await probe.iot.publish(
      probe.claim,
      '$aws/certificates/create-from-csr/cbor',
      encode({ certificateSigningRequest: pem }),
    );
    const made = decode(probe.iot.replies.splice(0)[0]?.payload as Buffer) as MadeCertificate;
    expect(made.certificatePem).toContain('BEGIN CERTIFICATE');
    const topic = '$aws/provisioning-templates/fleet/provision/cbor';
    const payload = encode({ certificateOwnershipToken: made.certificateOwnershipToken, parameters: PARAMETERS });
    await probe.iot.publish(probe.claim, topic, payload);
    const [reply] = probe.iot.replies.splice(0);
    expect(reply?.topic).toBe(`${topic}/accepted`);
    expect(decode(reply?.payload as Buffer)).toMatchObject({ thingName: 'pump-PS-0001' });
    await probe.iot.publish(probe.claim, topic, Buffer.from([0xff, 0x00]));
    expect(probe.iot.replies.splice(0)[0]?.topic).toBe(`${topic}/rejected`);
  });
});

describe('RegisterThing', () => {
  test('creates the thing, attaches policy and certificate, activates it and returns the device configuration', async () => {
    const made = await probe.makeCertificate();
    expect(await probe.register(made)).toEqual({
      topic: `${PROVISION}/accepted`,
      body: {
        thingName: 'pump-PS-0001',
        deviceConfiguration: { site: 'plant-a', fallback: 'https://www.example.com/test-site' },
      },
    });
    const principal = `arn:aws:iot:us-east-1:123456789012:cert/${made.certificateId}`;
    expect(await probe.iot.call('DescribeThing', { thingName: 'pump-PS-0001' })).toMatchObject({
      thingTypeName: 'pump',
      attributes: { site: 'plant-a', batch: 'none' },
    });
    expect(await probe.iot.call('ListThingPrincipals', { thingName: 'pump-PS-0001' })).toMatchObject({
      principals: [principal],
    });
    expect(await probe.iot.call('ListThingsInThingGroup', { thingGroupName: 'pumps' })).toMatchObject({
      things: ['pump-PS-0001'],
    });
    expect(await probe.iot.call('ListAttachedPolicies', { target: principal })).toMatchObject({
      policies: [{ policyName: 'device' }],
    });
    expect(await probe.statusOf(made.certificateId)).toBe('ACTIVE');
    const devices = probe.iot.cloud.ports.get('devices');
    const certificate = new X509Certificate(made.certificatePem);
    expect(devices.admit([certificate], 'localhost')).toBe(true);
    const device = connectionOf(certificate, 'pump-PS-0001', '127.0.0.1');
    expect(devices.isAllowed(device, 'iot:Connect', 'pump-PS-0001')).toBe(true);
  });

  test('acts as the provisioning role, and fails without activating when the role may not act', async () => {
    const made = await probe.makeCertificate();
    probe.iot.cloud.denied.add('iot:AttachThingPrincipal');
    const { topic, body } = await probe.register(made);
    expect(topic).toBe(`${PROVISION}/rejected`);
    expect(body).toMatchObject({ statusCode: 403, errorCode: 'ACCESS_DENIED' });
    expect(body.errorMessage).toContain('iot:AttachThingPrincipal');
    expect(await probe.statusOf(made.certificateId)).toBe('PENDING_ACTIVATION');
    probe.iot.cloud.denied.clear();
    expect((await probe.register(made)).topic).toBe(`${PROVISION}/accepted`);
  });

  test('rejects when the provisioning role cannot be assumed', async () => {
    const made = await probe.makeCertificate();
    const authorizer = probe.iot.cloud.ports.get('authorizer');
    probe.iot.cloud.ports.provide('authorizer', {
      authorize: (...call) => authorizer.authorize(...call),
      assumeRole() {
        throw new AwsError('AccessDenied', 'no trust', 403);
      },
    });
    expect((await probe.register(made)).body).toMatchObject({ statusCode: 403, errorCode: 'ACCESS_DENIED' });
    expect(await probe.statusOf(made.certificateId)).toBe('PENDING_ACTIVATION');
  });

  test('takes parameters that the template does not declare, and never the certificate id of the device', async () => {
    const made = await probe.makeCertificate();
    const other = await probe.makeCertificate();
    const parameters = { ...PARAMETERS, Undeclared: 'x', 'AWS::IoT::Certificate::Id': other.certificateId };
    expect((await probe.register(made, parameters)).topic).toBe(`${PROVISION}/accepted`);
    expect(await probe.statusOf(made.certificateId)).toBe('ACTIVE');
    expect(await probe.statusOf(other.certificateId)).toBe('PENDING_ACTIVATION');
  });

  test.each([
    ['a missing parameter', { SerialNumber: 'PS-1' }, /Site/],
    ['no parameters', undefined, /SerialNumber, Site/],
    ['a parameter that is no text', { ...PARAMETERS, Site: 7 }, /Site/],
    ['parameters that are a list', [], /object/],
    ['a value that its attribute cannot hold', { ...PARAMETERS, Site: 'ü' }, /regular expression/],
    ['a value that makes no thing name', { ...PARAMETERS, SerialNumber: 'a/b' }, /regular expression/],
  ])('rejects %s, and the token stays good', async (_title, parameters, message) => {
    const made = await probe.makeCertificate();
    const { topic, body } = await probe.request(PROVISION, {
      certificateOwnershipToken: made.certificateOwnershipToken,
      parameters,
    });
    expect(topic).toBe(`${PROVISION}/rejected`);
    expect(body).toMatchObject({ statusCode: 400, errorCode: 'InvalidRequest' });
    expect(body.errorMessage).toMatch(message);
    expect(await probe.statusOf(made.certificateId)).toBe('PENDING_ACTIVATION');
    expect((await probe.register(made)).topic).toBe(`${PROVISION}/accepted`);
  });

  test('rejects an unknown template with 404 and a disabled one with 403', async () => {
    const made = await probe.makeCertificate();
    const unknown = '$aws/provisioning-templates/other/provision/json';
    const payload = { certificateOwnershipToken: made.certificateOwnershipToken, parameters: PARAMETERS };
    expect(await probe.request(unknown, payload)).toMatchObject({
      topic: `${unknown}/rejected`,
      body: { statusCode: 404, errorCode: 'ResourceNotFound' },
    });
    await probe.iot.call('UpdateProvisioningTemplate', { templateName: 'fleet', enabled: false });
    expect((await probe.register(made)).body).toMatchObject({ statusCode: 403, errorCode: 'ACCESS_DENIED' });
  });

  test('rejects when a thing type or group of the template is missing', async () => {
    await probe.iot.call('DeleteThingGroup', { thingGroupName: 'pumps' });
    const made = await probe.makeCertificate();
    expect((await probe.register(made)).body).toMatchObject({ statusCode: 404, errorCode: 'ResourceNotFound' });
    expect(await probe.statusOf(made.certificateId)).toBe('PENDING_ACTIVATION');
  });

  test('creates a policy given as a document under a name that is its hash', async () => {
    const document = DEVICE_POLICY;
    await probe.replaceTemplate({
      ...TEMPLATE_BODY,
      Resources: {
        ...TEMPLATE_BODY.Resources,
        policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyDocument: document } },
      },
    });
    const made = await probe.makeCertificate();
    await probe.register(made);
    const target = `arn:aws:iot:us-east-1:123456789012:cert/${made.certificateId}`;
    const { policies } = await probe.iot.call<{ policies: { policyName: string }[] }>('ListAttachedPolicies', {
      target,
    });
    expect(policies.map(({ policyName }) => policyName)).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  });
});

describe('the ownership token', () => {
  test('is good once', async () => {
    const made = await probe.makeCertificate();
    await probe.register(made);
    expect((await probe.register(made)).body).toMatchObject({
      statusCode: 400,
      errorCode: 'InvalidCertificateOwnershipToken',
    });
  });

  test('cannot be used by two registrations at the same time', async () => {
    const made = await probe.makeCertificate();
    const payload = { certificateOwnershipToken: made.certificateOwnershipToken, parameters: PARAMETERS };
    await Promise.all([
      probe.iot.publish(probe.claim, PROVISION, payload),
      probe.iot.publish(probe.claim, PROVISION, payload),
    ]);
    expect(
      probe.iot.replies
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
    const { body } = await probe.request(PROVISION, { certificateOwnershipToken, parameters: PARAMETERS });
    expect(body).toMatchObject({ statusCode: 400, errorCode: 'InvalidCertificateOwnershipToken' });
  });

  test('expires after one hour, and its certificate is deleted', async () => {
    const made = await probe.makeCertificate();
    await probe.iot.cloud.clock.advance(60 * 60_000 - 1);
    expect(await probe.statusOf(made.certificateId)).toBe('PENDING_ACTIVATION');
    await probe.iot.cloud.clock.advance(1);
    expect((await probe.register(made)).body).toMatchObject({ errorCode: 'InvalidCertificateOwnershipToken' });
    await expect(probe.statusOf(made.certificateId)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });
  });

  test('that was used leaves its certificate alone, and one attached to a policy is kept', async () => {
    const used = await probe.makeCertificate();
    await probe.register(used);
    const attached = await probe.makeCertificate();
    await probe.iot.call('AttachPolicy', {
      policyName: 'device',
      target: `arn:aws:iot:us-east-1:123456789012:cert/${attached.certificateId}`,
    });
    await probe.iot.cloud.clock.advance(2 * 60 * 60_000);
    expect(await probe.statusOf(used.certificateId)).toBe('ACTIVE');
    expect(await probe.statusOf(attached.certificateId)).toBe('PENDING_ACTIVATION');
  });
});

describe('provisioning by trusted user', () => {
  async function makeClaim(): Promise<{ certificate: X509Certificate; certificateId: string; expiration: Date }> {
    const made = await probe.iot.call<{ certificateId: string; certificatePem: string; expiration: Date }>(
      'CreateProvisioningClaim',
      { templateName: 'fleet' },
    );
    return { ...made, certificate: new X509Certificate(made.certificatePem) };
  }

  test('gives a claim that may use its template, is in no listing and ends after five minutes', async () => {
    const devices = probe.iot.cloud.ports.get('devices');
    const ended: string[] = [];
    devices.onIdentityChange((certificateId) => ended.push(certificateId));
    const { certificate, certificateId, expiration } = await makeClaim();
    expect(expiration.getTime()).toBe(probe.iot.cloud.clock.now() + 5 * 60_000);
    expect(await probe.iot.call('ListCertificates')).toMatchObject({ certificates: [] });
    expect(devices.admit([certificate], 'localhost')).toBe(true);
    const connection = connectionOf(certificate, 'installer', '127.0.0.1');
    expect(devices.isAllowed(connection, 'iot:Connect', 'installer')).toBe(true);
    expect(devices.isAllowed(connection, 'iot:Publish', PROVISION)).toBe(true);
    expect(devices.isAllowed(connection, 'iot:Subscribe', `${CREATE_FROM_CSR}/accepted`)).toBe(true);
    expect(devices.isAllowed(connection, 'iot:Publish', 'telemetry')).toBe(false);
    expect(devices.isAllowed(connection, 'iot:Publish', '$aws/provisioning-templates/other/provision/json')).toBe(
      false,
    );
    await probe.iot.cloud.clock.advance(5 * 60_000);
    expect(devices.admit([certificate], 'localhost')).toBe(false);
    expect(devices.isAllowed(connection, 'iot:Publish', PROVISION)).toBe(false);
    expect(ended).toEqual([certificateId]);
  });
});
