import { encodeFrame, type Frame, FrameReader, MAX_FRAME_BYTES, MESSAGE_TYPE } from './frames.ts';

const FRAME: Frame = {
  type: MESSAGE_TYPE.applicationMessage,
  flags: 2,
  streamId: 7,
  headers: { operation: { type: 'string', value: 'aws.greengrass#PublishToTopic' } },
  payload: Buffer.from('{"topic":"a"}'),
};

function plain(frame: Frame): object {
  return { ...frame, payload: Buffer.from(frame.payload).toString() };
}

test('frames come out as they went in, in whatever pieces they come', () => {
  const bytes = Buffer.concat([encodeFrame(FRAME), encodeFrame({ ...FRAME, streamId: 8 })]);
  for (const size of [1, 2, 11, 12, 13, 40, bytes.length]) {
    const reader = new FrameReader();
    const frames: Frame[] = [];
    for (let at = 0; at < bytes.length; at += size) frames.push(...reader.push(bytes.subarray(at, at + size)));
    expect(frames.map(plain)).toEqual([plain(FRAME), plain({ ...FRAME, streamId: 8 })]);
  }
});

test('one flipped bit anywhere is found', () => {
  const good = Buffer.from(encodeFrame(FRAME));
  for (let at = 0; at < good.length; at++) {
    const bad = Buffer.from(good);
    bad[at] = (bad[at] as number) ^ 0x10;
    const read = (): Frame[] => [...new FrameReader().push(bad)];
    // A length that has grown waits for more; everything else is refused.
    if (at < 4) {
      try {
        expect(read()).toEqual([]);
      } catch (error) {
        expect(error).toMatchObject({ code: 'FRAME_INVALID' });
      }
    } else expect(read).toThrow(expect.objectContaining({ code: 'FRAME_INVALID' }));
  }
});

test.each([
  ['a frame beyond the limit', MAX_FRAME_BYTES + 1, 0],
  ['a frame too short to be one', 15, 0],
  ['headers longer than their frame', 100, 90],
  ['headers beyond the limit', 1_000_000, 200_000],
])('%s is refused before it is waited for', (_what, length, headers) => {
  const head = Buffer.alloc(12);
  head.writeUInt32BE(length, 0);
  head.writeUInt32BE(headers, 4);
  expect(() => [...new FrameReader().push(head)]).toThrow(expect.objectContaining({ code: 'FRAME_INVALID' }));
});

test('a frame without its protocol headers is refused', () => {
  const bytes = Buffer.from(encodeFrame({ ...FRAME, type: 9 as never }));
  expect(() => [...new FrameReader().push(bytes)]).toThrow('message type 9');
});
