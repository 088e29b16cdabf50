import { MemoryConnection } from '../testing/memory-connection.ts';
import { MAX_PUBLISH_RETRY, SPOOL_BYTES, Spool } from './spool.ts';

/** Source: Greengrass nucleus component, `mqtt.spooler`, and how the nucleus does it (`mqttclient/spool/Spool.java`). */

let connection: MemoryConnection;
let spool: Spool;
let timers: (() => void)[];
const logged: string[] = [];

beforeEach(() => {
  connection = new MemoryConnection();
  timers = [];
  logged.length = 0;
  const clock = {
    now: () => 0,
    after(_milliseconds: number, task: () => void) {
      timers.push(task);
      return { cancel: () => {} };
    },
  };
  spool = new Spool(connection, clock, (_level, message) => logged.push(message), 100);
});

const settle = () => new Promise((resolve) => setImmediate(resolve));
const bytes = (count: number, fill = 'x') => Buffer.alloc(count, fill);

test('the default bound is 2.5 MB', () => {
  expect(SPOOL_BYTES).toBe(2.5 * 1024 * 1024);
});

test('messages of QoS 1 wait for the connection, in order', async () => {
  connection.connected = false;
  for (let at = 0; at < 20; at++) spool.add(`t/${at}`, bytes(5), 1);
  expect(spool.bytes).toBe(100);
  connection.connect();
  for (let round = 0; round < 20; round++) await settle();
  expect(connection.published.map(({ topic }) => topic)).toEqual(Array.from({ length: 20 }, (_, at) => `t/${at}`));
  expect(spool.bytes).toBe(0);
});

test('what was under way when the connection went keeps its place', async () => {
  const publish = connection.publish.bind(connection);
  const fails: ((reason: Error) => void)[] = [];
  connection.publish = () => new Promise((_resolve, reject) => fails.push(reject));
  for (let at = 0; at < 8; at++) spool.add(`t/${at}`, bytes(5), 1);
  connection.connected = false;
  for (const fail of fails) fail(new Error('gone'));
  await settle();
  connection.publish = publish;
  connection.connected = true;
  for (const task of timers.splice(0)) task();
  for (let round = 0; round < 10; round++) await settle();
  expect(connection.published.map(({ topic }) => topic)).toEqual(Array.from({ length: 8 }, (_, at) => `t/${at}`));
});

test('a full spool refuses what is new and keeps what it has promised', () => {
  connection.connected = false;
  spool.add('a', bytes(60), 1);
  expect(() => spool.add('b', bytes(41), 1)).toThrow('Message spool is full. Message could not be added.');
  spool.add('c', bytes(40), 1);
  expect(() => spool.add('d', bytes(101), 1)).toThrow('Message is larger than the size of message spool.');
  expect(spool.bytes).toBe(100);
});

test('messages of QoS 0 are not taken offline, and make room for others', async () => {
  connection.connected = false;
  expect(() => spool.add('a', bytes(1), 0)).toThrow('offline');
  // Under way when the connection goes.
  connection.connected = true;
  connection.publish = () => new Promise(() => {});
  for (let at = 0; at < 5; at++) spool.add('away', bytes(1), 1);
  spool.add('zero', bytes(90), 0);
  connection.connected = false;
  spool.add('one', bytes(50), 1);
  expect(spool.bytes).toBe(55);
  expect(logged).toEqual(['a message of QoS 0 makes room']);
});

test('a message that the cloud refuses is tried again, and given up with a log line in the end', async () => {
  connection.refusal = new Error('quota');
  spool.add('a', bytes(10), 1);
  for (let round = 0; round <= MAX_PUBLISH_RETRY; round++) {
    await settle();
    for (const task of timers.splice(0)) task();
  }
  expect(spool.bytes).toBe(0);
  expect(logged.at(-1)).toBe('a message is dropped: the cloud does not take it');
  connection.refusal = undefined;
  spool.add('b', bytes(10), 1);
  await settle();
  expect(connection.published).toMatchObject([{ topic: 'b' }]);
});
