import { connect } from 'node:net';
import { generate } from 'mqtt-packet';
import { BrokerFixture, until } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import type { RawClient } from '../../local-cloud/src/broker/testing/raw-client.ts';
import { sleep, systemClock } from '../../local-cloud/src/core/clock.ts';

let fixture: BrokerFixture;
beforeEach(async () => {
  fixture = await BrokerFixture.start({ limits: { publishesPerSecond: Infinity, bytesPerSecond: Infinity } });
});
afterEach(() => fixture.stop());

/** The broker still serves a well-behaved client. */
async function expectAlive(): Promise<void> {
  const client = await fixture.connected('well-behaved');
  client.publish('alive', 'x', 1);
  await client.next('puback');
  client.close();
}

describe('bytes that are no MQTT', () => {
  test('before TLS they end the connection', async () => {
    const socket = connect(fixture.port, '127.0.0.1');
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\n\r\n');
    socket.resume();
    await new Promise((resolve) => socket.once('close', resolve));
    await expectAlive();
  });

  test.each([
    ['text', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['a length of five bytes [MQTT-1.5.5-1]', Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff, 0x01])],
    ['a length of 256 MB', Buffer.from([0x10, 0xff, 0xff, 0xff, 0x7f])],
    ['an empty CONNECT', Buffer.from([0x10, 0x00])],
    ['packet type 0', Buffer.from([0x00, 0x00])],
    [
      'a CONNECT with the reserved flag [MQTT-3.1.2-3]',
      Buffer.from('100d00044d51545404030 03c000161'.replace(' ', ''), 'hex'),
    ],
    ['a CONNECT with bytes at its end', Buffer.from('100e00044d51545404020 03c00016100'.replace(' ', ''), 'hex')],
  ])('%s instead of a CONNECT', async (_what, bytes) => {
    const client = await fixture.raw(4);
    client.write(bytes);
    await client.ended;
    expect(client.packets).toEqual([]);
    await expectAlive();
  });

  test.each([
    ['SUBSCRIBE with wrong flags [MQTT-3.8.1-1]', [0x80, 0x05, 0, 1, 0, 0, 0]],
    ['SUBSCRIBE without a filter [MQTT-3.8.3-2]', [0x82, 0x03, 0, 1, 0]],
    ['SUBSCRIBE that ends within a filter', [0x82, 0x06, 0, 1, 0, 0, 9, 0x61]],
    ['SUBSCRIBE with reserved option bits [MQTT-3.8.3-5]', [0x82, 0x07, 0, 1, 0, 0, 1, 0x61, 0xc0]],
    ['UNSUBSCRIBE without a filter [MQTT-3.10.3-2]', [0xa2, 0x03, 0, 1, 0]],
    ['PUBLISH with QoS 3 [MQTT-3.3.1-4]', [0x36, 0x06, 0, 1, 0x61, 0, 1, 0]],
    ['PUBLISH whose topic exceeds it', [0x30, 0x03, 0xff, 0xff, 0x61]],
    ['PUBLISH whose properties exceed it', [0x30, 0x05, 0, 1, 0x61, 0x7f, 0x26]],
    ['PUBLISH with a property twice', [0x30, 0x08, 0, 1, 0x61, 4, 1, 0, 1, 0]],
    ['PINGREQ with content', [0xc0, 0x01, 0]],
    ['PUBACK without an identifier', [0x40, 0x00]],
    ['a CONNACK', [0x20, 0x02, 0, 0]],
    ['AUTH', [0xf0, 0x00]],
  ])('%s ends the connection with a reason', async (_what, bytes) => {
    const client = await fixture.connected('a', 5);
    client.write(Buffer.from(bytes));
    expect([0x81, 0x82]).toContain((await client.next('disconnect')).reasonCode);
    await client.ended;
  });
});

test('a packet beyond the maximum size ends the connection from its header on: 0x95', async () => {
  const client = await fixture.connected('a', 5);
  client.write(Buffer.from([0x30, 0xff, 0xff, 0x7f]));
  expect((await client.next('disconnect')).reasonCode).toBe(0x95);
});

test('packets may arrive byte by byte', async () => {
  const client = await fixture.raw(4);
  const bytes = Buffer.concat([
    generate({ cmd: 'connect', protocolId: 'MQTT', protocolVersion: 4, clean: true, keepalive: 60, clientId: 'slow' }),
    generate({ cmd: 'publish', topic: 't', payload: 'x'.repeat(200), qos: 1, messageId: 1, dup: false, retain: false }),
    generate({ cmd: 'pingreq' }),
  ]);
  for (const byte of bytes) {
    client.write(Buffer.from([byte]));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.next('connack');
  await client.next('puback');
  await client.next('pingresp');
});

test('a client that keeps sending half a packet is dropped by its keep-alive', async () => {
  const client = await fixture.connected('a', 4, { keepalive: 30 });
  client.write(Buffer.from([0x30, 0x7f]));
  for (let round = 0; round < 5 && !client.socket.destroyed; round++) {
    await fixture.clock.advance(10_000);
    client.write(Buffer.from([0x00]));
    await sleep(systemClock, 5);
  }
  await client.ended;
});

describe('a subscriber that does not read', () => {
  async function stuckSubscriber(qos: 0 | 1, fields: object): Promise<RawClient> {
    const client = await fixture.connected('stuck', 5, fields);
    await client.subscribe(1, 't', qos);
    client.socket.pause();
    return client;
  }

  async function flood(megabytes: number): Promise<void> {
    const payload = Buffer.alloc(100_000);
    for (let index = 0; index < megabytes * 10; index++) {
      await fixture.broker.publish({ topic: 't', payload, qos: 1, retain: false, receivedAt: 0 });
      // A turn of the event loop, in which sockets that are read from take what they can.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  test('loses QoS 0 messages and slows nobody', async () => {
    const stuck = await stuckSubscriber(0, {});
    const other = await fixture.connected('other');
    await other.subscribe(1, 't', 0);
    await flood(40);
    await until(() => other.packets.length === 400);
    stuck.socket.resume();
    await stuck.settle();
    const got = stuck.packets.filter((packet) => packet.cmd === 'publish').length;
    expect(got).toBeGreaterThan(0);
    expect(got).toBeLessThan(400);
  });

  test('with a clean session and QoS 1 is disconnected: 0x97', async () => {
    const stuck = await stuckSubscriber(1, { properties: { receiveMaximum: 10 } });
    await flood(6);
    stuck.socket.resume();
    expect((await stuck.next('disconnect')).reasonCode).toBe(0x97);
  });

  test('with a persistent session finds its QoS 1 messages on disk', async () => {
    const stuck = await stuckSubscriber(1, { clean: false, properties: { sessionExpiryInterval: 60 } });
    await flood(12);
    stuck.socket.resume();
    for (let index = 0; index < 120; index++) {
      const { messageId } = await stuck.next('publish');
      stuck.send({ cmd: 'puback', messageId: messageId as number, reasonCode: 0 });
    }
  });
});

test('publishers are slowed while the rules engine holds more than the ingress limit', async () => {
  await fixture.stop();
  fixture = await BrokerFixture.start({
    limits: { ingressBytes: 1_000_000, publishesPerSecond: Infinity, bytesPerSecond: Infinity },
  });
  const held: (() => void)[] = [];
  fixture.rules.onAccept = (message) =>
    message.topic === 't' ? new Promise((resolve) => held.push(resolve)) : Promise.resolve();
  const client = await fixture.connected('a', 4);
  for (let id = 1; id <= 40; id++) client.publish('t', Buffer.alloc(50_000), id);
  await until(() => held.length >= 20);
  await sleep(systemClock, 50);
  expect(held.length).toBeLessThan(25);
  fixture.rules.onAccept = undefined;
  for (const release of held) release();
  for (let id = 1; id <= 40; id++) await client.next('puback');
});
