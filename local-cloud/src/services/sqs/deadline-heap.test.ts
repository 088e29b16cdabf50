import { type Deadline, DeadlineHeap } from './deadline-heap.ts';

const entry = (deadline: number): Deadline => ({ deadline, heapIndex: -1 });

test('gives the earliest deadline first, also after entries left from the middle', () => {
  const heap = new DeadlineHeap<Deadline>();
  const entries = Array.from({ length: 500 }, (_, index) => entry((index * 7919) % 503));
  for (const one of entries) heap.add(one);
  for (const one of entries.filter((_, index) => index % 3 === 0)) heap.remove(one);
  const expected = entries
    .filter((_, index) => index % 3 !== 0)
    .map((one) => one.deadline)
    .sort((a, b) => a - b);
  const seen: number[] = [];
  for (let next = heap.earliest(); next !== undefined; next = heap.earliest()) {
    seen.push(next.deadline);
    heap.remove(next);
  }
  expect(seen).toEqual(expected);
  expect(heap.size).toBe(0);
});

test('an entry that left may come back with another deadline', () => {
  const heap = new DeadlineHeap<Deadline>();
  const [a, b] = [entry(10), entry(20)];
  heap.add(a);
  heap.add(b);
  heap.remove(a);
  a.deadline = 30;
  heap.add(a);
  expect(heap.earliest()).toBe(b);
});
