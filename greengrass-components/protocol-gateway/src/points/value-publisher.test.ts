import { expect, test } from '@jest/globals';
import type { FieldMessage, FieldValue } from '../../../../contracts/src/index.ts';
import type { LocalBus } from '../../../shared/src/component.ts';
import { ManualClock } from '../../../shared/src/testing/manual-clock.ts';
import { TestLog } from '../../../shared/src/testing/test-log.ts';
import { ValuePublisher } from './value-publisher.ts';

const value = (series: string, number: number): FieldValue => ({
  series,
  time: number,
  value: number,
  quality: 'good',
});

function bench(interval: number) {
  const clock = new ManualClock();
  const messages: FieldMessage[] = [];
  const waiting: (() => void)[] = [];
  let slow = false;
  const bus: LocalBus = {
    publish: async (_topic, message) => {
      if (slow) await new Promise<void>((resolve) => waiting.push(resolve));
      messages.push(message as FieldMessage);
    },
    subscribe: async () => ({ end: async () => {} }),
  };
  const publisher = new ValuePublisher('a', interval, { bus, clock, log: new TestLog() });
  return {
    clock,
    messages,
    publisher,
    block: () => {
      slow = true;
    },
    release: () => {
      slow = false;
      for (const resolve of waiting.splice(0)) resolve();
    },
  };
}

test('the first value goes out at once, what comes within the interval goes out together', async () => {
  const { clock, messages, publisher } = bench(50);
  publisher.add([value('a_x', 1)]);
  publisher.add([value('a_x', 2)]);
  publisher.add([value('a_y', 3)]);
  await clock.advance(49);
  expect(messages.map(({ values }) => values.length)).toEqual([1]);
  await clock.advance(1);
  expect(messages.map(({ values }) => values.map(({ value: number }) => number))).toEqual([[1], [2, 3]]);
});

test('a flood is bounded: the newest value of each series stays, and the others are counted', async () => {
  const { block, clock, messages, publisher, release } = bench(0);
  block();
  publisher.add([value('a_first', 0)]);
  for (let number = 1; number <= 10_000; number++) publisher.add([value(`a_${number % 5}`, number)]);
  release();
  for (let round = 0; round < 10; round++) await clock.advance(1);
  const all = messages.flatMap(({ values }) => values);
  expect(all.length).toBeLessThanOrEqual(2_001);
  expect(publisher.counts.coalesced + all.length).toBe(10_001);
  expect(all.filter(({ series }) => series === 'a_0').at(-1)?.value).toBe(10_000);
  expect(Math.max(...messages.map(({ values }) => values.length))).toBeLessThanOrEqual(500);
  const times = all.map(({ time }) => time);
  expect(times).toEqual([...times].sort((left, right) => left - right));
});
