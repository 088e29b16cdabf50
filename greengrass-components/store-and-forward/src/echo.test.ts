import { ManualClock, settle } from '../../shared/src/testing/manual-clock.ts';
import { TestLog } from '../../shared/src/testing/test-log.ts';
import { Echo } from './echo.ts';
import { ClassicSpooler } from './testing/classic-spooler.ts';

/** source: aws-greengrass-nucleus, `MqttClient.java` and `Spool.java`; MQTT 3.1.1 §4.6 */

const TOPIC = 'core/echo';
/** bytes a ms: about 1 Mbit/s */
const UPLINK = 128;

async function setUp(maxInFlight = 5) {
  const clock = new ManualClock();
  const cloud = new ClassicSpooler(clock, { maxInFlight, uplink: UPLINK });
  const log = new TestLog();
  const echo = new Echo({ cloud, clock, log, topic: TOPIC, patience: () => 30_000, turn: async () => {} });
  await echo.open();
  const abort = new AbortController();
  let confirmed: boolean | undefined;
  const confirm = (): void => {
    void echo.confirm(abort.signal).then((result) => {
      confirmed = result;
    });
  };
  const publish = (name: string, bytes: number) => cloud.publish('data', Buffer.from(name.padEnd(bytes)));
  const received = () =>
    cloud.received.filter(({ topic }) => topic === 'data').map(({ payload }) => Buffer.from(payload).toString().trim());
  return { clock, cloud, log, echo, abort, confirm, publish, received, result: () => confirmed };
}

test('it confirms after two probes have come back', async () => {
  const { clock, cloud, confirm, publish, received, result } = await setUp();
  await publish('a', 1_000);
  confirm();
  await clock.advance(1_000);
  expect(received()).toEqual(['a']);
  expect(result()).toBe(true);
  expect(cloud.received.filter(({ topic }) => topic === TOPIC)).toHaveLength(2);
});

test('a probe that a broken connection has put before the messages does not confirm them', async () => {
  const { clock, cloud, confirm, publish, received, result } = await setUp();
  for (const name of ['a', 'b', 'c']) await publish(name, 120_000);
  confirm();
  await settle();
  cloud.disconnect();
  await clock.advance(5_000);
  cloud.connect();
  // The probe is first now, and is back when the first of the big messages is still on its way.
  await clock.advance(300);
  expect(cloud.received.map(({ topic }) => topic)).toEqual([TOPIC]);
  cloud.die();
  await clock.advance(3_600_000);
  expect(received()).toEqual([]);
  expect(result()).toBeUndefined();
});

test('a lost probe is followed by others, less and less often', async () => {
  const { clock, cloud, confirm, log, result } = await setUp();
  cloud.disconnect();
  confirm();
  await clock.advance(86_400_000);
  const warnings = log.messages('warn').length;
  expect(warnings).toBeGreaterThan(90);
  expect(warnings).toBeLessThan(110);
  cloud.connect();
  await clock.advance(10_000);
  expect(result()).toBe(true);
});

test.each(['', '{', '{"version":1,"run":"x","probe":1}', '{"version":1,"probe":9}', 'null'])(
  'what is no probe of this run confirms nothing: %s',
  async (text) => {
    const { clock, cloud, confirm, result } = await setUp();
    const taken = cloud.publish.bind(cloud);
    // Its own probes get lost, the other comes.
    cloud.publish = async (topic) => taken(topic, Buffer.from(text));
    confirm();
    await clock.advance(120_000);
    expect(cloud.received.length).toBeGreaterThan(1);
    expect(result()).toBeUndefined();
  },
);

test('it gives up when it is asked to stop', async () => {
  const { abort, clock, cloud, confirm, result } = await setUp();
  cloud.disconnect();
  confirm();
  await clock.advance(1_000);
  abort.abort();
  await settle();
  expect(result()).toBe(false);
});

test.each([
  ['the default of five in flight, and one break of the connection', 5, 1],
  ['one in flight, and any number of breaks', 1, 6],
])(
  'with %s, all that is confirmed was received, wherever the nucleus dies',
  async (_what, maxInFlight, breaks) => {
    let confirmations = 0;
    for (let seed = 1; seed <= 300; seed++) {
      const draw = draws(seed);
      const { clock, cloud, confirm, publish, received, result } = await setUp(maxInFlight);
      const names = Array.from({ length: 1 + Math.floor(draw() * 8) }, (_, index) => `m${index}`);
      for (const name of names) await publish(name, 100 + Math.floor(draw() * 100_000));
      confirm();
      for (let count = Math.floor(draw() * (breaks + 1)); count > 0; count--) {
        await clock.advance(draw() * 2_000);
        cloud.disconnect();
        await clock.advance(draw() * 5_000);
        cloud.connect();
      }
      await clock.advance(draw() * 6_000);
      if (result() === true) {
        confirmations++;
        expect(new Set(received())).toEqual(new Set(names));
      }
      cloud.die();
      await clock.advance(100_000);
      if (result() === true) expect(new Set(received())).toEqual(new Set(names));
    }
    expect(confirmations).toBeGreaterThan(30);
    expect(confirmations).toBeLessThan(299);
  },
  30_000,
);

/** The same draws for the same seed (mulberry32). */
function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
