import assert from 'node:assert/strict';
import {
  AttachThingPrincipalCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  CreateThingCommand,
  DeleteThingCommand,
  DetachThingPrincipalCommand,
  UpdateCertificateCommand,
} from '@aws-sdk/client-iot';
import type { Behaviour } from '../behaviour.ts';

/** MQTT 5 reason code "Not authorized", also the QoS of a refused filter. */
const NOT_AUTHORIZED = 0x87;

export const policies: readonly Behaviour[] = [
  {
    title: 'a device connects under an allowed client id only',
    source: 'AWS IoT developer guide, connect-policy',
    async run(scene) {
      const own = scene.name('own');
      const device = await scene.device([
        { Effect: 'Allow', Action: 'iot:Connect', Resource: `${scene.arnPrefix}client/${own}` },
      ]);
      await scene.eventually(() => device.connect(own));
      await assert.rejects(device.connect(scene.name('other')));
    },
  },
  {
    title: 'a certificate that is not active cannot connect',
    source: 'AWS IoT developer guide, x509-client-certs, "Activate or deactivate a client certificate"',
    async run(scene) {
      const device = await scene.device([{ Effect: 'Allow', Action: 'iot:*', Resource: '*' }], false);
      await assert.rejects(device.connect(scene.name('client')));
      const { certificateId } = device;
      await scene.iot.send(new UpdateCertificateCommand({ certificateId, newStatus: 'ACTIVE' }));
      await scene.eventually(() => device.connect(scene.name('client')));
    },
  },
  {
    title: 'publishing and subscribing need permissions of their own, and a filter that is not allowed is refused',
    source: 'AWS IoT developer guide, pub-sub-policy; mqtt, "MQTT reason codes"',
    async run(scene) {
      const base = scene.name('room');
      const device = await scene.device([
        { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' },
        { Effect: 'Allow', Action: 'iot:Publish', Resource: `${scene.arnPrefix}topic/${base}/out` },
        { Effect: 'Allow', Action: 'iot:Subscribe', Resource: `${scene.arnPrefix}topicfilter/${base}/in/*` },
        { Effect: 'Allow', Action: 'iot:Receive', Resource: `${scene.arnPrefix}topic/${base}/in/*` },
      ]);
      const line = await scene.eventually(() => device.connect(scene.name('client')));
      assert.deepEqual(await line.subscribe(`${base}/in/#`), [1]);
      await assert.rejects(line.subscribe(`${base}/#`), /Not authorized/);
      await line.publish(`${base}/out`, 'yes');
      await assert.rejects(line.publish(`${base}/in/x`, 'no'), { code: NOT_AUTHORIZED });
    },
  },
  {
    title: 'an explicit deny wins over an allow',
    source: 'AWS IoT developer guide, iot-policies; IAM user guide, "Policy evaluation logic"',
    async run(scene) {
      const topic = scene.name('topic');
      const device = await scene.device([
        { Effect: 'Allow', Action: 'iot:*', Resource: '*' },
        { Effect: 'Deny', Action: 'iot:Publish', Resource: `${scene.arnPrefix}topic/${topic}` },
      ]);
      const line = await scene.eventually(() => device.connect(scene.name('client')));
      await assert.rejects(line.publish(topic, 'no'), { code: NOT_AUTHORIZED });
    },
  },
  {
    title: 'thing policy variables stand for the thing that the client id names and the certificate is attached to',
    source: 'AWS IoT developer guide, thing-policy-variables',
    async run(scene) {
      const { iot } = scene;
      const thingName = scene.name('thing');
      await iot.send(new CreateThingCommand({ thingName }));
      scene.after(() => iot.send(new DeleteThingCommand({ thingName })));
      const own = '${iot:Connection.Thing.ThingName}';
      const device = await scene.device([
        { Effect: 'Allow', Action: 'iot:Connect', Resource: `${scene.arnPrefix}client/${own}` },
        { Effect: 'Allow', Action: 'iot:Publish', Resource: `${scene.arnPrefix}topic/things/${own}` },
      ]);
      await assert.rejects(device.connect(thingName));
      const attachment = { thingName, principal: device.certificateArn };
      await iot.send(new AttachThingPrincipalCommand(attachment));
      scene.after(() => iot.send(new DetachThingPrincipalCommand(attachment)));
      const line = await scene.eventually(() => device.connect(thingName));
      await line.publish(`things/${thingName}`, 'own');
      await assert.rejects(line.publish('things/another', 'foreign'), { code: NOT_AUTHORIZED });
    },
  },
  {
    title: 'a new default version of a policy reaches a live connection after a while',
    source: 'AWS IoT developer guide, iot-policies ("can take a few minutes")',
    async run(scene) {
      const topic = scene.name('topic');
      const device = await scene.trustedDevice();
      const line = await scene.eventually(() => device.connect(scene.name('client')));
      await line.publish(topic, 'before');
      const statement = { Effect: 'Allow', Action: ['iot:Connect'], Resource: '*' };
      const policyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      const { policyName } = device;
      await scene.iot.send(new CreatePolicyVersionCommand({ policyName, policyDocument, setAsDefault: true }));
      await scene.eventually(async () => {
        await assert.rejects(line.publish(topic, 'after'));
      }, scene.target.patience * 5);
    },
  },
  {
    title: 'a malformed policy document is refused',
    source: 'AWS IoT API reference, CreatePolicy',
    async run(scene) {
      const policyDocument =
        '{"Version":"2012-10-17","Statement":[{"Effect":"Perhaps","Action":"iot:*","Resource":"*"}]}';
      const input = { policyName: scene.name('policy'), policyDocument };
      await assert.rejects(scene.iot.send(new CreatePolicyCommand(input)), { name: 'MalformedPolicyException' });
    },
  },
];
