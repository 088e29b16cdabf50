import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { readAdmission } from './read-admission.ts';

function table(item: object | undefined) {
  const inputs: unknown[] = [];
  const client = {
    async send({ input }: { input: unknown }) {
      inputs.push(input);
      return { Item: item };
    },
  } as unknown as DynamoDBClient;
  return { client, inputs };
}

test('an entry is read consistently, by serial number', async () => {
  const { client, inputs } = table({ serialNumber: { S: 'PS-0001' }, status: { S: 'allowed' }, site: { S: 'north' } });
  expect(await readAdmission(client, 'table', 'PS-0001', 1_000)).toEqual({ status: 'allowed', site: 'north' });
  expect(inputs).toEqual([{ TableName: 'table', Key: { serialNumber: { S: 'PS-0001' } }, ConsistentRead: true }]);
});

test('no entry is undefined, and an entry that cannot be read is an error, not an admission', async () => {
  expect(await readAdmission(table(undefined).client, 'table', 'PS-0001', 1_000)).toBeUndefined();
  await expect(readAdmission(table({ status: { S: 'maybe' } }).client, 'table', 'PS-0001', 1_000)).rejects.toThrow();
});

test('a table that does not answer in time is given up', async () => {
  const client = {
    send: (_command: unknown, { abortSignal }: { abortSignal: AbortSignal }) =>
      new Promise((_resolve, reject) => abortSignal.addEventListener('abort', () => reject(abortSignal.reason))),
  } as unknown as DynamoDBClient;
  // A timeout of AbortSignal does not keep the process alive by itself.
  const alive = setInterval(() => {}, 10);
  await expect(readAdmission(client, 'table', 'PS-0001', 20)).rejects.toThrow(/timeout/i);
  clearInterval(alive);
});
