/**
 * Records that arrived in one turn of the event loop, as one entry of a stream's log: arrival of the first (ms since the
 * epoch, 8 bytes), number of records (4 bytes), then their bytes, either with delimiters just as they are delivered, or
 * framed: each behind its length (4 bytes), which the highest bit of the number tells.
 */
const HEADER_BYTES = 12;
const LENGTH_BYTES = 4;
const FRAMED = 0x80000000;

export interface RecordBlock {
  readonly arrival: number;
  readonly records: number;
  readonly data: Buffer;
  readonly framed: boolean;
}

/** What stands between records: a delimiter, nothing, or the length of each before it. */
export type Separation = Uint8Array | undefined | 'framed';

export function writeBlock(arrival: number, records: readonly Uint8Array[], separation: Separation): Buffer {
  const framed = separation === 'framed';
  const delimiter = framed ? undefined : separation;
  let size = HEADER_BYTES;
  for (const record of records) size += record.length + (framed ? LENGTH_BYTES : (delimiter?.length ?? 0));
  const block = Buffer.allocUnsafe(size);
  block.writeDoubleBE(arrival, 0);
  block.writeUInt32BE(framed ? records.length + FRAMED : records.length, 8);
  let offset = HEADER_BYTES;
  for (const record of records) {
    if (framed) offset = block.writeUInt32BE(record.length, offset);
    block.set(record, offset);
    offset += record.length;
    if (delimiter === undefined) continue;
    block.set(delimiter, offset);
    offset += delimiter.length;
  }
  return block;
}

export function readBlock(entry: Buffer): RecordBlock {
  const count = entry.readUInt32BE(8);
  const framed = count >= FRAMED;
  return {
    arrival: entry.readDoubleBE(0),
    records: framed ? count - FRAMED : count,
    data: entry.subarray(HEADER_BYTES),
    framed,
  };
}

/** The records of a block, one by one. What was not framed comes as one piece. */
export function* recordsOf({ data, framed }: RecordBlock): Generator<Buffer> {
  if (!framed) {
    yield data;
    return;
  }
  for (let offset = 0; offset < data.length; ) {
    const length = data.readUInt32BE(offset);
    offset += LENGTH_BYTES;
    yield data.subarray(offset, offset + length);
    offset += length;
  }
}
