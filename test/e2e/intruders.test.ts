import { IoTClient, UpdateCertificateCommand } from '@aws-sdk/client-iot';
import { basicIngestTopic, channelTopic } from '@fleetwright/contracts';
import type { Device } from '../../device-client/src/index.ts';
import { type KeyAndCertificate, selfSignedCertificate } from '../support/certificates.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { closed, connectRaw } from '../support/raw-device.ts';

let platform: TestPlatform;
let device: Device;
let other: Device;
let foreign: KeyAndCertificate;

beforeAll(async () => {
  platform = await startTestPlatform();
  device = platform.device('GOOD-0001');
  other = platform.device('GOOD-0002');
  await device.start();
  await other.start();
  await device.stop();
  foreign = await selfSignedCertificate('intruder');
}, 60_000);
afterAll(() => platform?.stop());

const address = (owner: Device) => ({ ...owner.identity.configuration, thingName: owner.identity.thingName });
const message = JSON.stringify({
  version: 1,
  bootId: 9,
  sequence: 1,
  samples: [{ time: Date.now(), values: { v: 1 } }],
});

/** Rows before and after must be the same: a refusal that still stored would be worse than none. */
async function storesNothing(attempt: () => Promise<void>): Promise<void> {
  const before = await platform.ledger.read();
  await attempt();
  await new Promise((resolve) => setTimeout(resolve, 2_500));
  expect(await platform.ledger.read()).toEqual(before);
}

test('a certificate of a foreign CA does not get through the TLS handshake', async () => {
  await expect(connectRaw(platform.description, foreign, device.identity.thingName)).rejects.toThrow();
});

test('a revoked certificate is refused', async () => {
  const revoked = platform.device('REVOKED-0001');
  await revoked.start();
  await revoked.stop();
  const iot = new IoTClient(platform.settings);
  await iot.send(new UpdateCertificateCommand({ certificateId: revoked.identity.certificateId, newStatus: 'REVOKED' }));
  iot.destroy();
  await expect(connectRaw(platform.description, revoked.identity, revoked.identity.thingName)).rejects.toThrow();
});

test('the claim certificate may neither connect as a device nor publish telemetry', async () => {
  await expect(connectRaw(platform.description, platform.claim, device.identity.thingName)).rejects.toThrow();
  await storesNothing(async () => {
    const clientId = `${platform.outputs.ProvisioningTemplateName}-CLAIM-0001`;
    const client = await connectRaw(platform.description, platform.claim, clientId);
    const topic = basicIngestTopic(address(device), 'telemetry', device.identity.configuration.telemetryRule);
    await expect(client.publishAsync(topic, message, { qos: 1 })).rejects.toThrow();
    client.end(true);
  });
});

test.each(['telemetry', 'event'] as const)('a device may not publish %s under the name of another', async (channel) => {
  await storesNothing(async () => {
    const client = await connectRaw(platform.description, device.identity, device.identity.thingName);
    const topic =
      channel === 'telemetry'
        ? basicIngestTopic(address(other), channel, other.identity.configuration.telemetryRule)
        : channelTopic(address(other), channel);
    await expect(client.publishAsync(topic, message, { qos: 1 })).rejects.toThrow();
    client.end(true);
  });
});

test('a device may not connect under the name of another', async () => {
  await expect(connectRaw(platform.description, device.identity, other.identity.thingName)).rejects.toThrow();
});

test.each(['#', '+/+/+/+/+', 'fleetwright-dev/#', '$aws/events/#'])(
  'a device may not subscribe to %s',
  async (filter) => {
    const client = await connectRaw(platform.description, device.identity, device.identity.thingName);
    const granted = await client.subscribeAsync(filter, { qos: 1 }).catch(() => []);
    expect(granted.every(({ qos }) => qos >= 0x80)).toBe(true);
    client.end(true);
  },
);

test('a device may not leave a last will on the topic of another', async () => {
  const attempt = connectRaw(platform.description, device.identity, device.identity.thingName, {
    will: { topic: channelTopic(address(other), 'event'), payload: Buffer.from(message), qos: 1, retain: false },
  });
  await expect(
    attempt.then((client) => closed(client).then(() => Promise.reject(new Error('closed')))),
  ).rejects.toThrow();
});

test('a site that the configuration does not know is refused by the hook, and the agent says why', async () => {
  await expect(platform.device('E2E-0009', { site: 'atlantis' }).start()).rejects.toMatchObject({
    code: 'PROVISIONING_REFUSED',
  });
});
