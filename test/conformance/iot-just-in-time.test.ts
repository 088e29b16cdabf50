import { once } from 'node:events';
import { until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import type { RawClient } from '../../local-cloud/src/broker/testing/raw-client.ts';
import { type Clock, systemClock } from '../../local-cloud/src/core/clock.ts';
import { certificateIdOf } from '../../local-cloud/src/services/iot/certificate-authority.ts';
import {
  makeAuthority,
  type TestAuthority,
  type TestIdentity,
} from '../../local-cloud/src/services/iot/testing/test-authority.ts';
import { type DeviceGateway, startDeviceGateway } from '../support/device-gateway.ts';

const NOW = systemClock.now();
const ACCOUNT = '123456789012';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/JITPRole`;
const POLICY = JSON.stringify({
  Version: '2012-10-17',
  Statement: [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }],
});
/** The example of `jit-provisioning`, in its main parts. */
const TEMPLATE = JSON.stringify({
  Parameters: {
    'AWS::IoT::Certificate::CommonName': { Type: 'String' },
    'AWS::IoT::Certificate::SerialNumber': { Type: 'String' },
    'AWS::IoT::Certificate::Country': { Type: 'String' },
    'AWS::IoT::Certificate::Id': { Type: 'String' },
  },
  Resources: {
    thing: {
      Type: 'AWS::IoT::Thing',
      Properties: {
        ThingName: { Ref: 'AWS::IoT::Certificate::CommonName' },
        AttributePayload: { version: 'v1', serialNumber: { Ref: 'AWS::IoT::Certificate::SerialNumber' } },
        ThingTypeName: 'lightBulb-versionA',
        ThingGroups: ['v1-lightbulbs', { Ref: 'AWS::IoT::Certificate::Country' }],
      },
    },
    certificate: {
      Type: 'AWS::IoT::Certificate',
      Properties: { CertificateId: { Ref: 'AWS::IoT::Certificate::Id' }, Status: 'ACTIVE' },
      OverrideSettings: { Status: 'DO_NOTHING' },
    },
    policy: { Type: 'AWS::IoT::Policy', Properties: { PolicyDocument: POLICY } },
  },
});

let gateway: DeviceGateway<Clock>;
let authority: TestAuthority;
let caCertificateId: string;

beforeAll(async () => {
  authority = await makeAuthority('CN=Factory CA', NOW);
});
beforeEach(async () => {
  gateway = await startDeviceGateway({ clock: systemClock });
});
afterEach(() => gateway.stop());

async function registerCa(options: object = {}): Promise<void> {
  const made = await gateway.call<{ certificateId: string }>('RegisterCACertificate', {
    caCertificate: authority.certificatePem,
    certificateMode: 'SNI_ONLY',
    setAsActive: true,
    allowAutoRegistration: true,
    ...options,
  });
  caCertificateId = made.certificateId;
}

const bulb = (name: string): Promise<TestIdentity> =>
  authority.issue([{ CN: [name] }, { '2.5.4.5': ['SN-1'] }, { C: ['DE'] }]);

/** Connects, and expects that the server ends the connection before it answers anything. */
async function refused(device: TestIdentity, options: object = {}): Promise<void> {
  let client: RawClient;
  try {
    client = await gateway.open(device, options);
  } catch {
    return;
  }
  if (!client.socket.destroyed) await once(client.socket, 'close');
  expect(client.packets).toEqual([]);
}

const statusOf = async (device: TestIdentity): Promise<unknown> => {
  const certificateId = certificateIdOf(device.certificate);
  const found = await gateway.call<{ certificateDescription: { status: string } }>('DescribeCertificate', {
    certificateId,
  });
  return found.certificateDescription.status;
};

const unknown = (device: TestIdentity) =>
  expect(statusOf(device)).rejects.toMatchObject({ code: 'ResourceNotFoundException' });

describe('just-in-time registration', () => {
  // source: auto-register-device-cert
  test('an unknown certificate of a registered CA becomes PENDING_ACTIVATION, is announced, and its connection ends', async () => {
    await registerCa();
    const device = await bulb('bulb-1');
    await refused(device);
    expect(await statusOf(device)).toBe('PENDING_ACTIVATION');
    const [event] = gateway.rules.accepted;
    expect(event?.topic).toBe(`$aws/events/certificates/registered/${caCertificateId}`);
    expect(JSON.parse(event?.payload.toString() ?? '')).toEqual({
      certificateId: certificateIdOf(device.certificate),
      caCertificateId,
      timestamp: expect.any(Number),
      certificateStatus: 'PENDING_ACTIVATION',
      awsAccountId: ACCOUNT,
      certificateRegistrationTimestamp: expect.stringMatching(/^\d{13}$/),
    });
  });

  // source: auto-register-device-cert ("or when a client presents a certificate in the PENDING_ACTIVATION status")
  test('a certificate that still waits for its activation is announced again', async () => {
    await registerCa();
    const device = await bulb('bulb-1');
    await refused(device);
    await refused(device);
    expect(gateway.rules.accepted).toHaveLength(2);
  });

  // source: auto-register-device-cert ("must be ACTIVE before it can be used to connect")
  test('the device connects once somebody has activated its certificate and attached a policy', async () => {
    await registerCa();
    const device = await bulb('bulb-1');
    await refused(device);
    const certificateId = certificateIdOf(device.certificate);
    await gateway.call('UpdateCertificate', { certificateId, newStatus: 'ACTIVE' });
    await gateway.call('CreatePolicy', { policyName: 'all', policyDocument: POLICY });
    const target = `arn:aws:iot:us-east-1:${ACCOUNT}:cert/${certificateId}`;
    await gateway.call('AttachPolicy', { policyName: 'all', target });
    expect((await (await gateway.open(device)).connect('bulb-1')).returnCode).toBe(0);
  });

  // source: auto-register-device-cert, manage-your-CA-certs
  test.each([
    ['an inactive CA', { setAsActive: false }],
    ['a CA without auto registration', { allowAutoRegistration: false }],
  ])('%s registers nothing', async (_name, options) => {
    await registerCa(options);
    const device = await bulb('bulb-1');
    await refused(device);
    await unknown(device);
  });

  // source: deactivate-ca-cert
  test('a deactivated CA registers no more certificates, and those it registered keep working', async () => {
    await registerCa({ registrationConfig: { templateBody: TEMPLATE, roleArn: ROLE } });
    await prepareRegistry();
    const [earlier, later] = [await bulb('bulb-1'), await bulb('bulb-2')];
    await refused(earlier);
    await gateway.call('UpdateCACertificate', { certificateId: caCertificateId, newStatus: 'INACTIVE' });
    await refused(later);
    await unknown(later);
    expect((await (await gateway.open(earlier)).connect('bulb-1')).returnCode).toBe(0);
  });

  // source: auto-register-device-cert ("the device is required to send the Server Name Indication")
  test('a device that names no server is not registered', async () => {
    await registerCa();
    const device = await bulb('bulb-1');
    await refused(device, { servername: '' });
    await unknown(device);
  });

  // source: RFC 5280 §6.1.3
  test('certificates that are forged, or out of their validity, are not registered', async () => {
    await registerCa();
    const impostor = await (await makeAuthority('CN=Factory CA', NOW)).issue('CN=bulb-1');
    const expired = await authority.issue('CN=bulb-2', { notBefore: NOW - 120_000, notAfter: NOW - 60_000 });
    for (const device of [impostor, expired]) {
      await refused(device);
      await unknown(device);
    }
  });
});

async function prepareRegistry(): Promise<void> {
  await gateway.call('CreateThingType', { thingTypeName: 'lightBulb-versionA' });
  for (const thingGroupName of ['v1-lightbulbs', 'DE']) await gateway.call('CreateThingGroup', { thingGroupName });
}

describe('just-in-time provisioning', () => {
  // source: jit-provisioning
  test.each([
    ['a template body', false],
    ['the name of a template of type JITP', true],
  ])(
    '%s makes thing, policy and active certificate; the first connection ends and the next one works',
    async (_name, named) => {
      await prepareRegistry();
      if (named) {
        await gateway.call('CreateProvisioningTemplate', {
          templateName: 'bulbs',
          templateBody: TEMPLATE,
          provisioningRoleArn: ROLE,
          type: 'JITP',
          enabled: true,
        });
      }
      await registerCa({
        registrationConfig: named ? { templateName: 'bulbs' } : { templateBody: TEMPLATE, roleArn: ROLE },
      });
      const device = await bulb('bulb-1');
      await refused(device);
      await until(() => gateway.cloud.asked.some(({ action }) => action === 'iot:UpdateCertificate'));
      expect(await statusOf(device)).toBe('ACTIVE');
      expect(await gateway.call('DescribeThing', { thingName: 'bulb-1' })).toMatchObject({
        thingTypeName: 'lightBulb-versionA',
        attributes: { version: 'v1', serialNumber: 'SN-1' },
      });
      const { thingGroups } = await gateway.call<{ thingGroups: { groupName: string }[] }>('ListThingGroupsForThing', {
        thingName: 'bulb-1',
      });
      expect(thingGroups.map(({ groupName }) => groupName)).toEqual(['DE', 'v1-lightbulbs']);
      expect((await (await gateway.open(device)).connect('bulb-1')).returnCode).toBe(0);
      // Nothing is announced: the template has done what a rule would do.
      expect(gateway.rules.accepted.filter(({ topic }) => topic.includes('certificates'))).toEqual([]);
    },
  );

  // assumed: the API reference gives fleet provisioning templates a meaning of `enabled`, those of type JITP none
  test('a template of type JITP provisions also when nobody has enabled it', async () => {
    await prepareRegistry();
    const templates = { templateName: 'bulbs', templateBody: TEMPLATE, provisioningRoleArn: ROLE, type: 'JITP' };
    await gateway.call('CreateProvisioningTemplate', templates);
    await registerCa({ registrationConfig: { templateName: 'bulbs' } });
    const device = await bulb('bulb-1');
    await refused(device);
    await until(() => gateway.cloud.asked.some(({ action }) => action === 'iot:UpdateCertificate'));
    expect(await statusOf(device)).toBe('ACTIVE');
  });

  // source: jit-provisioning ("the device provisioning fails if the certificate doesn't have all of the properties")
  test('a certificate that lacks a property of the template stays PENDING_ACTIVATION', async () => {
    await prepareRegistry();
    await registerCa({ registrationConfig: { templateBody: TEMPLATE, roleArn: ROLE } });
    const device = await authority.issue('CN=bulb-1');
    await refused(device);
    expect(await statusOf(device)).toBe('PENDING_ACTIVATION');
    await refused(device);
  });

  // source: jit-provisioning ("a role that has the AWSIoTThingsRegistration attached to it")
  test('provisioning has the permissions of its role only', async () => {
    await prepareRegistry();
    await registerCa({ registrationConfig: { templateBody: TEMPLATE, roleArn: ROLE } });
    gateway.cloud.denied.add('iot:CreateThing');
    const device = await bulb('bulb-1');
    await refused(device);
    expect(await statusOf(device)).toBe('PENDING_ACTIVATION');
    // Once the role may, the next connection provisions.
    gateway.cloud.denied.clear();
    await refused(device);
    expect(await statusOf(device)).toBe('ACTIVE');
  });

  // source: fleet-provision-api, jit-provisioning
  test('a template of type JITP is not open to devices that ask for it', async () => {
    const templates = { templateName: 'bulbs', templateBody: TEMPLATE, provisioningRoleArn: ROLE, type: 'JITP' };
    await gateway.call('CreateProvisioningTemplate', templates);
    await gateway.call('CreatePolicy', { policyName: 'all', policyDocument: POLICY });
    const claim = await authority.issue('CN=claim');
    const { certificateArn: target } = await gateway.call<{ certificateArn: string }>('RegisterCertificateWithoutCA', {
      certificatePem: claim.certificatePem,
      status: 'ACTIVE',
    });
    await gateway.call('AttachPolicy', { policyName: 'all', target });
    const client = await gateway.open(claim);
    await client.connect('claim');
    client.publish('$aws/provisioning-templates/bulbs/provision/json', '{"certificateOwnershipToken":"x"}', 1);
    const answer = await client.next('publish');
    expect(answer.topic).toBe('$aws/provisioning-templates/bulbs/provision/json/rejected');
    expect(JSON.parse(answer.payload.toString())).toMatchObject({ statusCode: 400, errorCode: 'InvalidRequest' });
  });
});
