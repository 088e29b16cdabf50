import type { Sample, TelemetryMessage } from '@fleetwright/contracts';

/** A telemetry message as it lies in the spool, with the uploads that it was made of. */
export interface SpooledMessage {
  /** 32 hexadecimal digits each */
  readonly uploadIds: readonly string[];
  /** What goes out: the same bytes each time. */
  readonly payload: Buffer;
}

const FORMAT = 1;
const HEADER_BYTES = 3;
const ID_BYTES = 16;

/** bytes of a message besides its samples, with the longest numbers */
export const ENVELOPE_BYTES = Buffer.byteLength(
  JSON.stringify({ version: 1, bootId: 0xffff_ffff, sequence: Number.MAX_SAFE_INTEGER, samples: [] }),
);

export function formMessage(bootId: number, sequence: number, samples: readonly Sample[]): Buffer {
  const message: TelemetryMessage = { version: 1, bootId, sequence, samples: [...samples] };
  return Buffer.from(JSON.stringify(message));
}

/** Format, count of uploads (16 bits), their ids, the payload. */
export function encodeSpooled({ payload, uploadIds }: SpooledMessage): Buffer {
  const header = Buffer.alloc(HEADER_BYTES + uploadIds.length * ID_BYTES);
  header.writeUInt8(FORMAT, 0);
  header.writeUInt16BE(uploadIds.length, 1);
  for (const [index, id] of uploadIds.entries()) header.write(id, HEADER_BYTES + index * ID_BYTES, ID_BYTES, 'hex');
  return Buffer.concat([header, payload]);
}

/** @throws Error when it is of another format: a later version of the component has written it */
export function decodeSpooled(bytes: Buffer): SpooledMessage {
  if (bytes.readUInt8(0) !== FORMAT) throw new Error(`an item of format ${bytes.readUInt8(0)}, not ${FORMAT}`);
  const end = HEADER_BYTES + bytes.readUInt16BE(1) * ID_BYTES;
  const uploadIds: string[] = [];
  for (let at = HEADER_BYTES; at < end; at += ID_BYTES) uploadIds.push(bytes.toString('hex', at, at + ID_BYTES));
  return { uploadIds, payload: bytes.subarray(end) };
}

/** Start that a message belongs to. */
export function bootIdOf(payload: Buffer): number {
  return Number(/^\{"version":1,"bootId":(\d{1,10}),/.exec(payload.toString('latin1', 0, 48))?.[1] ?? 0);
}
