/**
 * A sample as it lies in the queue: which message it belongs to, decided when it is taken from the producer, and its JSON.
 *
 * | at | bytes | |
 * |---|---|---|
 * | 0 | 1 | version of this layout |
 * | 1 | 4 | boot id (little endian, as the others) |
 * | 5 | 6 | sequence of the message |
 * | 11 | | JSON of the sample |
 */
export const STAMP_BYTES = 11;
const VERSION = 1;

export interface Stamp {
  readonly bootId: number;
  readonly sequence: number;
}

export function stampSample({ bootId, sequence }: Stamp, sample: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(STAMP_BYTES + sample.length);
  bytes[0] = VERSION;
  bytes.writeUInt32LE(bootId, 1);
  bytes.writeUIntLE(sequence, 5, 6);
  bytes.set(sample, STAMP_BYTES);
  return bytes;
}

/** Undefined when the bytes are not of this layout. */
export function readStamp(bytes: Buffer): (Stamp & { readonly sample: Buffer }) | undefined {
  if (bytes.length <= STAMP_BYTES || bytes[0] !== VERSION) return undefined;
  return { bootId: bytes.readUInt32LE(1), sequence: bytes.readUIntLE(5, 6), sample: bytes.subarray(STAMP_BYTES) };
}

/** Bytes of a message around its samples, at most: numbers of 10 and 16 digits. */
export const ENVELOPE_BYTES = 80;

const COMMA = Buffer.from(',');
const END = Buffer.from(']}');

/** A telemetry message. The same stamp and samples give the same bytes, whichever process makes them. */
export function messageOf({ bootId, sequence }: Stamp, samples: readonly Buffer[]): Buffer {
  const parts: Buffer[] = [Buffer.from(`{"version":1,"bootId":${bootId},"sequence":${sequence},"samples":[`)];
  for (const [index, sample] of samples.entries()) {
    if (index > 0) parts.push(COMMA);
    parts.push(sample);
  }
  parts.push(END);
  return Buffer.concat(parts);
}
