import { decode, encode } from 'cbor-x';
import { messageOf } from '../../../core/errors.ts';
import type { MqttMessage, ReservedTopicHandler } from '../../../core/mqtt.ts';
import { readBlockRequest, selectBlocks } from './block-selection.ts';
import { MAX_CLIENT_TOKEN_BYTES } from './limits.ts';
import { StreamError } from './stream-error.ts';
import type { StreamRecord } from './stream-record.ts';
import type { Streams } from './streams.ts';

type Payload = Readonly<Record<string, unknown>>;

interface StreamFormat {
  readonly name: 'json' | 'cbor';
  /** @throws StreamError InvalidJson or InvalidCbor */
  read(bytes: Buffer): unknown;
  write(value: object): Buffer;
  /** "a string, which represents the value of the data block in Base64 encoding"; CBOR holds bytes as they are. */
  block(bytes: Buffer): unknown;
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

const FORMATS: Readonly<Record<string, StreamFormat>> = {
  json: {
    name: 'json',
    read: (bytes) => attempt('InvalidJson', 'JSON', () => JSON.parse(utf8.decode(bytes))),
    write: (value) => Buffer.from(JSON.stringify(value)),
    block: (bytes) => bytes.toString('base64'),
  },
  cbor: {
    name: 'cbor',
    read: (bytes) => attempt('InvalidCbor', 'CBOR', () => decode(bytes)),
    write: (value) => encode(value),
    block: (bytes) => bytes,
  },
};

/**
 * MQTT-based file delivery as devices use it (developer guide, `mqtt-based-file-delivery-in-devices`): requests on
 * `…/describe/<format>` and `…/get/<format>`, answers on `…/description`, `…/data` and `…/rejected`, which reach those who
 * subscribed. They go out with QoS 0: a device "should initiate retries when blocks are not received".
 */
export function streamTopics(streams: Streams): ReservedTopicHandler[] {
  return [
    handler(streams, 'describe', async (stream, _payload, token, _format, send) => {
      await send('description', {
        ...token,
        s: stream.version,
        ...(stream.description === undefined ? {} : { d: stream.description }),
        r: stream.files.map(({ id, size }) => ({ f: id, z: size })),
      });
    }),
    handler(streams, 'get', async (stream, payload, token, format, send) => {
      const request = readBlockRequest(payload);
      requireVersion(stream, payload.s);
      const file = stream.files.find(({ id }) => id === request.fileId);
      if (file === undefined) {
        throw new StreamError('ResourceNotFound', `The stream has no file with the id ${request.fileId}`);
      }
      const numbers = selectBlocks(request, file.size);
      const blocks = await streams.files.read(stream, file, request.blockSize, numbers);
      for (const [index, block] of blocks.entries()) {
        await send('data', { ...token, f: file.id, l: block.length, i: numbers[index], p: format.block(block) });
      }
    }),
  ];
}

type Send = (answer: 'description' | 'data' | 'rejected', value: object) => Promise<void>;
type Serve = (
  stream: StreamRecord,
  payload: Payload,
  token: { c?: string },
  format: StreamFormat,
  send: Send,
) => Promise<void>;

function handler(streams: Streams, verb: 'describe' | 'get', serve: Serve): ReservedTopicHandler {
  const { context } = streams.iot;
  const respond = async ({ topic, payload: bytes }: MqttMessage): Promise<void> => {
    const [, , thingName = '', , streamId = '', , formatName = ''] = topic.split('/');
    const known = Object.hasOwn(FORMATS, formatName) ? FORMATS[formatName] : undefined;
    const format = known ?? (FORMATS.json as StreamFormat);
    const send: Send = (answer, value) =>
      context.ports.get('broker').publish({
        topic: `$aws/things/${thingName}/streams/${streamId}/${answer}/${format.name}`,
        payload: format.write(value),
        qos: 0,
        retain: false,
        receivedAt: context.clock.now(),
      });
    let token: { c?: string } = {};
    try {
      if (known === undefined) throw new StreamError('InvalidTopic', 'The topic names no payload format');
      const payload = readObject(format, bytes);
      token = readToken(payload.c);
      const stream = streams.table.get(streamId);
      if (stream === undefined) throw new StreamError('ResourceNotFound', `Stream ${streamId} was not found`);
      await serve(stream, payload, token, format, send);
    } catch (error) {
      const { code, message } = asStreamError(error);
      const level = code === 'InternalError' ? 'error' : 'info';
      context.log(level, 'stream request rejected', { topic, code, reason: messageOf(error) });
      await send('rejected', { o: code, m: message, ...token });
    }
  };
  return {
    filter: `$aws/things/+/streams/+/${verb}/+`,
    handle: (message) => respond(message),
    handleService: respond,
  };
}

function asStreamError(error: unknown): StreamError {
  if (error instanceof StreamError) return error;
  return new StreamError('InternalError', 'An internal error occurred in MQTT-based file delivery');
}

function readObject(format: StreamFormat, bytes: Buffer): Payload {
  if (bytes.length === 0) return {};
  const value = format.read(bytes);
  if (typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)) {
    return value as Payload;
  }
  throw new StreamError('InvalidRequest', 'The request must be an object');
}

/** "When the client token given in the request isn't valid or is malformed, it's not returned in the error response." */
function readToken(token: unknown): { c?: string } {
  if (token === undefined || token === null) return {};
  if (typeof token !== 'string' || Buffer.byteLength(token) > MAX_CLIENT_TOKEN_BYTES) {
    throw new StreamError('InvalidRequest', `The client token must be text of at most ${MAX_CLIENT_TOKEN_BYTES} bytes`);
  }
  return { c: token };
}

function requireVersion(stream: StreamRecord, version: unknown): void {
  if (version === undefined || version === null || version === stream.version) return;
  if (!Number.isSafeInteger(version)) throw new StreamError('InvalidRequest', 'The field s must be an integer');
  throw new StreamError('VersionMismatch', `The stream is at version ${stream.version}`);
}

function attempt(code: 'InvalidJson' | 'InvalidCbor', name: string, parse: () => unknown): unknown {
  try {
    return parse();
  } catch {
    throw new StreamError(code, `The request is not a valid ${name} document`);
  }
}
