/**
 * Records that arrived in one turn of the event loop, as one entry of a stream's log:
 * arrival of the first (ms since the epoch, 8 bytes), number of records (4 bytes), then their bytes with delimiters,
 * just as they are delivered.
 */
const HEADER_BYTES = 12;

export interface RecordBlock {
  readonly arrival: number;
  readonly records: number;
  readonly data: Buffer;
}

export function writeBlock(arrival: number, records: readonly Uint8Array[], delimiter: Uint8Array | undefined): Buffer {
  let size = HEADER_BYTES;
  for (const record of records) size += record.length + (delimiter?.length ?? 0);
  const block = Buffer.allocUnsafe(size);
  block.writeDoubleBE(arrival, 0);
  block.writeUInt32BE(records.length, 8);
  let offset = HEADER_BYTES;
  for (const record of records) {
    block.set(record, offset);
    offset += record.length;
    if (delimiter === undefined) continue;
    block.set(delimiter, offset);
    offset += delimiter.length;
  }
  return block;
}

export function readBlock(entry: Buffer): RecordBlock {
  return {
    arrival: entry.readDoubleBE(0),
    records: entry.readUInt32BE(8),
    data: entry.subarray(HEADER_BYTES),
  };
}
