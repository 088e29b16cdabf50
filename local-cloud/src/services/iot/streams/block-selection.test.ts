import { readBlockRequest, runsOf, selectBlocks } from './block-selection.ts';

const KB = 1024;

describe('the blocks of a GetStream request', () => {
  // mqtt-based-file-delivery-in-devices, "Build a bitmap for a GetStream request"
  test('are those of the guide for its bitmap', () => {
    const request = readBlockRequest({ c: '1', s: 1, l: 256, f: 1, o: 20, n: 32, b: '0x130080' });
    expect(selectBlocks(request, 100 * 256)).toEqual([20, 21, 24, 43]);
  });

  test('are cut at n, also with a bitmap', () => {
    const request = readBlockRequest({ l: 256, f: 1, o: 20, n: 2, b: '130080' });
    expect(selectBlocks(request, 100 * 256)).toEqual([20, 21]);
  });

  test('follow the offset without a bitmap, up to the end of the file', () => {
    expect(selectBlocks(readBlockRequest({ f: 0, l: 4 * KB, o: 2, n: 100 }), 20 * KB)).toEqual([2, 3, 4]);
  });

  test('are at most 128 KB at once', () => {
    const all = selectBlocks(readBlockRequest({ f: 0, l: 32 * KB, n: 5 }), 1024 * KB);
    expect(all).toEqual([0, 1, 2, 3]);
    expect(selectBlocks(readBlockRequest({ f: 0, l: 131_072 }), 1024 * KB)).toEqual([0]);
  });

  test('are not found behind the end of the file', () => {
    expect(() => selectBlocks(readBlockRequest({ f: 0, l: 256, o: 4, n: 1 }), 1024)).toThrow(
      expect.objectContaining({ code: 'ResourceNotFound' }),
    );
  });
});

test.each([
  [{ f: 0, l: 255 }, 'BlockSizeOutOfBounds'],
  [{ f: 0, l: 131_073 }, 'BlockSizeOutOfBounds'],
  [{ f: 0, l: 256, o: 98_305 }, 'OffsetOutOfBounds'],
  [{ f: 0, l: 256, o: -1 }, 'OffsetOutOfBounds'],
  [{ f: 0, l: 256, n: 98_305 }, 'BlockCountLimitExceeded'],
  [{ f: 0, l: 256, b: 'ff'.repeat(12_288) }, 'BlockBitmapLimitExceeded'],
  [{ f: 0, l: 256, b: 'xyz' }, 'InvalidRequest'],
  [{ f: 256, l: 256 }, 'InvalidRequest'],
  [{ l: 256 }, 'InvalidRequest'],
  [{ f: 0 }, 'InvalidRequest'],
  [{ f: 0, l: '256' }, 'InvalidRequest'],
])('%j is refused with %s', (payload, code) => {
  expect(() => readBlockRequest(payload)).toThrow(expect.objectContaining({ code }));
});

test('neighbouring blocks are read together', () => {
  expect(runsOf([1, 2, 3, 7, 9, 10])).toEqual([
    [1, 3],
    [7, 7],
    [9, 10],
  ]);
});
