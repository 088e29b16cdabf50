import { randomBytes } from 'node:crypto';
import type { MqttClient } from 'mqtt';
import { until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import { createS3Plugin } from '../../local-cloud/src/services/s3/plugin.ts';
import { ADMINISTRATOR } from '../../local-cloud/src/testing/context.ts';
import { ARN, DataPlaneCloud, type TestDevice } from './data-plane-cloud.ts';

const THING = '${iot:Connection.Thing.ThingName}';
const FIRMWARE = randomBytes(300_000);

/** The policy of mqtt-based-file-delivery-managing, "Grant permissions to your devices". */
const OWN_STREAMS = [
  { Effect: 'Allow', Action: 'iot:Connect', Resource: `${ARN}client/${THING}` },
  { Effect: 'Allow', Action: ['iot:Receive', 'iot:Publish'], Resource: `${ARN}topic/$aws/things/${THING}/streams/*` },
  { Effect: 'Allow', Action: 'iot:Subscribe', Resource: `${ARN}topicfilter/$aws/things/${THING}/streams/*` },
];

let cloud: DataPlaneCloud;
let pump: TestDevice;
let valve: TestDevice;

beforeAll(async () => {
  cloud = await DataPlaneCloud.start();
  await cloud.https.cloud.use(createS3Plugin).start?.();
  const call = (service: 's3' | 'iam', operation: string, input: object) =>
    cloud.https.cloud.api.call(ADMINISTRATOR, service, operation, input);
  await call('s3', 'CreateBucket', { Bucket: 'firmware' });
  await call('s3', 'PutObject', { Bucket: 'firmware', Key: 'image.bin', Body: FIRMWARE });
  const trust = { Effect: 'Allow', Principal: { Service: 'iot.amazonaws.com' }, Action: 'sts:AssumeRole' };
  await call('iam', 'CreateRole', {
    RoleName: 'Streams',
    AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: trust }),
  });
  const read = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::firmware/image.bin' };
  await call('iam', 'PutRolePolicy', {
    RoleName: 'Streams',
    PolicyName: 'read',
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: read }),
  });
  await cloud.iot('CreateStream', {
    streamId: 'update',
    files: [{ fileId: 1, s3Location: { bucket: 'firmware', key: 'image.bin' } }],
    roleArn: 'arn:aws:iam::123456789012:role/Streams',
  });
  pump = await cloud.device('pump', OWN_STREAMS);
  valve = await cloud.device('valve', OWN_STREAMS);
});

afterAll(() => cloud?.close());

// source: developer guide, mqtt-based-file-delivery-in-devices (subscribe, describe, get until all blocks are there)
test('A device fetches a file of 300 KB over mTLS, request by request', async () => {
  const prefix = '$aws/things/pump/streams/update';
  const answers: { topic: string; body: Record<string, unknown> }[] = [];
  const client = await cloud.connect(pump, {}, (topic, payload) => {
    answers.push({ topic, body: JSON.parse(payload.toString('utf8')) });
  });
  await client.subscribeAsync([`${prefix}/description/json`, `${prefix}/data/json`, `${prefix}/rejected/json`]);
  await client.publishAsync(`${prefix}/describe/json`, '{"c":"d"}', { qos: 1 });
  await until(() => answers.length === 1, 'the description');
  const { r } = (answers[0]?.body ?? {}) as { r: { f: number; z: number }[] };
  expect(r).toEqual([{ f: 1, z: FIRMWARE.length }]);

  const file = Buffer.alloc(FIRMWARE.length);
  const blockSize = 16_384;
  const blocks = Math.ceil(file.length / blockSize);
  for (let offset = 0; offset < blocks; offset += 8) {
    answers.length = 0;
    const count = Math.min(8, blocks - offset);
    await client.publishAsync(`${prefix}/get/json`, JSON.stringify({ f: 1, l: blockSize, o: offset, n: count }));
    await until(() => answers.length === count, `${count} blocks from ${offset}`);
    for (const { body } of answers) {
      Buffer.from(body.p as string, 'base64').copy(file, (body.i as number) * blockSize);
    }
  }
  expect(file.equals(FIRMWARE)).toBe(true);
});

/** Rejects when the server ends the connection: what is refused has no other answer in MQTT 3.1.1. */
function ended(client: MqttClient): Promise<never> {
  return new Promise((_resolve, reject) => client.once('close', () => reject(new Error('the connection ended'))));
}

// source: developer guide, mqtt-based-file-delivery-managing, "Grant permissions to your devices"
test.each([4, 5] as const)(
  'On protocol version %i a device neither asks for nor hears the streams of another',
  async (protocolVersion) => {
    const heard: string[] = [];
    const client = await cloud.connect(valve, { protocolVersion }, (topic) => heard.push(topic));
    const granted = await client.subscribeAsync('$aws/things/pump/streams/+/data/json').catch(() => []);
    expect(granted.every(({ qos }) => qos >= 0x80)).toBe(true);
    const attempt = client.publishAsync('$aws/things/pump/streams/update/get/json', '{"f":1,"l":256,"n":1}', {
      qos: 1,
    });
    await expect(Promise.race([attempt, ended(client)])).rejects.toThrow();
    expect(heard).toEqual([]);
  },
);
