import { X509Certificate } from 'node:crypto';
import { ManualClock, sleep, systemClock } from '../../local-cloud/src/core/clock.ts';
import { makeCsrWithKey } from '../../local-cloud/src/services/iot/testing/iot-test-cloud.ts';
import { type DeviceGateway, type GatewayIdentity, startDeviceGateway } from '../support/device-gateway.ts';

// Fleet indexing and registry events with devices on the real broker.

let gateway: DeviceGateway<ManualClock>;
let identity: GatewayIdentity;

beforeEach(async () => {
  gateway = await startDeviceGateway({ clock: new ManualClock() });
  const { pem, privateKeyPem } = await makeCsrWithKey();
  const made = await gateway.call<{ certificatePem: string; certificateArn: string }>('CreateCertificateFromCsr', {
    certificateSigningRequest: pem,
    setAsActive: true,
  });
  const policyDocument = JSON.stringify({
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Action: ['iot:Connect', 'iot:Subscribe', 'iot:Receive'], Resource: '*' }],
  });
  await gateway.call('CreatePolicy', { policyName: 'device', policyDocument });
  await gateway.call('AttachPolicy', { policyName: 'device', target: made.certificateArn });
  const { certificatePem } = made;
  identity = { certificatePem, privateKeyPem, certificate: new X509Certificate(certificatePem) };
});

afterEach(() => gateway.stop());

async function connectivity(): Promise<{ connected: boolean } | undefined> {
  const { things } = await gateway.call<{ things: { connectivity: { connected: boolean } }[] }>('SearchIndex', {
    queryString: 'thingName:sensor',
  });
  return things[0]?.connectivity;
}

// source: developer guide, managing-index ("connectivity"), life-cycle-events
test('a device is indexed as connected while it is, and then with the reason of its end', async () => {
  await gateway.call('CreateThing', { thingName: 'sensor' });
  await gateway.call('UpdateIndexingConfiguration', {
    thingIndexingConfiguration: { thingIndexingMode: 'REGISTRY', thingConnectivityIndexingMode: 'STATUS' },
  });
  expect(await connectivity()).toEqual({ connected: false });
  const client = await gateway.open(identity);
  await client.connect('sensor');
  expect(await connectivity()).toEqual({ connected: true, timestamp: gateway.cloud.clock.now() });
  client.send({ cmd: 'disconnect' });
  let last = await connectivity();
  for (let tries = 0; last?.connected === true && tries < 500; tries += 1) {
    await sleep(systemClock, 10);
    last = await connectivity();
  }
  expect(last).toEqual({
    connected: false,
    timestamp: gateway.cloud.clock.now(),
    disconnectReason: 'CLIENT_INITIATED_DISCONNECT',
  });
});

// source: developer guide, iot-events ("Policy for receiving event messages"), registry-events
test('a subscriber receives the registry events that are enabled', async () => {
  await gateway.call('UpdateEventConfigurations', { eventConfigurations: { THING: { Enabled: true } } });
  const client = await gateway.open(identity);
  await client.connect('watcher');
  await client.subscribe(1, '$aws/events/thing/+/created');
  await gateway.call('CreateThing', { thingName: 'sensor' });
  const { topic, payload } = await client.next('publish');
  expect(topic).toBe('$aws/events/thing/sensor/created');
  expect(JSON.parse(payload.toString())).toMatchObject({ eventType: 'THING_EVENT', operation: 'CREATED' });
});
