import { failedMessages } from './batch-response.ts';

const batch = new Set(['id1', 'id2', 'id3']);

/** Lambda developer guide, "Reporting batch item failures", success and failure conditions. */
test.each(['null', '{}', '{"batchItemFailures":[]}', '{"batchItemFailures":null}'])(
  '%s is a full success',
  (payload) => {
    expect(failedMessages(payload, batch)).toEqual(new Set());
  },
);

test.each([
  'not json',
  '"text"',
  '[]',
  '7',
  '{"batchItemFailures":"id1"}',
  '{"batchItemFailures":[{"itemIdentifier":""}]}',
  '{"batchItemFailures":[{"itemIdentifier":null}]}',
  '{"batchItemFailures":[{"messageId":"id1"}]}',
  '{"batchItemFailures":["id1"]}',
  '{"batchItemFailures":[null]}',
  '{"batchItemFailures":[{"itemIdentifier":"id1"},{"itemIdentifier":"another"}]}',
])('%s is a full failure', (payload) => {
  expect(failedMessages(payload, batch)).toBe('all');
});

test('names the failed messages', () => {
  const payload = '{"batchItemFailures":[{"itemIdentifier":"id2"},{"itemIdentifier":"id3"}]}';
  expect(failedMessages(payload, batch)).toEqual(new Set(['id2', 'id3']));
});
