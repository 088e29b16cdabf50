import { encodeVcdiff } from '../testing/vcdiff-encoder.ts';
import { applyDelta } from './apply-delta.ts';

const source = Buffer.from('the quick brown fox jumps over the lazy dog');
const windows = [
  [{ copy: [4, 15] as const }, { add: Buffer.from(', and ') }],
  [{ copy: [35, 8] as const }, { add: Buffer.from('!') }],
];
const image = Buffer.from('quick brown fox, and lazy dog!');
const delta = encodeVcdiff(source.length, windows);
const applied = (bytes: Buffer, size = image.length) => Buffer.concat([...applyDelta(bytes, source, size)]);

test('a delta makes the image, one window at a time', () => {
  const made = [...applyDelta(delta, source, image.length)];
  expect(made).toHaveLength(2);
  expect(Buffer.concat(made).toString()).toBe(image.toString());
});

// source: RFC 3284, section 4.2, "source segment" of a window, and section 4.3, its delta encoding
test.each<[string, Buffer]>([
  ['another magic', Buffer.concat([Buffer.from('VCDX'), delta.subarray(4)])],
  ['a secondary compressor', Buffer.concat([delta.subarray(0, 4), Buffer.from([1]), delta.subarray(5)])],
  ['a window of the target', Buffer.concat([delta.subarray(0, 5), Buffer.from([2]), delta.subarray(6)])],
  ['a source that is longer than there is', encodeVcdiff(source.length + 1, windows)],
  ['an end that is missing', delta.subarray(0, delta.length - 3)],
  ['a number that does not end', Buffer.concat([delta.subarray(0, 6), Buffer.alloc(6, 0xff)])],
])('a delta with %s is refused', (_what, bytes) => {
  expect(() => applied(bytes)).toThrow(RangeError);
});

test('a delta that makes more or less than the image is refused before it does', () => {
  expect(() => applied(delta, image.length - 1)).toThrow('more than there is room for');
  expect(() => applied(delta, image.length + 1)).toThrow(RangeError);
});

test('a window that asks for more memory than a window may is refused', () => {
  const huge = encodeVcdiff(0, [[{ add: Buffer.alloc(9 * 1_048_576) }]]);
  expect(() => [...applyDelta(huge, Buffer.alloc(0), 9 * 1_048_576)]).toThrow('more than there is room for');
});
