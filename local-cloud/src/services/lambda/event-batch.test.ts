import type { Message } from '@aws-sdk/client-sqs';
import { EventBatch } from './event-batch.ts';
import { MAX_SYNC_PAYLOAD_BYTES } from './limits.ts';

const record = ({ MessageId, Body }: Message): string => JSON.stringify({ messageId: MessageId, body: Body });

function message(id: string, body: string): Message {
  return { MessageId: id, ReceiptHandle: `handle-${id}`, Body: body };
}

function bodies(batch: EventBatch): string[] {
  const { Records } = JSON.parse(batch.event.toString()) as { Records: { body: string }[] };
  return Records.map(({ body }) => body);
}

test('messages stand in the event in their order, whatever their characters', () => {
  const batch = new EventBatch(10, record);
  const texts = ['plain', 'Grüße', '漢字', '🙂'.repeat(50_000), '"quoted"'];
  expect(batch.takeFrom(texts.map((text, index) => message(String(index), text)))).toEqual([]);
  expect(bodies(batch)).toEqual(texts);
  expect(batch.messages.map(({ receiptHandle }) => receiptHandle)).toEqual(texts.map((_, index) => `handle-${index}`));
});

test('a batch takes no more messages than its size, and answers the others', () => {
  const batch = new EventBatch(2, record);
  const left = batch.takeFrom(['a', 'b', 'c'].map((id) => message(id, id)));
  expect(left.map(({ MessageId }) => MessageId)).toEqual(['c']);
  expect([batch.full, bodies(batch)]).toEqual([true, ['a', 'b']]);
});

// source: Lambda developer guide, "Batching behavior": 6 MB
test('a message that would take the event beyond its limit is answered, and the event is whole without it', () => {
  const half = 'x'.repeat(MAX_SYNC_PAYLOAD_BYTES / 2);
  const batch = new EventBatch(10, record);
  const left = batch.takeFrom([message('a', half), message('b', half), message('c', 'small')]);
  expect(left.map(({ MessageId }) => MessageId)).toEqual(['b', 'c']);
  expect(bodies(batch)).toEqual([half]);
  expect(batch.full).toBe(true);
});

test('a message that fits no event goes alone', () => {
  const batch = new EventBatch(10, record);
  const huge = 'x'.repeat(MAX_SYNC_PAYLOAD_BYTES + 1);
  expect(batch.takeFrom([message('a', huge)])).toEqual([]);
  expect(bodies(batch)).toEqual([huge]);
});
