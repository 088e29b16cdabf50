import { writeLetters } from './dead-letters.ts';
import { sendLetters } from './send-letters.ts';

const pause = async () => {};
const letters = (count: number, bytes = 10) =>
  Array.from({ length: count }, (_, n) => ({ messageId: `m${n}`, body: 'x'.repeat(bytes) }));

test('letters go in batches of at most ten and 256 KiB', async () => {
  const sizes: [number, number][] = [];
  const port = {
    async send(batch: readonly { body: string }[]) {
      sizes.push([batch.length, batch.reduce((sum, { body }) => sum + body.length, 0)]);
      return [];
    },
  };
  expect(await sendLetters([...letters(12), ...letters(3, 120_000)], port, pause)).toEqual(new Set());
  expect(sizes.reduce((sum, [count]) => sum + count, 0)).toBe(15);
  for (const [count, bytes] of sizes) {
    expect(count).toBeLessThanOrEqual(10);
    expect(bytes).toBeLessThanOrEqual(262_144);
  }
});

test('entries that the queue does not take are sent again, and only they', async () => {
  const sent: string[][] = [];
  const port = {
    async send(batch: readonly { messageId: string }[]) {
      sent.push(batch.map(({ messageId }) => messageId));
      return sent.length === 1 ? [1] : [];
    },
  };
  expect(await sendLetters(letters(3), port, pause)).toEqual(new Set());
  expect(sent).toEqual([['m0', 'm1', 'm2'], ['m1']]);
});

test('letters that are never taken are named', async () => {
  const port = { send: () => Promise.reject(new Error('down')) };
  expect(await sendLetters(letters(2), port, pause)).toEqual(new Set(['m0', 'm1']));
});

test('a letter with every sample refused for a reason of its own stays below 256 KiB', () => {
  const payload = Buffer.alloc(131_072, 1).toString('base64');
  const envelope = { topic: 't', payload, clientId: 'c', principal: 'p', receivedAt: 1, traceId: 'x' };
  const rejections = Array.from({ length: 500 }, (_, sample) => ({
    messageId: 'm',
    sample,
    reason: 'STORE_REJECTED' as const,
    detail: `${sample}: ${'long '.repeat(500)}`,
  }));
  const [letter] = writeLetters(rejections, () => ({ envelope }), 1);
  expect(Buffer.byteLength(letter?.body ?? '')).toBeLessThan(262_144);
  const named = JSON.parse(letter?.body ?? '').rejections.flatMap(({ samples }: { samples: number[] }) => samples);
  expect(named.sort((a: number, b: number) => a - b)).toEqual(rejections.map(({ sample }) => sample));
});
