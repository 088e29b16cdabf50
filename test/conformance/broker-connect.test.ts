import { createServer } from 'node:net';
import { connect as tlsConnect } from 'node:tls';
import type { IConnackPacket } from 'mqtt-packet';
import { createBrokerPlugin } from '../../local-cloud/src/broker/plugin.ts';
import { BrokerFixture } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import { issueDeviceIdentity } from '../../local-cloud/src/broker/testing/device-identities.ts';
import { RawClient } from '../../local-cloud/src/broker/testing/raw-client.ts';
import { sleep, systemClock } from '../../local-cloud/src/core/clock.ts';

// source: AWS IoT developer guide, mqtt, protocols, transport-security, life-cycle-events; MQTT 5 §3.1; MQTT 3.1.1 §3.1

let fixture: BrokerFixture;
beforeEach(async () => {
  fixture = await BrokerFixture.start();
});
afterEach(() => fixture.stop());

/** Waits until the server has cut the connection; TLS 1.3 clients see the handshake succeed first. */
async function expectCut(identity?: { certificatePem: string; privateKeyPem: string }): Promise<void> {
  const client = await RawClient.open({
    port: fixture.port,
    ca: fixture.ca,
    ...(identity === undefined ? {} : { cert: identity.certificatePem, key: identity.privateKeyPem }),
  }).catch(() => undefined);
  client?.connect('cut').catch(() => {});
  await client?.ended;
  expect(fixture.cloud.meter.get('mqtt.connectsRefused')).toBe(1);
  expect(fixture.cloud.meter.get('mqtt.connections')).toBe(0);
}

// source: developer guide, diagnosing-connectivity-issues.md: certificates must be registered and active
describe('TLS (developer guide, diagnosing-connectivity-issues.md: certificates must be registered and active)', () => {
  test('a client without a certificate is cut off', async () => {
    await expectCut();
  });

  test('an unregistered certificate is cut off before MQTT', async () => {
    await expectCut(await issueDeviceIdentity('stranger'));
  });

  test('a revoked certificate cannot connect', async () => {
    const identity = await issueDeviceIdentity('revoked');
    fixture.devices.register(identity.certificateId);
    fixture.devices.revoke(identity.certificateId);
    await expectCut(identity);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('%s is spoken', async (maxVersion) => {
    const { certificatePem: cert, privateKeyPem: key } = await BrokerFixture.identity();
    const client = await RawClient.open({ port: fixture.port, ca: fixture.ca, cert, key, maxVersion });
    expect(client.socket.getProtocol()).toBe(maxVersion);
    expect((await client.connect('a')).returnCode).toBe(0);
    client.close();
  });

  test('TLS 1.1 is refused', async () => {
    const { certificatePem: cert, privateKeyPem: key } = await BrokerFixture.identity();
    const socket = tlsConnect({
      port: fixture.port,
      host: '127.0.0.1',
      ca: fixture.ca,
      cert,
      key,
      minVersion: 'TLSv1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const error = await new Promise<Error>((resolve) => socket.once('error', resolve));
    expect(error.message).toMatch(/protocol/i);
  });

  test('a live connection ends when its certificate is revoked', async () => {
    const identity = await issueDeviceIdentity('live');
    fixture.devices.register(identity.certificateId);
    const client = await fixture.raw(5, identity);
    await client.connect('live');
    fixture.devices.revoke(identity.certificateId);
    expect((await client.next('disconnect')).reasonCode).toBe(0x87);
    await client.ended;
    expect(fixture.broker.connectedClients()).toEqual([]);
  });
});

describe('options of the plugin', () => {
  // source: developer guide, transport-security.md
  test('a client that names no server is cut off where SNI is required (transport-security.md)', async () => {
    const strict = await BrokerFixture.start({ limits: { requireServerName: true } });
    const { certificatePem: cert, privateKeyPem: key } = await BrokerFixture.identity();
    const nameless = await RawClient.open({ port: strict.port, ca: strict.ca, cert, key, servername: '' });
    await nameless.ended;
    expect((await (await strict.raw(4)).connect('named')).returnCode).toBe(0);
    await strict.stop();
  });

  test('a revocation may reach live connections later', async () => {
    const late = await BrokerFixture.start({ limits: { identityChangeDelayMs: 5_000 } });
    const client = await late.connected('a', 5);
    late.devices.revoke((await BrokerFixture.identity()).certificateId);
    await client.settle();
    await late.clock.advance(5_000);
    expect((await client.next('disconnect')).reasonCode).toBe(0x87);
    await late.stop();
  });
});

describe('authorization of a connect', () => {
  // source: developer guide, mqtt.md, "AWS IoT differences"
  test('MQTT 3.1.1 gets return code 7, not 5 (mqtt.md, "AWS IoT differences")', async () => {
    fixture.devices.deny('iot:Connect', 'a');
    const client = await fixture.raw(4);
    const connack = await client.connect('a');
    expect(connack).toMatchObject({ returnCode: 7, sessionPresent: false });
    await client.ended;
  });

  // source: developer guide, mqtt.html, "MQTT reason codes"
  test('MQTT 5 gets reason code 0x87 (mqtt.html, "MQTT reason codes")', async () => {
    fixture.devices.deny('iot:Connect', 'a');
    const client = await fixture.raw(5);
    expect((await client.connect('a')).reasonCode).toBe(0x87);
    await client.ended;
  });

  // source: developer guide, life-cycle-events.html, "Connect attempt failure event"
  test('a failed connect is an event (life-cycle-events.html, "Connect attempt failure event")', async () => {
    fixture.devices.deny('iot:Connect', 'a');
    const client = await fixture.raw(4);
    await client.connect('a');
    const { certificateId } = await BrokerFixture.identity();
    expect(fixture.rules.events('presence/connect_failed')).toEqual([
      {
        clientId: 'a',
        timestamp: fixture.clock.now(),
        eventType: 'connect_failed',
        connectFailureReason: 'AUTHORIZATION_FAILED',
        principalIdentifier: certificateId,
        sessionIdentifier: expect.stringMatching(/^[0-9a-f-]{36}$/),
        ipAddress: '127.0.0.1',
      },
    ]);
  });

  // source: developer guide, mqtt.md, "Using connectAttributes"
  test('policies see what the connect asks for (mqtt.md, "Using connectAttributes")', async () => {
    await fixture.connected('a', 4, { clean: false, will: { topic: 'w', payload: 'x', qos: 0, retain: false } });
    const asked = fixture.devices.asked.find(({ action }) => action === 'iot:Connect');
    expect(asked).toMatchObject({ resource: 'a', features: { persistent: true, willTopic: 'w' } });
  });

  test('a will that may not be published refuses the connect', async () => {
    fixture.devices.deny('iot:Publish', 'w');
    const client = await fixture.raw(5);
    const connack = await client.connect('a', { will: { topic: 'w', payload: 'x', qos: 0, retain: false } });
    expect(connack.reasonCode).toBe(0x87);
    expect(fixture.rules.events('presence/connect_failed')).toHaveLength(1);
  });

  // source: developer guide, retained-message-policy-examples.md
  test('a retained will takes iot:RetainPublish too (retained-message-policy-examples.md)', async () => {
    fixture.devices.deny('iot:RetainPublish', 'w');
    const client = await fixture.raw(5);
    const connack = await client.connect('a', { will: { topic: 'w', payload: 'x', qos: 0, retain: true } });
    expect(connack.reasonCode).toBe(0x87);
  });
});

describe('client identifiers', () => {
  test.each([
    ['longer than 128 bytes', 'x'.repeat(129)],
    ["beginning with AWS's own prefix $", '$GEN/mine'],
  ])('one %s is refused', async (_what, clientId) => {
    expect((await (await fixture.raw(4)).connect(clientId)).returnCode).toBe(2);
    expect((await (await fixture.raw(5)).connect(clientId)).reasonCode).toBe(0x85);
  });

  test('one of 128 bytes is accepted', async () => {
    expect((await (await fixture.raw(4)).connect('x'.repeat(128))).returnCode).toBe(0);
  });

  // source: MQTT 5 [MQTT-3.1.3-7]
  test('MQTT 5 without one is told which was assigned [MQTT-3.1.3-7]', async () => {
    const connack = await (await fixture.raw(5)).connect('');
    expect(connack.properties?.assignedClientIdentifier).toMatch(/^\$GEN\/[0-9a-f-]{36}$/);
    expect(fixture.broker.connectedClients()[0]?.clientId).toBe(connack.properties?.assignedClientIdentifier);
  });

  // source: MQTT 3.1.1 [MQTT-3.1.3-8]
  test('MQTT 3.1.1 may leave it out with a clean session only [MQTT-3.1.3-8]', async () => {
    expect((await (await fixture.raw(4)).connect('', { clean: true })).returnCode).toBe(0);
    const persistent = await fixture.raw(4);
    // MQTT-packet refuses to write this one: level 4, no clean session, keep-alive 60, an empty client id.
    persistent.write(Buffer.from('100c00044d51545404000' + '03c0000', 'hex'));
    expect((await persistent.next('connack')).returnCode).toBe(2);
  });
});

// source: developer guide, mqtt.html, "MQTT 5 properties"
describe('CONNACK of MQTT 5 (mqtt.html, "MQTT 5 properties")', () => {
  test("states AWS's abilities and limits", async () => {
    const connack: IConnackPacket = await (await fixture.raw(5)).connect('a', {
      keepalive: 5000,
      properties: { sessionExpiryInterval: 900_000 },
    });
    expect(connack.properties).toMatchObject({
      sessionExpiryInterval: 3600,
      receiveMaximum: 100,
      maximumQoS: 1,
      retainAvailable: true,
      topicAliasMaximum: 8,
      wildcardSubscriptionAvailable: true,
      subscriptionIdentifiersAvailable: false,
      sharedSubscriptionAvailable: true,
      serverKeepAlive: 1200,
    });
  });

  test('a will with QoS 2 is refused with 0x9B', async () => {
    const connack = await (await fixture.raw(5)).connect('a', {
      will: { topic: 'w', payload: 'x', qos: 2, retain: false },
    });
    expect(connack.reasonCode).toBe(0x9b);
  });

  test.each(['a/#', '1/2/3/4/5/6/7/8/9', 'x'.repeat(257)])('a will topic %p is refused with 0x90', async (topic) => {
    const connack = await (await fixture.raw(5)).connect('a', { will: { topic, payload: 'x', qos: 0, retain: false } });
    expect(connack.reasonCode).toBe(0x90);
  });

  // source: MQTT 5 [MQTT-4.12.0-1]
  test('enhanced authentication is refused with 0x8C [MQTT-4.12.0-1]', async () => {
    const connack = await (await fixture.raw(5)).connect('a', { properties: { authenticationMethod: 'SCRAM' } });
    expect(connack.reasonCode).toBe(0x8c);
  });
});

// source: AWS General Reference, "AWS IoT Core endpoints and quotas": 30 to 1200 s; dropped at 1.5 times
describe('keep-alive (quotas: 30 to 1200 s; dropped at 1.5 times)', () => {
  test.each([
    [5, 30],
    [60, 60],
    [4000, 1200],
    [0, 1200],
  ])('%i s asked for means %i s', async (keepalive, effective) => {
    const client = await fixture.connected('a', 5, { keepalive });
    await fixture.clock.advance(effective * 1500 - 1);
    await client.settle();
    await fixture.clock.advance(effective * 1500 - 1);
    await client.settle();
    await fixture.clock.advance(effective * 1500 + 1);
    expect((await client.next('disconnect')).reasonCode).toBe(0x8d);
    await client.ended;
    expect(fixture.rules.events('presence/disconnected')).toMatchObject([
      { disconnectReason: 'MQTT_KEEP_ALIVE_TIMEOUT', clientInitiatedDisconnect: false },
    ]);
  });
});

describe('order of packets', () => {
  // source: MQTT 5 [MQTT-3.1.0-1]
  test('a first packet other than CONNECT ends the connection [MQTT-3.1.0-1]', async () => {
    const client = await fixture.raw(4);
    client.send({ cmd: 'pingreq' });
    await client.ended;
  });

  // source: MQTT 5 [MQTT-3.1.0-2]
  test('a second CONNECT ends the connection [MQTT-3.1.0-2]', async () => {
    const client = await fixture.connected('a', 5);
    client.send({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 5, clean: true, keepalive: 1, clientId: 'a' });
    expect((await client.next('disconnect')).reasonCode).toBe(0x82);
    await client.ended;
    expect(fixture.rules.events('presence/disconnected')).toMatchObject([{ disconnectReason: 'CLIENT_ERROR' }]);
  });

  test('a connection that never says CONNECT is cut after the connect time-out', async () => {
    const client = await fixture.raw(4);
    client.write(Buffer.from([0x10]));
    // Time passes until the server, whose handshake may end a moment after the client's, has given the client up.
    while (!client.socket.destroyed) {
      await fixture.clock.advance(30_001);
      await sleep(systemClock, 5);
    }
    await client.ended;
  });

  test.each([
    ['MQTT 3.1 is answered with return code 1 [MQTT-3.1.2-2]', 'MQIsdp', 3, true],
    ['an unknown level is answered with return code 1 [MQTT-3.1.2-2]', 'MQTT', 6, true],
    ['another protocol is not answered [MQTT-3.1.2-1]', 'HTTP', 4, false],
  ])('%s', async (_title, name, level, answered) => {
    const client = await fixture.raw(4);
    const body = Buffer.concat([
      Buffer.from([0, name.length]),
      Buffer.from(name),
      Buffer.from([level, 2, 0, 60, 0, 1, 0x61]),
    ]);
    client.write(Buffer.concat([Buffer.from([0x10, body.length]), body]));
    await client.ended;
    expect(client.packets.map((packet) => (packet as IConnackPacket).returnCode)).toEqual(answered ? [1] : []);
  });
});

describe('one client per identifier', () => {
  // source: MQTT 5 [MQTT-3.1.4-3]
  test('a second connection takes over, the first is disconnected with 0x8E [MQTT-3.1.4-3]', async () => {
    const first = await fixture.connected('a', 5);
    const second = await fixture.connected('a', 5);
    expect((await first.next('disconnect')).reasonCode).toBe(0x8e);
    await first.ended;
    await second.settle();
    expect(fixture.broker.connectedClients()).toHaveLength(1);
    expect(fixture.rules.events('presence/disconnected')).toMatchObject([{ disconnectReason: 'DUPLICATE_CLIENTID' }]);
  });
});

test('a port in use is refused by name', async () => {
  const occupant = createServer();
  await new Promise<void>((resolve) => occupant.listen(0, '127.0.0.1', resolve));
  const address = occupant.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const plugin = createBrokerPlugin({ host: '127.0.0.1', port })(fixture.cloud);
  await expect(plugin.start?.()).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    message: expect.stringContaining(`port ${port}`),
  });
  await plugin.stop?.();
  occupant.close();
});

test('a server that stops tells MQTT 5 clients with 0x8B', async () => {
  const client = await fixture.connected('a', 5);
  await fixture.plugin.stop?.();
  expect((await client.next('disconnect')).reasonCode).toBe(0x8b);
  await client.ended;
});
