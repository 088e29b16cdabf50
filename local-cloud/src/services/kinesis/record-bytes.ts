/** A record in the log: u32 stream, u32 shard, f64 arrival (ms), u16 length of the partition key, the key, the data. */
export interface DataRecord {
  readonly stream: number;
  readonly shard: number;
  readonly arrival: number;
  readonly partitionKey: string;
  readonly data: Uint8Array;
}

const FIXED_BYTES = 18;

export function encodeRecord({ stream, shard, arrival, partitionKey, data }: DataRecord): Buffer {
  const keyBytes = Buffer.byteLength(partitionKey);
  const bytes = Buffer.allocUnsafe(FIXED_BYTES + keyBytes + data.length);
  bytes.writeUInt32BE(stream, 0);
  bytes.writeUInt32BE(shard, 4);
  bytes.writeDoubleBE(arrival, 8);
  bytes.writeUInt16BE(keyBytes, 16);
  bytes.write(partitionKey, FIXED_BYTES);
  bytes.set(data, FIXED_BYTES + keyBytes);
  return bytes;
}

export function decodeRecord(bytes: Buffer): DataRecord {
  const end = FIXED_BYTES + bytes.readUInt16BE(16);
  return {
    stream: bytes.readUInt32BE(0),
    shard: bytes.readUInt32BE(4),
    arrival: bytes.readDoubleBE(8),
    partitionKey: bytes.toString('utf8', FIXED_BYTES, end),
    data: bytes.subarray(end),
  };
}
