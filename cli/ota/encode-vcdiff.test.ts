import { decode } from '@ably/vcdiff-decoder';
import { encodeVcdiff, integer } from './encode-vcdiff.ts';

/** Bytes that look random and are the same each time. */
function bytes(length: number, seed: number): Buffer {
  const result = Buffer.alloc(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) | 0;
    result[at] = state >>> 24;
  }
  return result;
}

function roundTrip(source: Buffer, target: Buffer): Buffer {
  const delta = encodeVcdiff(source, target);
  expect(Buffer.from(decode(delta, source)).equals(target)).toBe(true);
  return delta;
}

// RFC 3284, section 2: "the integer 123456789 is encoded in 4 bytes … 186 239 154 21".
test('integers are written as RFC 3284 shows', () => {
  expect(integer(123_456_789)).toEqual([186, 239, 154, 21]);
  expect(integer(0)).toEqual([0]);
  expect(integer(127)).toEqual([127]);
  expect(integer(128)).toEqual([0x81, 0]);
});

test('a delta begins as RFC 3284 says, and names the whole source as its segment', () => {
  const source = bytes(300, 1);
  const delta = encodeVcdiff(source, source);
  expect([...delta.subarray(0, 9)]).toEqual([0xd6, 0xc3, 0xc4, 0, 0, 1, 0x82, 0x2c, 0]);
});

test('an image with small changes is decoded by another implementation, and its delta is small', () => {
  const source = bytes(200_000, 1);
  const target = Buffer.from(source);
  target.write('version 1.4.0', 1_000);
  target.write('another', 150_000);
  expect(roundTrip(source, target).length).toBeLessThan(200);
});

test('what moved, was inserted and was taken out is found', () => {
  const source = bytes(100_000, 2);
  const target = Buffer.concat([
    source.subarray(60_000),
    bytes(500, 3),
    source.subarray(0, 20_003),
    source.subarray(20_500, 60_000),
  ]);
  expect(roundTrip(source, target).length).toBeLessThan(1_000);
});

test('repetitions are written once', () => {
  const source = bytes(1_000, 4);
  const target = Buffer.concat([source, Buffer.alloc(50_000, 0xff), bytes(7, 5), Buffer.alloc(9)]);
  expect(roundTrip(source, target).length).toBeLessThan(80);
});

test.each([
  ['nothing of nothing', 0, 0],
  ['nothing of something', 100, 0],
  ['something of nothing', 0, 5_000],
  ['something shorter than a block', 7, 9],
  ['something altogether different', 3_000, 4_000],
])('%s', (_what, from, to) => {
  roundTrip(bytes(from, 6), bytes(to, 7));
});

test('an image of several windows, with copies over their borders', () => {
  const source = bytes(1_000_000, 8);
  const target = Buffer.concat([bytes(100, 9), ...Array.from({ length: 9 }, () => source)]).subarray(0, 8_500_000);
  expect(roundTrip(source, target).length).toBeLessThan(500);
}, 60_000);

test('random edits of random images always come back', () => {
  for (let round = 1; round <= 60; round++) {
    const source = bytes(1_000 + round * 97, round);
    const pieces: Buffer[] = [];
    const lots = bytes(40, round + 100);
    for (let at = 0; at < 36; at += 4) {
      const [a = 0, b = 0, c = 0, d = 0] = lots.subarray(at, at + 4);
      const from = (a * 31 + b) % source.length;
      pieces.push(d % 3 === 0 ? bytes(c % 50, d) : source.subarray(from, from + c * 4));
    }
    roundTrip(source, Buffer.concat(pieces));
  }
});
