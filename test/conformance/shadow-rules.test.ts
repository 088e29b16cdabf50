import type { MqttClient } from 'mqtt';
import { until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import { ARN, DataPlaneCloud } from './data-plane-cloud.ts';

let cloud: DataPlaneCloud;

beforeAll(async () => {
  cloud = await DataPlaneCloud.start({ rules: true });
});
afterAll(() => cloud.close());

async function republish(ruleName: string, sql: string, topic: string, resource: string): Promise<void> {
  const roleArn = await cloud.role(
    { Service: 'iot.amazonaws.com' },
    { Effect: 'Allow', Action: 'iot:Publish', Resource: `${ARN}topic/${resource}` },
  );
  await cloud.iot('CreateTopicRule', {
    ruleName,
    topicRulePayload: { sql, awsIotSqlVersion: '2016-03-23', actions: [{ republish: { roleArn, topic, qos: 1 } }] },
  });
}

const shadow = (thingName: string) => cloud.https.cloud.ports.get('shadows').get(thingName);

// source: device-shadow-comms-app, "Detecting a device is connected"
test('a rule that republishes a last will to the shadow reports the lost device', async () => {
  await republish(
    'will_to_shadow',
    "SELECT * FROM 'my/things/+/update'",
    '$$aws/things/${topic(3)}/shadow/update',
    '$aws/things/*/shadow/update',
  );
  const bulb = await cloud.device('myLightBulb', [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }]);
  const connected = (value: string) => JSON.stringify({ state: { reported: { connected: value } } });
  const will = { topic: 'my/things/myLightBulb/update', payload: Buffer.from(connected('false')), qos: 1 as const };
  const device: MqttClient = await cloud.connect(bulb, { will: { ...will, retain: false } });
  await device.publishAsync('$aws/things/myLightBulb/shadow/update', connected('true'), { qos: 1 });
  expect(shadow('myLightBulb')?.reported?.state).toEqual({ connected: 'true' });
  device.stream.destroy();
  await until(() => shadow('myLightBulb')?.version === 2, 'the report of the will');
  expect(shadow('myLightBulb')?.reported?.state).toEqual({ connected: 'false' });
});

// source: reserved-topics, "Shadow topics" (a rule on a shadow's answers)
test('a rule sees the messages of the Device Shadow service as any others', async () => {
  await republish(
    'deltas',
    "SELECT topic(3) AS thing, state, version FROM '$aws/things/+/shadow/update/delta'",
    'deltas/${topic(3)}',
    'deltas/*',
  );
  const watcher = await cloud.device('watcher', [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }]);
  const heard: unknown[] = [];
  const client = await cloud.connect(watcher, {}, (_topic, payload) => heard.push(JSON.parse(payload.toString())));
  await client.subscribeAsync('deltas/#', { qos: 1 });
  await client.publishAsync('$aws/things/watcher/shadow/update', '{"state":{"desired":{"a":[1]}}}', { qos: 1 });
  await until(() => heard.length === 1, 'the delta');
  expect(heard).toEqual([{ thing: 'watcher', state: { a: [1] }, version: 1 }]);
});

// source: republish-rule-action (the role must allow iot:Publish)
test('a rule whose role may not publish to the shadow changes nothing', async () => {
  await republish('forbidden', "SELECT * FROM 'forbidden'", '$$aws/things/other/shadow/update', 'elsewhere');
  const device = await cloud.device('forbidden', [{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }]);
  const client = await cloud.connect(device);
  await client.publishAsync('forbidden', '{"state":{"reported":{"a":1}}}', { qos: 1 });
  await until(() => cloud.https.cloud.meter.get('rules.actionFailures') > 0, 'the failure');
  expect(shadow('other')).toBeUndefined();
});
