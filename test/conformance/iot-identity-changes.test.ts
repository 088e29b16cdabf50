import { X509Certificate } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DeviceConnection } from '../../local-cloud/src/core/mqtt.ts';
import { connectionOf } from '../../local-cloud/src/services/iot/testing/connection-of.ts';
import { type IotTestCloud, makeCsr, startIot } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';

// Developer guide, iot-policies: "Changes made to a policy can take a few minutes to become effective because of how
// AWS IoT caches the policy documents."

const ARN = 'arn:aws:iot:us-east-1:123456789012:';
const DELAY = 5_000;

const documentOf = (topic: string) =>
  JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: 'iot:Publish', Resource: `${ARN}topic/${topic}` }],
  });

interface Device {
  readonly certificateId: string;
  readonly principal: string;
  readonly certificate: X509Certificate;
  readonly connection: DeviceConnection;
}

let iot: IotTestCloud;
let ended: string[];

async function start(identityChangeDelay?: number): Promise<void> {
  iot = await startIot({ identityChangeDelay });
  ended = [];
  iot.cloud.ports.get('devices').onIdentityChange((certificateId) => ended.push(certificateId));
  await iot.call('CreatePolicy', { policyName: 'p', policyDocument: documentOf('one') });
}

afterEach(() => iot.cloud.close());

async function makeDevice(clientId: string): Promise<Device> {
  const made = await iot.call<{ certificateId: string; certificateArn: string; certificatePem: string }>(
    'CreateCertificateFromCsr',
    { certificateSigningRequest: (await makeCsr()).pem, setAsActive: true },
  );
  const certificate = new X509Certificate(made.certificatePem);
  return {
    certificateId: made.certificateId,
    principal: made.certificateArn,
    certificate,
    connection: connectionOf(certificate, clientId, '127.0.0.1'),
  };
}

const may = (device: Device, topic: string): boolean =>
  iot.cloud.ports.get('devices').isAllowed(device.connection, 'iot:Publish', topic);

describe('a change', () => {
  const CHANGES: [string, (device: Device) => Promise<unknown>, boolean, boolean][] = [
    [
      'a detached policy',
      ({ principal }) => iot.call('DetachPolicy', { policyName: 'p', target: principal }),
      true,
      false,
    ],
    [
      'a new default version',
      () => iot.call('CreatePolicyVersion', { policyName: 'p', policyDocument: documentOf('two'), setAsDefault: true }),
      true,
      false,
    ],
    [
      'a version that is not the default',
      () => iot.call('CreatePolicyVersion', { policyName: 'p', policyDocument: documentOf('two') }),
      true,
      true,
    ],
    [
      'a deactivated certificate',
      ({ certificateId }) => iot.call('UpdateCertificate', { certificateId, newStatus: 'INACTIVE' }),
      true,
      false,
    ],
  ];

  test.each(CHANGES)('%s reaches a live connection after the delay', async (_title, change, before, after) => {
    await start(DELAY);
    const device = await makeDevice('c');
    await iot.call('AttachPolicy', { policyName: 'p', target: device.principal });
    expect(may(device, 'one')).toBe(true);
    await change(device);
    await iot.cloud.clock.advance(DELAY - 1);
    expect(may(device, 'one')).toBe(before);
    await iot.cloud.clock.advance(1);
    expect(may(device, 'one')).toBe(after);
  });

  test.each(CHANGES)('%s reaches it at once without delay', async (_title, change, _before, after) => {
    await start(0);
    const device = await makeDevice('c');
    await iot.call('AttachPolicy', { policyName: 'p', target: device.principal });
    expect(may(device, 'one')).toBe(true);
    await change(device);
    expect(may(device, 'one')).toBe(after);
  });

  test('reaches new connections at once', async () => {
    await start(DELAY);
    const device = await makeDevice('c');
    expect(may(device, 'one')).toBe(false);
    await iot.call('AttachPolicy', { policyName: 'p', target: device.principal });
    expect(may(device, 'one')).toBe(false);
    const again = connectionOf(device.certificate, 'c', '127.0.0.1');
    expect(may({ ...device, connection: again }, 'one')).toBe(true);
  });

  test('of a thing reaches the connections of its certificates', async () => {
    await start(0);
    const variable = 'iot:Connection.Thing.Attributes[site]';
    await iot.call('CreatePolicy', { policyName: 'q', policyDocument: documentOf(`\${${variable}}`) });
    const device = await makeDevice('t');
    await iot.call('AttachPolicy', { policyName: 'q', target: device.principal });
    await iot.call('CreateThing', { thingName: 't', attributePayload: { attributes: { site: 'a' } } });
    expect(may(device, 'a')).toBe(false);
    await iot.call('AttachThingPrincipal', { thingName: 't', principal: device.principal });
    expect([may(device, 'a'), may(device, 'b')]).toEqual([true, false]);
    await iot.call('UpdateThing', { thingName: 't', attributePayload: { attributes: { site: 'b' } } });
    expect([may(device, 'a'), may(device, 'b')]).toEqual([false, true]);
  });
});

describe('a certificate that loses its right', () => {
  test.each(['INACTIVE', 'REVOKED'])(
    'to connect by becoming %s ends its connections after the delay',
    async (newStatus) => {
      await start(DELAY);
      const device = await makeDevice('c');
      const other = await makeDevice('d');
      await iot.call('UpdateCertificate', { certificateId: device.certificateId, newStatus });
      const devices = iot.cloud.ports.get('devices');
      expect(devices.admit([device.certificate], 'localhost')).toBe(false);
      expect(ended).toEqual([]);
      await iot.cloud.clock.advance(DELAY);
      expect(ended).toEqual([device.certificateId]);
      expect(devices.admit([other.certificate], 'localhost')).toBe(true);
    },
  );

  test('by deletion ends its connections', async () => {
    await start(0);
    const device = await makeDevice('c');
    await iot.call('UpdateCertificate', { certificateId: device.certificateId, newStatus: 'INACTIVE' });
    ended.length = 0;
    await iot.call('DeleteCertificate', { certificateId: device.certificateId });
    expect(ended).toEqual([device.certificateId]);
    expect(may(device, 'one')).toBe(false);
  });

  test('does not end them when it is activated', async () => {
    await start(0);
    const device = await makeDevice('c');
    await iot.call('UpdateCertificate', { certificateId: device.certificateId, newStatus: 'INACTIVE' });
    ended.length = 0;
    await iot.call('UpdateCertificate', { certificateId: device.certificateId, newStatus: 'ACTIVE' });
    expect(ended).toEqual([]);
  });
});

test('the registry, attachments and certificates are there again after a restart', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-iot-'));
  iot = await startIot({ directory });
  await iot.call('CreatePolicy', { policyName: 'p', policyDocument: documentOf('one') });
  await iot.call('CreateThingGroup', { thingGroupName: 'g' });
  await iot.call('CreateThing', { thingName: 't' });
  await iot.call('AddThingToThingGroup', { thingName: 't', thingGroupName: 'g' });
  await iot.call('AttachPolicy', { policyName: 'p', target: `${ARN}thinggroup/g` });
  const device = await makeDevice('t');
  await iot.call('AttachThingPrincipal', { thingName: 't', principal: device.principal });
  expect(may(device, 'one')).toBe(true);
  await iot.cloud.close();

  iot = await startIot({ directory });
  const devices = iot.cloud.ports.get('devices');
  expect(devices.admit([device.certificate], 'localhost')).toBe(true);
  expect(devices.isAllowed(connectionOf(device.certificate, 't', '127.0.0.1'), 'iot:Publish', 'one')).toBe(true);
  expect(await iot.call('ListThingsInThingGroup', { thingGroupName: 'g' })).toMatchObject({ things: ['t'] });
});

test('an ownership token outlives a restart, and expires by the clock even if nobody was there', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-iot-'));
  const claim = {
    clientId: 'claim',
    principalId: 'c'.repeat(64),
    certificateId: 'c'.repeat(64),
    sourceIp: '127.0.0.1',
  };
  iot = await startIot({ directory });
  await iot.publish(claim, '$aws/certificates/create-from-csr/json', {
    certificateSigningRequest: (await makeCsr()).pem,
  });
  const { certificateId } = iot.takeReply().body;
  await iot.cloud.close();

  iot = await startIot({ directory });
  await iot.call('DescribeCertificate', { certificateId });
  await iot.cloud.close();

  iot = await startIot({ directory, prepare: (cloud) => void cloud.clock.advance(60 * 60_000) });
  await iot.cloud.clock.advance(0);
  await expect(iot.call('DescribeCertificate', { certificateId })).rejects.toMatchObject({
    code: 'ResourceNotFoundException',
  });
});

test('registering costs the same with a thousand things as with ten', async () => {
  await start(0);
  const register = async (from: number, to: number): Promise<number> => {
    const before = process.cpuUsage();
    for (let i = from; i < to; i++) {
      await iot.call('CreateThing', { thingName: `t${i}`, attributePayload: { attributes: { site: 'a' } } });
      await iot.call('AddThingToThingGroup', { thingName: `t${i}`, thingGroupName: 'g' });
    }
    const { user, system } = process.cpuUsage(before);
    return user + system;
  };
  await iot.call('CreateThingGroup', { thingGroupName: 'g' });
  await register(0, 100);
  const early = await register(100, 300);
  await register(300, 1_300);
  const late = await register(1_300, 1_500);
  expect(late).toBeLessThan(early * 3);
  const { things } = await iot.call<{ things: string[] }>('ListThingsInThingGroup', { thingGroupName: 'g' });
  expect(things).toHaveLength(250);
});
