import { ManualClock } from '../../../core/clock.ts';
import { Deadlines } from './deadlines.ts';

const DAY = 86_400_000;

test('deadlines run in the order of their times, whatever the order they were set in', async () => {
  const clock = new ManualClock(0);
  const deadlines = new Deadlines(clock);
  const ran: string[] = [];
  for (const [key, at] of [
    ['c', 30],
    ['a', 10],
    ['d', 40],
    ['b', 20],
  ] as const) {
    deadlines.set(key, at, () => ran.push(key));
  }
  await clock.advance(35);
  expect(ran).toEqual(['a', 'b', 'c']);
  await clock.advance(5);
  expect(ran).toEqual(['a', 'b', 'c', 'd']);
});

test('a deadline that is set again or cleared does not run at its old time', async () => {
  const clock = new ManualClock(0);
  const deadlines = new Deadlines(clock);
  const ran: string[] = [];
  deadlines.set('moved', 10, () => ran.push('early'));
  deadlines.set('moved', 50, () => ran.push('late'));
  deadlines.set('gone', 20, () => ran.push('gone'));
  deadlines.clear('gone');
  await clock.advance(49);
  expect(ran).toEqual([]);
  await clock.advance(1);
  expect(ran).toEqual(['late']);
});

test('a deadline that has passed runs at once, one that is years away in its time', async () => {
  const clock = new ManualClock(1000);
  const deadlines = new Deadlines(clock);
  const ran: string[] = [];
  deadlines.set('far', 400 * DAY, () => ran.push('far'));
  deadlines.set('past', 10, () => ran.push('past'));
  await clock.advance(0);
  expect(ran).toEqual(['past']);
  await clock.advance(400 * DAY - 1001);
  expect(ran).toEqual(['past']);
  await clock.advance(1);
  expect(ran).toEqual(['past', 'far']);
});

test('a task may set its deadline anew', async () => {
  const clock = new ManualClock(0);
  const deadlines = new Deadlines(clock);
  let runs = 0;
  const run = (): void => {
    runs += 1;
    deadlines.set('again', clock.now() + 10, run);
  };
  deadlines.set('again', 10, run);
  await clock.advance(100);
  expect(runs).toBe(10);
  deadlines.stop();
  await clock.advance(100);
  expect(runs).toBe(10);
});

test('deadlines that are replaced or cleared over and over do not pile up', async () => {
  const clock = new ManualClock(0);
  const deadlines = new Deadlines(clock);
  let ran = 0;
  for (let round = 0; round < 10_000; round++) {
    deadlines.set('moving', DAY + round, () => void ran++);
    deadlines.set(`gone ${round}`, DAY, () => void ran++);
    deadlines.clear(`gone ${round}`);
  }
  expect(deadlines.size).toBeLessThan(100);
  await clock.advance(2 * DAY);
  expect(ran).toBe(1);
});
