import { encode } from 'cbor-x';
import { readMessage } from './read-message.ts';
import { envelopeOf, queueMessage, THING, TOPIC, telemetry } from './testing/queue-messages.ts';

const ROOT = 'fleetwright-dev';

test('a JSON message is read down to its samples and its place', () => {
  const reading = readMessage(queueMessage(telemetry()), ROOT);
  expect(reading).toMatchObject({
    ok: true,
    received: {
      channel: 'telemetry',
      address: { topicRoot: ROOT, site: 'north', deviceType: 'pump-station', thingName: THING },
      message: telemetry(),
    },
  });
});

test('the same message in CBOR reads the same', () => {
  const json = readMessage(queueMessage(telemetry()), ROOT);
  const cbor = readMessage(queueMessage(encode(telemetry())), ROOT);
  expect(json.ok && cbor.ok && cbor.received.message).toEqual(json.ok && json.received.message);
});

test('a Basic Ingest topic reads as the ordinary one behind it', () => {
  const message = queueMessage(telemetry(), { topic: `$aws/rules/fleetwright_dev_telemetry/${TOPIC}` });
  expect(readMessage(message, ROOT)).toMatchObject({ ok: true, received: { channel: 'telemetry' } });
});

test.each([
  ['empty', Buffer.alloc(0)],
  ['broken JSON', Buffer.from('{"version":1')],
  ['text that is not UTF-8', Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
  ['CBOR that ends early', Buffer.from([0xa4, 0x61])],
  ['a CBOR tag without its value', Buffer.from([0xd9, 0xd9, 0xf7])],
])('a payload that is %s is malformed', (_name, payload) => {
  expect(readMessage(queueMessage(payload), ROOT)).toMatchObject({
    ok: false,
    rejection: { reason: 'MALFORMED_PAYLOAD' },
    envelope: { topic: TOPIC },
  });
});

test('a CBOR number that JSON cannot hold is invalid, not malformed', () => {
  const payload = encode({ ...telemetry(), samples: [{ time: 1, values: { a: 2n ** 63n } }] });
  expect(readMessage(queueMessage(payload), ROOT)).toMatchObject({ rejection: { reason: 'INVALID_MESSAGE' } });
});

test.each([
  ['another root', { topic: TOPIC.replace(ROOT, 'fleetwright-prod') }],
  ['too few levels', { topic: `${ROOT}/north/${THING}/telemetry` }],
  ['an empty level', { topic: `${ROOT}//pump-station/${THING}/telemetry` }],
  ['another channel', { topic: TOPIC.replace('/telemetry', '/health') }],
  ['another client', { clientId: 'fleetwright-dev-pump-station-PS-0002' }],
])('a topic with %s is foreign', (_name, over) => {
  expect(readMessage(queueMessage(telemetry(), over), ROOT)).toMatchObject({
    ok: false,
    rejection: { reason: 'FOREIGN_TOPIC' },
  });
});

test('a message that came over HTTPS has no client id to compare', () => {
  expect(readMessage(queueMessage(telemetry(), { clientId: 'n/a' }), ROOT).ok).toBe(true);
});

test.each(['', 'null', '[]', '{}', JSON.stringify({ ...envelopeOf({}), payload: 5 })])(
  'a queue message that no rule sends is rejected whole: %s',
  (body) => {
    const reading = readMessage({ messageId: 'm', body }, ROOT);
    expect(reading).toEqual({
      ok: false,
      rejection: { messageId: 'm', reason: 'MALFORMED_PAYLOAD', detail: expect.any(String) },
    });
  },
);
