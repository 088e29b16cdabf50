import { BrokerFixture, until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';

// source: AWS IoT developer guide, mqtt; MQTT 3.1.1 and MQTT 5 as MQTT.js speaks them

// The broker as MQTT.js sees it, over mTLS.

let fixture: BrokerFixture;
beforeEach(async () => {
  fixture = await BrokerFixture.start();
});
afterEach(() => fixture.stop());

describe.each([4, 5] as const)('MQTT.js with protocol version %i', (protocolVersion) => {
  test('publishes and receives with QoS 0 and 1, small and large', async () => {
    const publisher = await fixture.client('publisher', { protocolVersion });
    const subscriber = await fixture.client('subscriber', { protocolVersion });
    const granted = await subscriber.subscribeAsync({ 'a/#': { qos: 1 }, b: { qos: 0 } });
    expect(granted.map(({ topic, qos }) => [topic, qos])).toEqual([
      ['a/#', 1],
      ['b', 0],
    ]);
    const received: [string, number][] = [];
    subscriber.on('message', (topic, payload) => received.push([topic, payload.length]));
    await publisher.publishAsync('a/1', 'x', { qos: 1 });
    await publisher.publishAsync('b', Buffer.alloc(131_072), { qos: 0 });
    await publisher.publishAsync('a/2', Buffer.alloc(131_072), { qos: 1 });
    await publisher.publishAsync('c', 'nobody', { qos: 1 });
    await until(() => received.length === 3);
    expect(received).toEqual([
      ['a/1', 1],
      ['b', 131_072],
      ['a/2', 131_072],
    ]);
    await subscriber.unsubscribeAsync('a/#');
    await publisher.publishAsync('a/3', 'x', { qos: 1 });
    await subscriber.endAsync();
    expect(received).toHaveLength(3);
  });

  test('resumes a persistent session', async () => {
    const options = { protocolVersion, clean: false, properties: { sessionExpiryInterval: 600 } };
    const first = await fixture.client('subscriber', options);
    await first.subscribeAsync('t', { qos: 1 });
    await first.endAsync();
    const publisher = await fixture.client('publisher', { protocolVersion });
    await publisher.publishAsync('t', 'while away', { qos: 1 });
    const received: string[] = [];
    await fixture.client('subscriber', options, (_topic, payload) => received.push(String(payload)));
    await until(() => received.length === 1);
    expect(received).toEqual(['while away']);
  });

  test('is told why it may not connect', async () => {
    fixture.devices.deny('iot:Connect', 'refused');
    await expect(fixture.client('refused', { protocolVersion })).rejects.toMatchObject({
      code: protocolVersion === 5 ? 0x87 : 7,
    });
  });
});
