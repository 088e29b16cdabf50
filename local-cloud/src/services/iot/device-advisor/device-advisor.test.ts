import { backoffOf } from './backoff.ts';
import { offeredSuites } from './client-hello.ts';

function hello(...suites: number[]): Buffer {
  const body = Buffer.alloc(2 + suites.length * 2);
  body.writeUInt16BE(suites.length * 2, 0);
  for (const [at, suite] of suites.entries()) body.writeUInt16BE(suite, 2 + at * 2);
  const head = Buffer.alloc(44);
  head[0] = 0x16;
  head[5] = 0x01;
  return Buffer.concat([head, body]);
}

// Developer guide, `transport-security`: "(recommended)" and supported suites; RFC 8701 for 0x1a1a.
test('offered cipher suites are told apart', () => {
  expect(offeredSuites(hello(0x1a1a, 0xc02b, 0x0035, 0x000a, 0x00ff))).toEqual({
    recommended: ['ECDHE-ECDSA-AES128-GCM-SHA256'],
    supported: ['ECDHE-ECDSA-AES128-GCM-SHA256', 'AES256-SHA'],
    unsupported: ['0x000a'],
  });
  expect(offeredSuites(Buffer.from('GET / HTTP/1.1'))).toBeUndefined();
});

test.each([
  [[0, 1000, 3000, 7000, 15000, 31000], 'exponential'],
  [[0, 1000, 2000, 3010, 4000, 5000], 'constant'],
  [[0, 900, 3100, 4000, 9000, 11000], 'jitter'],
])('attempts at %o wait with %s', (times, kind) => {
  expect(backoffOf(times)).toBe(kind);
});
