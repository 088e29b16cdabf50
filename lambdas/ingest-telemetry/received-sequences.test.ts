import type { AttributeValue, DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { receivedSequences } from './received-sequences.ts';

type Item = Record<string, AttributeValue>;

/** Evaluates the one shape of conditional update that is sent. */
function table() {
  const items = new Map<string, Item>();
  const writes: string[] = [];
  const client = {
    async send({ input }: UpdateItemCommand) {
      const { stream, block } = input.Key as { stream: { S: string }; block: { N: string } };
      const key = `${stream.S}#${block.N}`;
      const item = items.get(key) ?? {};
      const names = input.ExpressionAttributeNames ?? {};
      writes.push(key);
      for (const [, name] of (input.ConditionExpression ?? '').matchAll(/attribute_not_exists\((#\w+)\)/g)) {
        if (item[names[name as string] as string] !== undefined) {
          throw Object.assign(new Error('refused'), { name: 'ConditionalCheckFailedException', Item: item });
        }
      }
      const next = { ...item };
      for (const [, name, value] of (input.UpdateExpression ?? '').matchAll(/(#\w+) = (:\w+)/g)) {
        next[names[name as string] as string] = input.ExpressionAttributeValues?.[value as string] as AttributeValue;
      }
      items.set(key, next);
    },
  } as unknown as DynamoDBClient;
  return { items, writes, client };
}

const claims = (...pairs: [number, string][]) =>
  pairs.map(([sequence, digest]) => ({ stream: 'thing/event/1', sequence, digest }));

test('numbers are new, then duplicates, and replays when their content differs', async () => {
  const { client } = table();
  const port = receivedSequences(client, 'table', 90, () => 0, fail);
  expect(await port.claim(claims([1, 'a'], [2, 'b']))).toEqual(['new', 'new']);
  expect(await port.claim(claims([1, 'a'], [2, 'x'], [3, 'c']))).toEqual(['duplicate', 'replay', 'new']);
  expect(await port.claim(claims([2, 'b'], [3, 'c']))).toEqual(['duplicate', 'duplicate']);
});

test('a replay does not replace what was received first', async () => {
  const { client, items } = table();
  const port = receivedSequences(client, 'table', 90, () => 0, fail);
  await port.claim(claims([1, 'a']));
  await port.claim(claims([1, 'x']));
  expect(items.get('thing/event/1#0')?.d1).toEqual({ S: 'a' });
});

test('numbers of one block share one write, and a full block stays below one write unit', async () => {
  const { client, items, writes } = table();
  const port = receivedSequences(client, 'table', 90, () => 0, fail);
  await port.claim(claims(...Array.from({ length: 64 }, (_, n): [number, string] => [n, 'abcdefghijkl'])));
  expect(writes).toEqual(['thing/event/1#0', 'thing/event/1#1']);
  expect(JSON.stringify(items.get('thing/event/1#1')).length).toBeLessThan(1024);
});

test('what was received is forgotten after the configured days', async () => {
  const { client, items } = table();
  await receivedSequences(client, 'table', 2, () => 5_000, fail).claim(claims([1, 'a']));
  expect(items.get('thing/event/1#0')?.expiresAt).toEqual({ N: String(5 + 2 * 86_400) });
});

test('numbers stay undecided while the table is throttled', async () => {
  const throttled = Object.assign(new Error('slow'), {
    name: 'ThrottlingException',
    $metadata: { httpStatusCode: 400 },
  });
  const failures: unknown[] = [];
  const client = { send: () => Promise.reject(throttled) } as unknown as DynamoDBClient;
  const port = receivedSequences(
    client,
    'table',
    90,
    () => 0,
    (error) => failures.push(error),
  );
  expect(await port.claim(claims([1, 'a'], [2, 'b']))).toEqual([undefined, undefined]);
  expect(failures).toEqual([throttled]);
});

test('a missing permission fails the invocation', async () => {
  const denied = Object.assign(new Error('denied'), {
    name: 'AccessDeniedException',
    $metadata: { httpStatusCode: 400 },
  });
  const client = { send: () => Promise.reject(denied) } as unknown as DynamoDBClient;
  await expect(receivedSequences(client, 'table', 90, () => 0, fail).claim(claims([1, 'a']))).rejects.toBe(denied);
});

function fail(error: unknown): never {
  throw error;
}
