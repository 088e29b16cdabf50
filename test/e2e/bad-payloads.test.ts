import { basicIngestTopic, channelTopic } from '@fleetwright/contracts';
import type { MqttClient } from 'mqtt';
import type { Device } from '../../device-client/src/index.ts';
import { eventually } from '../support/eventually.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';
import { closed, connectRaw } from '../support/raw-device.ts';

let platform: TestPlatform;
let device: Device;
let client: MqttClient;
let topic: string;
let sequence = 0;

beforeAll(async () => {
  platform = await startTestPlatform();
  device = platform.device('BAD-0001');
  await device.start();
  await device.stop();
  client = await connectRaw(platform.description, device.identity, device.identity.thingName);
  const { configuration, thingName } = device.identity;
  topic = basicIngestTopic({ ...configuration, thingName }, 'telemetry', configuration.telemetryRule);
}, 60_000);
afterAll(async () => {
  client?.end(true);
  await platform?.stop();
});

const DAY = 86_400_000;
const send = (payload: string | Buffer) => client.publishAsync(topic, payload, { qos: 1 });
const message = (samples: object[], own: object = {}) =>
  JSON.stringify({ version: 1, bootId: 1, sequence: ++sequence, samples, ...own });

test.each([
  ['malformed JSON', () => '{"version":1,', 'MALFORMED_PAYLOAD'],
  ['bytes that are no text', () => Buffer.from([0xff, 0x00, 0xfe]), 'MALFORMED_PAYLOAD'],
  ['an empty payload', () => '', 'MALFORMED_PAYLOAD'],
  ['an unknown version', () => message([{ time: Date.now(), values: { v: 1 } }], { version: 2 }), 'INVALID_MESSAGE'],
  ['a wrong type', () => message([{ time: 'now', values: { v: 1 } }]), 'INVALID_MESSAGE'],
  ['a nested value', () => message([{ time: Date.now(), values: { v: { w: 1 } } }]), 'INVALID_MESSAGE'],
  ['a reserved measure', () => message([{ time: Date.now(), values: { boot_id: 1 } }]), 'INVALID_MESSAGE'],
  ['a time in the far past', () => message([{ time: Date.now() - 20 * 365 * DAY, values: { v: 1 } }]), 'TIME_TOO_OLD'],
  ['a time in the far future', () => message([{ time: Date.now() + DAY, values: { v: 1 } }]), 'TIME_IN_FUTURE'],
])('%s ends in the rejected queue with its reason and its bytes', async (_name, payload, reason) => {
  const sent = Buffer.from(payload());
  await send(sent);
  const [letter] = await platform.deadLetters(1);
  expect(letter?.rejections.map((rejection) => rejection.reason)).toEqual([reason]);
  expect(Buffer.from(letter?.envelope?.payload ?? '', 'base64').equals(sent)).toBe(true);
  expect(letter?.envelope?.clientId).toBe(device.identity.thingName);
});

test('only the bad sample of a message is rejected', async () => {
  const before = await platform.ledger.telemetryRows();
  const now = Date.now();
  await send(
    message([
      { time: now, values: { v: 1 } },
      { time: now + DAY, values: { v: 2 } },
      { time: now + 1, values: { v: 3 } },
    ]),
  );
  const [letter] = await platform.deadLetters(1);
  expect(letter?.rejections).toMatchObject([{ reason: 'TIME_IN_FUTURE', samples: [1] }]);
  await eventually('two rows', async () => (await platform.ledger.telemetryRows()) === before + 2);
});

test('the same message again is a duplicate: one row, no dead letter; other content under its sequence is a replay', async () => {
  const before = await platform.ledger.read();
  const time = Date.now();
  const original = message([{ time, values: { v: 1 } }]);
  await send(original);
  await eventually('the row', async () => (await platform.ledger.telemetryRows()) === before.telemetryRows + 1);
  await send(original);
  await send(message([{ time, values: { v: 2 } }], { sequence }));
  const [letter] = await platform.deadLetters(1);
  // The function sees it when both come in one batch, otherwise the store does.
  expect(letter?.rejections).toMatchObject([
    { reason: expect.stringMatching(/^(CONFLICTING_RECORD|REPLAYED_SEQUENCE)$/) },
  ]);
  expect(await platform.ledger.read()).toEqual({ ...before, telemetryRows: before.telemetryRows + 1 });
});

test('two samples of one millisecond keep rows of their own', async () => {
  const before = await platform.ledger.telemetryRows();
  const time = Date.now();
  await send(
    message([
      { time, values: { v: 1 } },
      { time, values: { v: 2 } },
    ]),
  );
  await send(message([{ time, values: { v: 3 } }]));
  await eventually('three rows', async () => (await platform.ledger.telemetryRows()) === before + 3);
});

test('a replayed event sequence with other content and another time is rejected', async () => {
  const { configuration, thingName } = device.identity;
  const events = channelTopic({ ...configuration, thingName }, 'event');
  const event = (time: number, v: number) =>
    JSON.stringify({ version: 1, bootId: 1, sequence: 1, samples: [{ time, values: { v } }] });
  const before = await platform.ledger.telemetryRows();
  await client.publishAsync(events, event(Date.now(), 1), { qos: 1 });
  await eventually('the event', async () => (await platform.ledger.telemetryRows()) === before + 1);
  await client.publishAsync(events, event(Date.now() + 1, 2), { qos: 1 });
  const [letter] = await platform.deadLetters(1);
  expect(letter?.rejections).toMatchObject([{ reason: 'REPLAYED_SEQUENCE' }]);
});

test('a payload over 128 KB ends the connection and is not stored', async () => {
  const before = await platform.ledger.read();
  const big = await connectRaw(platform.description, device.identity, device.identity.thingName);
  const gone = closed(big);
  big.publish(topic, Buffer.alloc(131_073), { qos: 1 }, () => {});
  await gone;
  expect(await platform.ledger.read()).toEqual(before);
});
