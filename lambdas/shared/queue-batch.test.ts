import { delaySeconds } from './later-look.ts';
import { handleByKey } from './queue-batch.ts';

const record = (messageId: string, body: string) => ({ messageId, body });
const read = (body: string) => {
  if (body === '?') throw new Error('unreadable');
  return { key: body[0] as string, message: body };
};

test('messages of one key are handled in their order, and those of others meanwhile', async () => {
  const seen: string[] = [];
  const records = ['a1', 'b1', 'a2', 'b2'].map((body) => record(body, body));
  const failed = await handleByKey(
    records,
    read,
    async (_key, message) => {
      await new Promise((resolve) => setTimeout(resolve, message === 'a1' ? 20 : 1));
      seen.push(message);
    },
    () => {},
  );
  expect(failed).toEqual([]);
  expect(seen.indexOf('a1')).toBeLessThan(seen.indexOf('a2'));
  expect(seen[0]).toBe('b1');
});

test('what cannot be read or fails comes again alone', async () => {
  const problems: string[] = [];
  const failed = await handleByKey(
    [record('1', '?'), record('2', 'a1'), record('3', 'a2')],
    read,
    async (_key, message) => {
      if (message === 'a1') throw new Error('no network');
    },
    (messageId, problem) => problems.push(`${messageId} ${problem}`),
  );
  expect(failed).toEqual(['1', '2']);
  expect(problems).toEqual(['1 unreadable', '2 no network']);
});

// SQS API reference, SendMessage: DelaySeconds is a whole number from 0 to 900.
test.each([
  [10_000, 10_000, 0],
  [9_000, 10_000, 0],
  [10_001, 10_000, 1],
  [12_500, 10_000, 3],
  [10_000_000, 10_000, 900],
])('a look at %i is delayed, at %i, by %i s', (dueAt, now, seconds) => {
  expect(delaySeconds(dueAt, now)).toBe(seconds);
});
