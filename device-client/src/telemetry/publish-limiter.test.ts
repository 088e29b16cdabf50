import { PublishLimiter, settleLimits } from './publish-limiter.ts';

/** Sends as fast as the limiter lets it; answers when each message went, and how large it was. */
function send(seconds: number, size: () => number, limits = {}): { at: number; bytes: number }[] {
  const limiter = new PublishLimiter(settleLimits(limits), 0);
  const sent: { at: number; bytes: number }[] = [];
  let bytes = size();
  for (let now = 0; now < seconds * 1000; ) {
    const wait = limiter.take('t', Buffer.alloc(bytes), now);
    if (wait > 0) now += wait;
    else {
      sent.push({ at: now, bytes });
      bytes = size();
    }
  }
  return sent;
}

function most(sent: readonly { at: number; bytes: number }[], of: (each: { bytes: number }) => number): number {
  let best = 0;
  for (const { at } of sent) {
    const sum = sent
      .filter((other) => other.at >= at && other.at < at + 1000)
      .reduce((total, each) => total + of(each), 0);
    best = Math.max(best, sum);
  }
  return best;
}

test('no second holds more messages than allowed, and nearly as many', () => {
  const sent = send(10, () => 10);
  expect(most(sent, () => 1)).toBeLessThanOrEqual(90);
  expect(sent.length).toBeGreaterThan(650);
});

test('no second holds more bytes than allowed, with the largest messages too', () => {
  for (const size of [131_072, 60_000, 8_000]) {
    const sent = send(10, () => size);
    expect(most(sent, ({ bytes }) => bytes)).toBeLessThanOrEqual(448 * 1024);
    expect(sent.reduce((sum, { bytes }) => sum + bytes, 0)).toBeGreaterThan(10 * 300 * 1024);
  }
});

test('a clock that is set back does not let more through, nor stop everything', () => {
  const limiter = new PublishLimiter(settleLimits({ publishesPerSecond: 10 }), 1_000_000);
  while (limiter.take('t', Buffer.alloc(1), 1_000_000) === 0);
  expect(limiter.take('t', Buffer.alloc(1), 0)).toBeGreaterThan(0);
  expect(limiter.take('t', Buffer.alloc(1), 200)).toBe(0);
});
