import {
  BITMAP_BYTES_LIMIT,
  MAX_ANSWER_SIZE,
  MAX_BLOCK_COUNT,
  MAX_BLOCK_SIZE,
  MAX_FILE_ID,
  MAX_OFFSET,
  MIN_BLOCK_SIZE,
} from './limits.ts';
import { StreamError } from './stream-error.ts';

/** What a GetStream request asks for (developer guide, `mqtt-based-file-delivery-in-devices`, "GetStream request"). */
export interface BlockRequest {
  readonly fileId: number;
  /** bytes */
  readonly blockSize: number;
  /** blocks */
  readonly offset: number;
  /** Most blocks to be sent. */
  readonly count: number;
  /** Bit n of byte m asks for block `offset + 8 m + n`. */
  readonly bitmap: Uint8Array | undefined;
}

/** @throws StreamError */
export function readBlockRequest(payload: Readonly<Record<string, unknown>>): BlockRequest {
  const fileId = readInteger('f', payload.f);
  const blockSize = readInteger('l', payload.l);
  const offset = readInteger('o', payload.o ?? 0);
  if (fileId === undefined || fileId < 0 || fileId > MAX_FILE_ID) {
    throw new StreamError('InvalidRequest', `The file id f must be an integer from 0 to ${MAX_FILE_ID}`);
  }
  if (blockSize === undefined) throw new StreamError('InvalidRequest', 'The block size l is required');
  if (blockSize < MIN_BLOCK_SIZE || blockSize > MAX_BLOCK_SIZE) {
    throw new StreamError('BlockSizeOutOfBounds', 'The block size is out of bounds');
  }
  if (offset === undefined || offset < 0 || offset > MAX_OFFSET) {
    throw new StreamError('OffsetOutOfBounds', 'The block offset is out of bounds');
  }
  const count = readInteger('n', payload.n ?? Math.floor(MAX_ANSWER_SIZE / blockSize));
  if (count === undefined || count < 0 || count > MAX_BLOCK_COUNT) {
    throw new StreamError('BlockCountLimitExceeded', 'The number of blocks is out of bounds');
  }
  return { fileId, blockSize, offset, count, bitmap: readBitmap(payload.b) };
}

/**
 * Numbers of the blocks to send, of a file of `size` bytes: no more than `count`, and no more than 128 KB at once. "The
 * service will send additional blocks as your device makes additional requests."
 *
 * @throws StreamError ResourceNotFound when the file holds none of them
 */
export function selectBlocks({ blockSize, offset, count, bitmap }: BlockRequest, size: number): number[] {
  const most = Math.min(count, Math.floor(MAX_ANSWER_SIZE / blockSize));
  const end = Math.ceil(size / blockSize);
  const last = Math.min(end, bitmap === undefined ? offset + most : offset + bitmap.length * 8);
  const blocks: number[] = [];
  for (let block = offset; block < last && blocks.length < most; block++) {
    const bit = block - offset;
    if (bitmap === undefined || ((bitmap[bit >> 3] as number) >> (bit & 7)) & 1) blocks.push(block);
  }
  if (blocks.length === 0) throw new StreamError('ResourceNotFound', 'The requested blocks were not found');
  return blocks;
}

/** Runs of neighbouring blocks, each as its first and last number. */
export function runsOf(blocks: readonly number[]): (readonly [first: number, last: number])[] {
  const runs: [number, number][] = [];
  for (const block of blocks) {
    const run = runs.at(-1);
    if (run !== undefined && run[1] === block - 1) run[1] = block;
    else runs.push([block, block]);
  }
  return runs;
}

function readInteger(name: string, value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  throw new StreamError('InvalidRequest', `The field ${name} must be an integer`);
}

/** Text in hexadecimal, or in CBOR the bytes themselves. */
function readBitmap(value: unknown): Uint8Array | undefined {
  if (value === undefined || value === null) return undefined;
  let bytes: Uint8Array;
  if (value instanceof Uint8Array) bytes = value;
  else {
    const hex = typeof value === 'string' ? value.replace(/^0x/i, '') : undefined;
    if (hex === undefined || hex.length % 2 !== 0 || !/^[0-9a-fA-F]+$/.test(hex)) {
      throw new StreamError('InvalidRequest', 'The bitmap b must be bytes in hexadecimal notation');
    }
    bytes = Buffer.from(hex, 'hex');
  }
  if (bytes.length >= BITMAP_BYTES_LIMIT) {
    throw new StreamError('BlockBitmapLimitExceeded', 'The size of the bitmap is out of bounds');
  }
  return bytes;
}
