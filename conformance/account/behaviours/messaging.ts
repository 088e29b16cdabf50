import assert from 'node:assert/strict';
import { GetRetainedMessageCommand, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import type { Behaviour } from '../behaviour.ts';

export const messaging: readonly Behaviour[] = [
  {
    title: 'a message of QoS 1 is acknowledged and reaches a subscriber of either protocol version',
    source: 'AWS IoT developer guide, mqtt',
    async run(scene) {
      const device = await scene.trustedDevice();
      const topic = scene.name('topic');
      const publisher = await scene.eventually(() => device.connect(scene.name('publisher')));
      const old = await device.connect(scene.name('old'), { protocolVersion: 4 });
      const young = await device.connect(scene.name('young'));
      await old.subscribe(`${topic}/#`);
      await young.subscribe(`${topic}/+`);
      await publisher.publish(`${topic}/a`, 'hello');
      assert.equal((await old.take(`${topic}/a`)).payload, 'hello');
      assert.equal((await young.take(`${topic}/a`)).payload, 'hello');
    },
  },
  {
    title: 'a message published over HTTPS reaches MQTT subscribers',
    source: 'AWS IoT developer guide, http; AWS IoT data API reference, Publish',
    async run(scene) {
      const device = await scene.trustedDevice();
      const topic = scene.name('topic');
      const line = await scene.eventually(() => device.connect(scene.name('client')));
      await line.subscribe(topic);
      await scene.data.send(new PublishCommand({ topic, qos: 1, payload: Buffer.from('over HTTPS') }));
      assert.equal((await line.take(topic)).payload, 'over HTTPS');
    },
  },
  {
    title: 'a retained message is kept, given to later subscribers, read by the API, and removed by an empty one',
    source: 'AWS IoT developer guide, mqtt, "MQTT retained messages"; data API reference, GetRetainedMessage',
    async run(scene) {
      const device = await scene.trustedDevice();
      const topic = scene.name('topic');
      const line = await scene.eventually(() => device.connect(scene.name('client')));
      await line.publish(topic, 'kept', { retain: true });
      scene.after(() => scene.data.send(new PublishCommand({ topic, qos: 1, retain: true, payload: Buffer.alloc(0) })));
      await scene.eventually(async () => {
        const { payload = new Uint8Array(), qos } = await scene.data.send(new GetRetainedMessageCommand({ topic }));
        assert.equal(Buffer.from(payload).toString(), 'kept');
        assert.equal(qos, 1);
      });
      await line.subscribe(topic);
      const { packet, payload } = await line.take(topic);
      assert.deepEqual([payload, packet.retain], ['kept', true]);
      await line.publish(topic, '', { retain: true });
      await scene.eventually(() =>
        assert.rejects(scene.data.send(new GetRetainedMessageCommand({ topic })), {
          name: 'ResourceNotFoundException',
        }),
      );
    },
  },
  {
    title: 'a persistent session keeps what comes while its client is away',
    source: 'AWS IoT developer guide, mqtt, "MQTT persistent sessions"',
    async run(scene) {
      const device = await scene.trustedDevice();
      const topic = scene.name('topic');
      const clientId = scene.name('sleeper');
      const persistent = { protocolVersion: 4, clean: false } as const;
      const first = await scene.eventually(() => device.connect(clientId, persistent));
      await first.subscribe(topic);
      await first.close();
      const publisher = await device.connect(scene.name('publisher'));
      await publisher.publish(topic, 'while away');
      const again = await device.connect(clientId, persistent);
      assert.equal((await again.take(topic)).payload, 'while away');
    },
  },
  {
    title: 'a second connection of a client id ends the first',
    source: 'AWS IoT developer guide, mqtt, "AWS IoT differences from MQTT specifications"; MQTT 3.1.1 [MQTT-3.1.4-2]',
    async run(scene) {
      const device = await scene.trustedDevice();
      const clientId = scene.name('twin');
      const first = await scene.eventually(() => device.connect(clientId));
      await device.connect(clientId);
      await first.closed;
    },
  },
  {
    title: 'a lost connection publishes its last will',
    source: 'AWS IoT developer guide, mqtt, "MQTT Last Will and Testament (LWT) messages"',
    async run(scene) {
      const device = await scene.trustedDevice();
      const topic = scene.name('will');
      const witness = await scene.eventually(() => device.connect(scene.name('witness')));
      await witness.subscribe(topic);
      const will = { topic, payload: Buffer.from('gone'), qos: 1, retain: false } as const;
      const mortal = await device.connect(scene.name('mortal'), { will });
      mortal.cut();
      assert.equal((await witness.take(topic)).payload, 'gone');
    },
  },
  {
    title: 'of a shared subscription one member gets each message',
    source: 'AWS IoT developer guide, mqtt, "Shared Subscriptions"',
    async run(scene) {
      const device = await scene.trustedDevice();
      const topic = scene.name('shared');
      const members = [
        await scene.eventually(() => device.connect(scene.name('one'))),
        await device.connect(scene.name('two')),
      ];
      for (const member of members) await member.subscribe(`$share/${scene.name('group')}/${topic}`);
      const publisher = await device.connect(scene.name('publisher'));
      for (let index = 0; index < 20; index++) await publisher.publish(topic, String(index));
      await scene.eventually(async () => {
        const received = members.flatMap((member) => member.received.map(({ payload }) => Number(payload)));
        assert.deepEqual(
          received.sort((a, b) => a - b),
          [...Array(20).keys()],
        );
      });
    },
  },
  {
    title: 'clients that come and go are told on the presence topics',
    source: 'AWS IoT developer guide, life-cycle-events',
    async run(scene) {
      const device = await scene.trustedDevice();
      const clientId = scene.name('visitor');
      const witness = await scene.eventually(() => device.connect(scene.name('witness')));
      await witness.subscribe(`$aws/events/presence/+/${clientId}`);
      const visitor = await device.connect(clientId);
      const connected = await witness.takeJson(`$aws/events/presence/connected/${clientId}`);
      assert.equal(connected.eventType, 'connected');
      assert.equal(connected.principalIdentifier, device.certificateId);
      await visitor.client.endAsync();
      const disconnected = await witness.takeJson(`$aws/events/presence/disconnected/${clientId}`);
      assert.equal(disconnected.disconnectReason, 'CLIENT_INITIATED_DISCONNECT');
      assert.equal(disconnected.clientInitiatedDisconnect, true);
      assert.equal(disconnected.versionNumber, connected.versionNumber);
    },
  },
  {
    title: 'a topic of more than seven slashes is refused',
    source:
      'AWS General Reference, AWS IoT Core message broker limits, "Maximum number of slashes in topic and topic filter"',
    async run(scene) {
      const device = await scene.trustedDevice();
      const line = await scene.eventually(() => device.connect(scene.name('client')));
      await line.publish(`${scene.name('deep')}/2/3/4/5/6/7/8`, 'deep enough');
      await assert.rejects(line.publish(`${scene.name('deep')}/2/3/4/5/6/7/8/9`, 'too deep'));
    },
  },
];
