import { parseSegmentName, segmentFileName } from './file-names.ts';

test.each([0, 9_999, 10_000, 1_234_567])('a name says all that it was made of, generation %d', (generation) => {
  const id = { rank: 1, number: 42, generation, salt: 0x00c0ffee };
  expect(parseSegmentName(segmentFileName(id))).toEqual(id);
});

test.each(['lock', 'state-0000000001-00c0ffee', '1-0000000001-0000-00c0ffee.segment.new'])(
  '%s is no segment',
  (name) => {
    expect(parseSegmentName(name)).toBeUndefined();
  },
);
