import { once } from 'node:events';
import { type IoTDataPlaneClient, UpdateThingShadowCommand } from '@aws-sdk/client-iot-data-plane';
import { iot, iotshadow, mqtt, mqtt5 } from 'aws-iot-device-sdk-v2';
import type { MqttClient } from 'mqtt';
import { until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import { ARN, DataPlaneCloud, type TestDevice } from './data-plane-cloud.ts';

const THING = '${iot:Connection.Thing.ThingName}';

/** A device may connect as itself and use its own shadows. */
const OWN_SHADOWS = [
  { Effect: 'Allow', Action: 'iot:Connect', Resource: `${ARN}client/${THING}` },
  {
    Effect: 'Allow',
    Action: ['iot:Publish', 'iot:Receive', 'iot:RetainPublish'],
    Resource: `${ARN}topic/$aws/things/${THING}/shadow/*`,
  },
  { Effect: 'Allow', Action: 'iot:Subscribe', Resource: `${ARN}topicfilter/$aws/things/${THING}/shadow/*` },
];

const OPTIONS = { maxRequestResponseSubscriptions: 6, maxStreamingSubscriptions: 4, operationTimeoutInSeconds: 20 };

let cloud: DataPlaneCloud;
let lamp: TestDevice;
let neighbour: TestDevice;
let app: IoTDataPlaneClient;

beforeAll(async () => {
  cloud = await DataPlaneCloud.start();
  lamp = await cloud.device('lamp', OWN_SHADOWS);
  neighbour = await cloud.device('neighbour', OWN_SHADOWS);
  app = cloud.client();
});
afterAll(async () => {
  app.destroy();
  await cloud.close();
});

const ask = (thingName: string, desired: object) =>
  app.send(new UpdateThingShadowCommand({ thingName, payload: Buffer.from(JSON.stringify({ state: { desired } })) }));

/** Rejects when the server ends the connection: what is refused has no other answer in MQTT 3.1.1. */
function ended(client: MqttClient): Promise<never> {
  return new Promise((_resolve, reject) => client.once('close', () => reject(new Error('the connection ended'))));
}

/** The device's journey (developer guide, `device-shadow-comms-device`), with either MQTT version. */
async function journey(client: iotshadow.IotShadowClientv2, thingName: string): Promise<void> {
  const missing = await client.getShadow({ thingName }).catch((error: unknown) => error);
  expect(missing).toMatchObject({ modeledError: { code: 404, message: `No shadow exists with name: '${thingName}'` } });

  const made = await client.updateShadow({ thingName, state: { reported: { color: 'green' } } });
  expect(made).toMatchObject({ version: 1, state: { reported: { color: 'green' } } });

  const deltas: iotshadow.model.ShadowDeltaUpdatedEvent[] = [];
  const updates: iotshadow.model.ShadowUpdatedEvent[] = [];
  const deltaStream = client.createShadowDeltaUpdatedStream({ thingName });
  const updateStream = client.createShadowUpdatedStream({ thingName });
  let subscribed = 0;
  for (const stream of [deltaStream, updateStream]) stream.on('subscriptionStatus', () => void subscribed++);
  deltaStream.on('incomingPublish', ({ message }) => void deltas.push(message));
  updateStream.on('incomingPublish', ({ message }) => void updates.push(message));
  deltaStream.open();
  updateStream.open();
  await until(() => subscribed === 2, 'the subscriptions');

  await ask(thingName, { color: 'yellow' });
  await until(() => deltas.length === 1 && updates.length === 1, 'the delta');
  expect(deltas[0]).toMatchObject({ version: 2, state: { color: 'yellow' }, metadata: { color: {} } });
  expect(updates[0]).toMatchObject({
    previous: { version: 1, state: { reported: { color: 'green' } } },
    current: { version: 2, state: { desired: { color: 'yellow' }, reported: { color: 'green' } } },
  });

  await client.updateShadow({ thingName, state: { reported: { color: 'yellow' } }, version: 2 });
  const conflict = await client
    .updateShadow({ thingName, state: { reported: { color: 'red' } }, version: 2 })
    .catch((error: unknown) => error);
  expect(conflict).toMatchObject({ modeledError: { code: 409, message: 'Version conflict' } });
  const current = await client.getShadow({ thingName });
  expect(current).toMatchObject({
    version: 3,
    state: { desired: { color: 'yellow' }, reported: { color: 'yellow' } },
  });
  expect(current.state).not.toHaveProperty('delta');
  expect(deltas).toHaveLength(1);

  const named = await client.updateNamedShadow({ thingName, shadowName: 'config', state: { reported: { a: 1 } } });
  expect(named).toMatchObject({ version: 1 });
  expect(await client.deleteNamedShadow({ thingName, shadowName: 'config' })).toMatchObject({ version: 1 });
  expect(await client.deleteShadow({ thingName })).toMatchObject({ version: 3 });
  deltaStream.close();
  updateStream.close();
  client.close();
}

// source: device-shadow-comms-device
describe("the device SDK's own shadow client", () => {
  test('over MQTT 5', async () => {
    const builder = iot.AwsIotMqtt5ClientConfigBuilder.newDirectMqttBuilderWithMtlsFromMemory(
      'localhost',
      lamp.certificatePem,
      lamp.privateKeyPem,
    );
    builder.withPort(cloud.mqttPort).withCertificateAuthorityFromPath(undefined, cloud.caFile());
    builder.withConnectProperties({ clientId: 'lamp', keepAliveIntervalSeconds: 60 });
    const client = new mqtt5.Mqtt5Client(builder.build());
    const connected = once(client, 'connectionSuccess');
    client.start();
    await connected;
    await journey(iotshadow.IotShadowClientv2.newFromMqtt5(client, OPTIONS), 'lamp');
    const stopped = once(client, 'stopped');
    client.stop();
    await stopped;
    client.close();
  });

  test('over MQTT 3.1.1', async () => {
    const builder = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(
      neighbour.certificatePem,
      neighbour.privateKeyPem,
    );
    builder.with_endpoint('localhost').with_port(cloud.mqttPort).with_client_id('neighbour');
    builder.with_certificate_authority_from_path(undefined, cloud.caFile());
    const connection = new mqtt.MqttClient().new_connection(builder.build());
    await connection.connect();
    await journey(iotshadow.IotShadowClientv2.newFromMqtt311(connection, OPTIONS), 'neighbour');
    await connection.disconnect();
  });
});

// source: device-shadow-comms-device; IoT Device SDK v2, IotShadowClient (version 1)
test("the device SDK's first shadow client updates and hears its answers", async () => {
  const builder = iot.AwsIotMqttConnectionConfigBuilder.new_mtls_builder(lamp.certificatePem, lamp.privateKeyPem);
  builder.with_endpoint('localhost').with_port(cloud.mqttPort).with_client_id('lamp');
  builder.with_certificate_authority_from_path(undefined, cloud.caFile());
  const connection = new mqtt.MqttClient().new_connection(builder.build());
  await connection.connect();
  const client = new iotshadow.IotShadowClient(connection);
  const accepted: iotshadow.model.UpdateShadowResponse[] = [];
  const rejected: iotshadow.model.ErrorResponse[] = [];
  const at = { thingName: 'lamp' };
  await client.subscribeToUpdateShadowAccepted(at, mqtt.QoS.AtLeastOnce, (_error, answer) => {
    if (answer !== undefined) accepted.push(answer);
  });
  await client.subscribeToUpdateShadowRejected(at, mqtt.QoS.AtLeastOnce, (_error, answer) => {
    if (answer !== undefined) rejected.push(answer);
  });
  const update = (clientToken: string, version?: number) =>
    client.publishUpdateShadow(
      { ...at, clientToken, state: { reported: { color: 'blue' } }, ...(version !== undefined && { version }) },
      mqtt.QoS.AtLeastOnce,
    );
  await update('one');
  await update('two', 77);
  await until(() => accepted.length === 1 && rejected.length === 1, 'both answers');
  expect(accepted[0]).toMatchObject({ clientToken: 'one', state: { reported: { color: 'blue' } } });
  expect(rejected[0]).toMatchObject({ clientToken: 'two', code: 409, message: 'Version conflict' });
  await connection.disconnect();
});

// source: device-shadow-mqtt ("Publishing and subscribing on shadow topics requires topic-based authorization")
describe.each([4, 5] as const)('a device on protocol version %i and the shadow of another', (protocolVersion) => {
  const foreign = '$aws/things/neighbour/shadow';
  let heard: string[];

  const device = (options: object = {}): Promise<MqttClient> =>
    cloud.connect(lamp, { protocolVersion, ...options }, (topic) => heard.push(topic));

  beforeEach(() => {
    heard = [];
  });

  test.each(['get', 'update', 'delete', 'name/config/update'])('may not publish to %s', async (stub) => {
    const client = await device();
    const attempt = client.publishAsync(`${foreign}/${stub}`, '{"state":{"desired":{"hacked":true}}}', { qos: 1 });
    await expect(Promise.race([attempt, ended(client)])).rejects.toThrow();
    const shadows = [...cloud.https.cloud.ports.get('shadows').ofThing('neighbour')];
    expect(JSON.stringify(shadows)).not.toContain('hacked');
  });

  test.each(['#', 'update/accepted', 'update/delta', 'get/+'])('may not subscribe to %s', async (stub) => {
    const client = await device();
    const granted = await client.subscribeAsync(`${foreign}/${stub}`, { qos: 1 }).catch(() => []);
    expect(granted.every(({ qos }) => qos >= 0x80)).toBe(true);
    await ask('neighbour', { color: 'white' });
    await ask('lamp', { color: 'white' });
    client.end(true);
    expect(heard).toEqual([]);
  });

  test('may not leave a last will on it', async () => {
    const will = { topic: `${foreign}/update`, payload: Buffer.from('{}'), qos: 1 as const, retain: false };
    await expect(device({ will })).rejects.toThrow();
  });

  // source: mqtt, "You can't publish to a reserved topic with the RETAIN flag set."
  test.each([foreign, '$aws/things/lamp/shadow'])('may retain nothing on %s/update, whosever it is', async (prefix) => {
    const client = await device();
    const attempt = client.publishAsync(`${prefix}/update`, '{"state":{}}', { qos: 1, retain: true });
    await expect(Promise.race([attempt, ended(client)])).rejects.toThrow();
    expect([...cloud.https.cloud.ports.get('retainedMessages').all()]).toEqual([]);
  });
});
