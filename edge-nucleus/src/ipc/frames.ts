import { EventStreamCodec, type MessageHeaders } from '@smithy/core/event-streams';
import { IpcError } from './ipc-error.ts';

/** Largest frame, and largest headers in one (aws-c-event-stream, `AWS_EVENT_STREAM_MAX_MESSAGE_SIZE` and `…_MAX_HEADERS_SIZE`). bytes */
export const MAX_FRAME_BYTES = 16 * 1024 * 1024;
export const MAX_HEADER_BYTES = 128 * 1024;

/** Prelude of three numbers and the checksum of the whole: the smallest frame. */
const LEAST_FRAME_BYTES = 16;
const PRELUDE_BYTES = 12;

/** Kinds of frames of the event stream RPC protocol (aws-c-event-stream, `event_stream_rpc.h`). */
export const MESSAGE_TYPE = {
  applicationMessage: 0,
  applicationError: 1,
  ping: 2,
  pingResponse: 3,
  connect: 4,
  connectAck: 5,
  protocolError: 6,
  internalError: 7,
} as const;

export type MessageType = (typeof MESSAGE_TYPE)[keyof typeof MESSAGE_TYPE];

export const MESSAGE_FLAG = { connectionAccepted: 1, terminateStream: 2 } as const;

/** One frame. `headers` are those that are no part of the protocol's own three. */
export interface Frame {
  readonly type: MessageType;
  readonly flags: number;
  /** 0: the connection itself */
  readonly streamId: number;
  readonly headers: MessageHeaders;
  readonly payload: Uint8Array;
}

const codec = new EventStreamCodec(
  (bytes) => Buffer.from(bytes).toString('utf8'),
  (text) => Buffer.from(text, 'utf8'),
);

const PROTOCOL_HEADERS = [':message-type', ':message-flags', ':stream-id'];
const TYPES: ReadonlySet<number> = new Set(Object.values(MESSAGE_TYPE));

/** Bytes of a frame. */
export function encodeFrame({ flags, headers, payload, streamId, type }: Frame): Uint8Array {
  return codec.encode({
    headers: {
      ':message-type': { type: 'integer', value: type },
      ':message-flags': { type: 'integer', value: flags },
      ':stream-id': { type: 'integer', value: streamId },
      ...headers,
    },
    body: payload,
  });
}

/** Cuts a stream of bytes into frames, whatever pieces it comes in, and holds no more of it than one frame. */
export class FrameReader {
  #chunks: Buffer[] = [];
  #held = 0;

  /** Frames that are whole with this chunk. @throws IpcError `FRAME_INVALID`: nothing after it can be read */
  *push(chunk: Buffer): Generator<Frame> {
    this.#chunks.push(chunk);
    this.#held += chunk.length;
    for (;;) {
      if (this.#held < PRELUDE_BYTES) return;
      const head = this.#joined(PRELUDE_BYTES);
      const length = head.readUInt32BE(0);
      const headerLength = head.readUInt32BE(4);
      if (length < LEAST_FRAME_BYTES || length > MAX_FRAME_BYTES) {
        throw new IpcError('FRAME_INVALID', `a frame of ${length} bytes`);
      }
      if (headerLength > MAX_HEADER_BYTES || headerLength > length - LEAST_FRAME_BYTES) {
        throw new IpcError('FRAME_INVALID', `headers of ${headerLength} bytes in a frame of ${length}`);
      }
      if (this.#held < length) return;
      const whole = this.#joined(length);
      const rest = whole.subarray(length);
      this.#chunks = rest.length === 0 ? [] : [rest];
      this.#held = rest.length;
      yield readFrame(whole.subarray(0, length));
    }
  }

  /** The first chunk, made to hold `least` bytes. */
  #joined(least: number): Buffer {
    const first = this.#chunks[0] as Buffer;
    if (first.length >= least) return first;
    const joined = Buffer.concat(this.#chunks, this.#held);
    this.#chunks = [joined];
    return joined;
  }
}

function readFrame(bytes: Buffer): Frame {
  let message: ReturnType<EventStreamCodec['decode']>;
  try {
    message = codec.decode(bytes);
  } catch (cause) {
    throw new IpcError('FRAME_INVALID', cause instanceof Error ? cause.message : String(cause), { cause });
  }
  const type = protocolHeader(message.headers, ':message-type');
  if (!TYPES.has(type)) throw new IpcError('FRAME_INVALID', `message type ${type}`);
  const flags = protocolHeader(message.headers, ':message-flags');
  const streamId = protocolHeader(message.headers, ':stream-id');
  const headers = Object.fromEntries(
    Object.entries(message.headers).filter(([name]) => !PROTOCOL_HEADERS.includes(name)),
  );
  return { type: type as MessageType, flags, streamId, headers, payload: message.body };
}

function protocolHeader(headers: MessageHeaders, name: string): number {
  const header = Object.hasOwn(headers, name) ? headers[name] : undefined;
  if (header?.type !== 'integer') throw new IpcError('FRAME_INVALID', `${name} is missing or no 32-bit integer`);
  return header.value;
}

/** Text of a header, if it is there and is text. */
export function headerText(headers: MessageHeaders, name: string): string | undefined {
  const header = Object.hasOwn(headers, name) ? headers[name] : undefined;
  return header?.type === 'string' ? header.value : undefined;
}
