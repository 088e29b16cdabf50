import { decode } from '@ably/vcdiff-decoder';

/** "VCD" with its high bits, and version 0 (RFC 3284 section 4.1). */
const MAGIC = Buffer.from([0xd6, 0xc3, 0xc4, 0x00]);
/** Our deltas have neither a secondary compressor nor a code table of their own. */
const PLAIN = Buffer.from([0x00]);
const HEADER = Buffer.concat([MAGIC, PLAIN]);
/** bytes of target that one window may make */
const MAX_WINDOW = 8 * 1_048_576;
const VCD_SOURCE = 0x01;

/**
 * The image that a delta makes of a source, window by window, so that no more than one of them is in memory, and the process
 * does other things between two. Only what the decoder reads is decided here: where a window ends, and how large it may become.
 *
 * @param size of the image: more is refused before it is made
 * @throws RangeError for a delta that is not well formed; errors of the decoder
 */
export function* applyDelta(delta: Buffer, source: Buffer, size: number): Generator<Uint8Array> {
  if (!delta.subarray(0, HEADER.length).equals(HEADER)) throw new RangeError('this is no plain VCDIFF');
  let made = 0;
  for (let at = HEADER.length; at < delta.length; ) {
    const { end, targetSize } = measureWindow(delta, at, source.length);
    if (targetSize > MAX_WINDOW || made + targetSize > size) {
      throw new RangeError(`a window makes ${targetSize} bytes, more than there is room for`);
    }
    const window = decode(Buffer.concat([HEADER, delta.subarray(at, end)]), source);
    if (window.length !== targetSize) throw new RangeError('a window makes another number of bytes than it says');
    made += window.length;
    yield window;
    at = end;
  }
  if (made !== size) throw new RangeError(`the delta makes ${made} bytes of ${size}`);
}

/** Reads the head of a window (RFC 3284 section 4.2 and 4.3). */
function measureWindow(delta: Buffer, start: number, sourceSize: number): { end: number; targetSize: number } {
  let at = start;
  const integer = (): number => {
    for (let value = 0, digits = 0; digits < 5; digits++) {
      const byte = delta[at++];
      if (byte === undefined) break;
      value = value * 128 + (byte & 0x7f);
      if ((byte & 0x80) === 0) return value;
    }
    throw new RangeError('a number of the delta does not end');
  };
  const indicator = delta[at++];
  if (indicator !== VCD_SOURCE && indicator !== 0) throw new RangeError(`window indicator ${indicator} is not known`);
  if (indicator === VCD_SOURCE) {
    const length = integer();
    const position = integer();
    if (position + length > sourceSize) throw new RangeError('a window reads behind the end of its source');
  }
  const length = integer();
  const end = at + length;
  if (end > delta.length) throw new RangeError('a window ends behind the end of the delta');
  return { end, targetSize: integer() };
}
