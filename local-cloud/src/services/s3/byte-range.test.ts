import { readRange } from './byte-range.ts';

/** RFC 9110 §14.1.2; S3 API reference, "GetObject", Range. */
test.each([
  ['bytes=0-3', { start: 0, end: 3 }],
  ['bytes=4-', { start: 4, end: 9 }],
  ['bytes=-3', { start: 7, end: 9 }],
  ['bytes=-30', { start: 0, end: 9 }],
  ['bytes=8-100', { start: 8, end: 9 }],
  ['bytes=5-4', undefined],
  ['bytes=0-1,3-4', undefined],
  ['items=0-1', undefined],
  [undefined, undefined],
])('%s of ten bytes', (header, expected) => {
  expect(readRange(header, 10)).toEqual(expected);
});

test.each(['bytes=10-', 'bytes=10-11', 'bytes=-0'])('%s of ten bytes cannot be satisfied', (header) => {
  expect(() => readRange(header, 10)).toThrow(expect.objectContaining({ code: 'InvalidRange', statusCode: 416 }));
});

test('no range of an empty object can be satisfied', () => {
  expect(() => readRange('bytes=0-0', 0)).toThrow(expect.objectContaining({ code: 'InvalidRange' }));
});
