import { seededEntropy } from '../../core/entropy.ts';
import { Random } from '../random.ts';
import { FRAME, FrameReader } from './frame-reader.ts';

function frames(reader: FrameReader): string[] {
  const found: string[] = [];
  while (reader.next() === FRAME.ready) {
    found.push(`${reader.header}:${reader.buffer.subarray(reader.start, reader.end).toString('latin1')}`);
  }
  return found;
}

/** A packet with a body of `length` times the letter. */
function packet(header: number, letter: string, length: number): Buffer {
  const bytes: number[] = [];
  let rest = length;
  do {
    bytes.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
    rest >>>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from([header, ...bytes]), Buffer.alloc(length, letter)]);
}

test('packets are the same however the stream is cut', () => {
  const packets = [packet(0x10, 'a', 0), packet(0x30, 'b', 127), packet(0x31, 'c', 128), packet(0x32, 'd', 20_000)];
  const stream = Buffer.concat([...packets, ...packets]);
  const whole = new FrameReader(100_000);
  whole.push(stream);
  const expected = frames(whole);
  expect(expected).toHaveLength(8);
  const random = new Random(seededEntropy('frames'));
  for (let round = 0; round < 50; round++) {
    const reader = new FrameReader(100_000);
    const found: string[] = [];
    for (let at = 0; at < stream.length; ) {
      const end = at + 1 + random.below(round % 2 === 0 ? 7 : 9_000);
      reader.push(stream.subarray(at, end));
      at = end;
      // A reader that is held takes its packets later.
      if (random.below(3) > 0) found.push(...frames(reader));
    }
    found.push(...frames(reader));
    expect(found).toEqual(expected);
  }
});

test('a packet too large is refused from its header', () => {
  const reader = new FrameReader(100);
  reader.push(packet(0x30, 'x', 98));
  expect(reader.next()).toBe(FRAME.ready);
  reader.push(Buffer.from([0x30, 99]));
  expect(reader.next()).toBe(FRAME.tooLarge);
});

test('a length of more than four bytes is malformed', () => {
  const reader = new FrameReader(100);
  reader.push(Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff]));
  expect(reader.next()).toBe(FRAME.malformed);
});

test('the first byte of a packet is known before its rest', () => {
  const reader = new FrameReader(100);
  expect(reader.firstByte).toBeUndefined();
  reader.push(Buffer.from([0x47]));
  expect(reader.next()).toBe(FRAME.incomplete);
  expect(reader.firstByte).toBe(0x47);
  reader.push(Buffer.from([0x05, 1]));
  expect(reader.next()).toBe(FRAME.incomplete);
  expect(reader.firstByte).toBe(0x47);
});
