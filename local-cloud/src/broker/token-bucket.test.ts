import { TokenBucket } from './token-bucket.ts';

test('a second’s worth at once, then at its rate', () => {
  const bucket = new TokenBucket(10, 0);
  for (let taken = 0; taken < 10; taken++) expect(bucket.tryTake(0)).toBe(true);
  expect(bucket.tryTake(0)).toBe(false);
  expect(bucket.wait(1, 0)).toBe(100);
  expect(bucket.tryTake(99)).toBe(false);
  expect(bucket.tryTake(100)).toBe(true);
  expect(bucket.tryTake(10_000)).toBe(true);
  expect(bucket.wait(9, 10_000)).toBe(0);
  expect(bucket.wait(10, 10_000)).toBe(100);
});

test('what is taken on credit delays the next', () => {
  const bucket = new TokenBucket(1_000, 0);
  bucket.take(3_000, 0);
  expect(bucket.wait(0, 0)).toBe(2_000);
  expect(bucket.wait(0, 2_000)).toBe(0);
});

test('an infinite rate never waits', () => {
  const bucket = new TokenBucket(Infinity, 0);
  bucket.take(1e12, 0);
  expect(bucket.wait(1e12, 0)).toBe(0);
  expect(bucket.tryTake(0)).toBe(true);
});
