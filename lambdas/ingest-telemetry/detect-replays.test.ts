import { contentDigest, screenBatch } from './detect-replays.ts';
import type { Received } from './model.ts';
import { readMessage } from './read-message.ts';
import { fromThing, queueMessage, telemetry } from './testing/queue-messages.ts';

function received(sequence: number, temperature = 20, over = {}, bootId = 1): Received {
  const message = telemetry({ bootId, sequence, samples: [{ time: 1_000, values: { temperature } }] });
  const reading = readMessage(queueMessage(message, over), 'fleetwright-dev');
  if (!reading.ok) throw new Error(reading.rejection.detail);
  return reading.received;
}

test('the same sequence with the same content is a duplicate', () => {
  const [first, second, third] = [received(1), received(1), received(1)];
  const screening = screenBatch([first, second, third]);
  expect(screening.unique).toEqual([first]);
  expect(screening.duplicateCount).toBe(2);
  expect(screening.duplicates.get(first.messageId)).toEqual([second.messageId, third.messageId]);
  expect(screening.rejections).toEqual([]);
});

test('the same sequence with other content is a replay, and the first stands', () => {
  const [first, second] = [received(1, 20), received(1, 21)];
  const screening = screenBatch([first, second]);
  expect(screening.unique).toEqual([first]);
  expect(screening.rejections).toMatchObject([{ messageId: second.messageId, reason: 'REPLAYED_SEQUENCE' }]);
});

test('late is not replay: order does not matter', () => {
  const screening = screenBatch([received(3), received(1), received(2)]);
  expect(screening.unique).toHaveLength(3);
  expect(screening).toMatchObject({ rejections: [], duplicateCount: 0, gaps: 0 });
});

test.each([
  ['another boot', received(1, 21, {}, 2)],
  ['another thing', received(1, 21, fromThing('fleetwright-dev-pump-station-PS-0002'))],
  ['another channel', received(1, 21, fromThing('fleetwright-dev-pump-station-PS-0001', 'event'))],
])('%s counts its sequence numbers apart', (_name, other) => {
  expect(screenBatch([received(1, 20), other])).toMatchObject({ unique: [{}, {}], rejections: [] });
});

test('missing sequence numbers are counted for each stream of the batch', () => {
  const other = fromThing('fleetwright-dev-pump-station-PS-0002');
  expect(
    screenBatch([received(5), received(1), received(2), received(9, 20, other), received(7, 20, other)]).gaps,
  ).toBe(3);
});

test('the digest of a message does not depend on the order of its values', () => {
  const one = telemetry({ samples: [{ time: 1, values: { a: 1, b: 2 } }] });
  const two = telemetry({ samples: [{ time: 1, values: { b: 2, a: 1 } }] });
  const three = telemetry({ samples: [{ time: 1, values: { a: 2, b: 1 } }] });
  expect(contentDigest(one)).toBe(contentDigest(two));
  expect(contentDigest(one)).not.toBe(contentDigest(three));
  expect(contentDigest(one)).toHaveLength(12);
});
