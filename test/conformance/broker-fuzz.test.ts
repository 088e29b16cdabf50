import { generate, type Packet } from 'mqtt-packet';
import { Random } from '../../local-cloud/src/broker/random.ts';
import { BrokerFixture } from '../../local-cloud/src/broker/testing/broker-fixture.ts';
import type { RawClient } from '../../local-cloud/src/broker/testing/raw-client.ts';
import { seededEntropy } from '../../local-cloud/src/core/entropy.ts';

/** The same bytes in every run; another seed finds other things. */
const SEED = process.env.BROKER_FUZZ_SEED ?? 'broker';
const PACKETS = Number(process.env.BROKER_FUZZ_PACKETS ?? 4_000);

const random = new Random(seededEntropy(SEED));

function pick<T>(values: readonly T[]): T {
  return values[random.below(values.length)] as T;
}

function bytes(length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

const TOPICS = ['t', 'a/b/c', 'a/+', '#', '', '$aws/rules/r/x', '$aws/x', '$share/g/t', 'x'.repeat(300), '\ufffd'];

function properties(): object {
  return pick([
    {},
    { topicAlias: random.below(10) },
    { messageExpiryInterval: random.below(1000) },
    { userProperties: { a: 'b' }, correlationData: bytes(random.below(20)) },
    { responseTopic: pick(TOPICS) },
    { sessionExpiryInterval: random.below(100) },
    { subscriptionIdentifier: 1 + random.below(100) },
  ]);
}

/** A packet that is right in form, with any content. */
function packet(): Packet {
  const messageId = 1 + random.below(200);
  const qos = random.below(3) as 0 | 1 | 2;
  const topic = pick(TOPICS);
  return pick<() => Packet>([
    () => ({
      cmd: 'publish',
      topic,
      payload: bytes(random.below(50)),
      qos,
      messageId,
      dup: false,
      retain: false,
      properties: properties(),
    }),
    () => ({
      cmd: 'publish',
      topic: 't',
      payload: bytes(random.below(50)),
      qos: 1,
      messageId,
      dup: true,
      retain: random.below(2) === 0,
    }),
    () => ({
      cmd: 'subscribe',
      messageId,
      subscriptions: [{ topic, qos, nl: false, rap: true, rh: random.below(3) }],
      properties: {},
    }),
    () => ({ cmd: 'unsubscribe', messageId, unsubscriptions: [topic] }),
    () => ({ cmd: 'puback', messageId, reasonCode: 0 }),
    () => ({ cmd: 'pingreq' }),
    () => ({ cmd: 'disconnect', reasonCode: pick([0, 4, 0x80]), properties: {} }),
    () => ({ cmd: 'pubrel', messageId, reasonCode: 0 }),
    () => ({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: pick([4, 5]),
      clean: random.below(2) === 0,
      keepalive: random.below(100),
      clientId: `fuzz-${random.below(3)}`,
    }),
  ])();
}

function encode(version: 4 | 5): Buffer {
  try {
    return generate(packet(), { protocolVersion: version });
  } catch {
    // mqtt-packet refuses to write some of these contents.
    return bytes(1 + random.below(30));
  }
}

/** The packet, or a damaged one: bits flipped, cut short, lengthened, or rubbish. */
function damaged(whole: Buffer): Buffer {
  const copy = Buffer.from(whole);
  switch (random.below(6)) {
    case 0:
      for (let flips = 1 + random.below(3); flips > 0; flips--) {
        const at = random.below(copy.length);
        copy[at] = (copy[at] as number) ^ (1 << random.below(8));
      }
      return copy;
    case 1:
      return copy.subarray(0, random.below(copy.length + 1));
    case 2:
      return Buffer.concat([copy, bytes(random.below(10))]);
    case 3:
      return bytes(1 + random.below(40));
    default:
      return copy;
  }
}

test(`${PACKETS} packets, right and damaged, neither crash nor hang the broker (seed ${SEED})`, async () => {
  const fixture = await BrokerFixture.start({ limits: { publishesPerSecond: Infinity } });
  const failures: string[] = [];
  Object.assign(fixture.cloud, {
    log: (level: string, message: string, fields: unknown) => {
      if (level === 'error') failures.push(`${message} ${JSON.stringify(fields)}`);
    },
  });
  let client: RawClient | undefined;
  let ended = true;
  for (let sent = 0; sent < PACKETS; ) {
    if (client === undefined || ended) {
      const version = pick([4, 5] as const);
      client = await fixture.raw(version);
      ended = false;
      const opened: RawClient = client;
      void opened.ended.then(() => {
        if (client === opened) ended = true;
      });
      // Most connections begin properly; the rest with whatever comes.
      if (random.below(10) > 0) {
        const clean = random.below(2) === 0;
        await opened.connect(`fuzz-${random.below(5)}`, { clean, properties: {} }).catch(() => {});
      }
    }
    for (let burst = 1 + random.below(10); burst > 0; burst--, sent++) {
      if (!client.socket.destroyed) client.write(damaged(encode(client.protocolVersion)));
    }
    await new Promise((resolve) => setImmediate(resolve));
    // A packet cut short waits for its end: such a connection is given up after a while, as devices do.
    if (random.below(20) === 0) client.close();
  }
  client?.close();
  const witness = await fixture.connected('witness', 5);
  await witness.subscribe(1, 'alive');
  witness.publish('alive', 'x', 1);
  await witness.next('puback');
  expect(String((await witness.next('publish')).payload)).toBe('x');
  expect(failures).toEqual([]);
  await fixture.stop();
}, 120_000);
