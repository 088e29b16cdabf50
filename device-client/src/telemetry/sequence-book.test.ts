import { rmSync } from 'node:fs';
import type { StateDirectory } from '../state-directory.ts';
import { SequenceBook } from './sequence-book.ts';
import { temporaryState } from './testing/feature-context.ts';

let state: StateDirectory;
beforeEach(() => {
  state = temporaryState();
});
afterEach(() => rmSync(state.path, { recursive: true, force: true }));

const take = (book: SequenceBook, channel: string, count: number) =>
  Array.from({ length: count }, () => book.next(channel));

test('each channel counts from one in each boot', () => {
  const book = new SequenceBook(1, state);
  expect([take(book, 'telemetry', 3), take(book, 'event', 2)]).toEqual([
    [1, 2, 3],
    [1, 2],
  ]);
  book.close();
  expect(new SequenceBook(2, state).next('telemetry')).toBe(1);
});

test('in one boot a clean stop skips nothing, and a crash no more than a block; nothing is given twice', () => {
  const first = new SequenceBook(1, state);
  take(first, 'telemetry', 3);
  first.close();
  const second = new SequenceBook(1, state);
  expect(second.next('telemetry')).toBe(4);
  // No close: it is killed.
  take(second, 'telemetry', 25_000);
  const after = new SequenceBook(1, state).next('telemetry');
  expect(after).toBeGreaterThan(25_004);
  expect(after).toBeLessThanOrEqual(25_004 + 10_001);
});

test.each(['', 'null', '{"bootId":1}', '{'])('a file that holds %j skips far ahead rather than repeating', (text) => {
  state.write('sequences.json', text);
  expect(new SequenceBook(1, state).next('telemetry')).toBeGreaterThan(1e12);
});
