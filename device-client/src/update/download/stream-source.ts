import { decode, encode } from 'cbor-x';
import type { DeviceClock } from '../../clock.ts';
import { sleep } from '../../clock.ts';
import { reasonOf } from '../../errors.ts';
import type { DeviceLink } from '../../feature.ts';
import { type PayloadSource, SourceError } from './payload-source.ts';

export type StreamFormat = 'json' | 'cbor';

export interface StreamSourceOptions {
  readonly link: Pick<DeviceLink, 'publish' | 'subscribe' | 'connected'>;
  readonly clock: DeviceClock;
  readonly thingName: string;
  readonly streamId: string;
  readonly fileId: number;
  readonly size: number;
  /** CBOR holds blocks as they are, JSON in Base64, which is a third more. @default 'cbor' */
  readonly format?: StreamFormat;
}

interface Codec {
  write(value: object): string | Uint8Array;
  /** @throws what is not of the format */
  read(payload: Uint8Array): Answer;
  block(value: unknown): Buffer | undefined;
  /** Bit n of byte m asks for block `o + 8 m + n`: bytes, or in JSON their hexadecimal digits. */
  bitmap(bits: number): unknown;
}

const CODECS: Readonly<Record<StreamFormat, Codec>> = {
  json: {
    write: (value) => JSON.stringify(value),
    read: (payload) => JSON.parse(Buffer.from(payload).toString('utf8')) as Answer,
    block: (value) => (typeof value === 'string' ? Buffer.from(value, 'base64') : undefined),
    bitmap: (bits) => bits.toString(16).padStart(2, '0'),
  },
  cbor: {
    write: (value) => encode(value),
    read: (payload) => decode(payload) as Answer,
    block: (value) => (value instanceof Uint8Array ? Buffer.from(value) : undefined),
    bitmap: (bits) => Buffer.from([bits]),
  },
};

/**
 * Bytes of a block, and blocks of a request: a request is answered with at most 128 KB, each message holding at most so
 * much with its Base64 (developer guide, `mqtt-based-file-delivery-in-devices`).
 */
export const BLOCK_BYTES = 16_384;
export const BLOCKS_PER_REQUEST = 8;
/** ms after which blocks that have not come are asked for again: they are sent with QoS 0 */
const PATIENCE = 10_000;
/** Requests for the same blocks without one of them coming. */
const MAX_SILENT_REQUESTS = 3;

interface Answer {
  /** file */
  readonly f?: unknown;
  /** number of the block */
  readonly i?: unknown;
  /** the block */
  readonly p?: unknown;
  /** client token */
  readonly c?: unknown;
  /** error code and message */
  readonly o?: unknown;
  readonly m?: unknown;
}

/** A file of an AWS IoT stream, by MQTT. Blocks that come in another order are put into theirs. */
export function streamSource(options: StreamSourceOptions): PayloadSource {
  return {
    async *read(from, to, signal) {
      const request = await StreamRequest.open(options);
      try {
        let at = from;
        while (at < to) {
          const first = Math.floor(at / BLOCK_BYTES);
          const last = Math.min(Math.ceil(to / BLOCK_BYTES), first + BLOCKS_PER_REQUEST) - 1;
          for (const [number, block] of await request.blocks(first, last, signal)) {
            const start = number * BLOCK_BYTES;
            yield block.subarray(Math.max(0, at - start), Math.min(block.length, to - start));
            at = start + block.length;
          }
        }
      } finally {
        await request.close();
      }
    },
  };
}

class StreamRequest {
  readonly #options: StreamSourceOptions;
  readonly #format: StreamFormat;
  readonly #codec: Codec;
  readonly #token: string;
  #ends: (() => Promise<void>)[] = [];
  #came = new Map<number, Buffer>();
  #wake: () => void = () => {};
  #refusal: SourceError | undefined;

  private constructor(options: StreamSourceOptions) {
    this.#options = options;
    this.#format = options.format ?? 'cbor';
    this.#codec = CODECS[this.#format];
    this.#token = `${options.fileId}-${options.clock.now().toString(36)}`;
  }

  static async open(options: StreamSourceOptions): Promise<StreamRequest> {
    const request = new StreamRequest(options);
    if (!options.link.connected) throw new SourceError('UNREACHABLE', 'there is no connection for a stream');
    const topic = request.#topic('+');
    try {
      const subscription = await options.link.subscribe(topic, (name, payload) => request.#receive(name, payload));
      request.#ends.push(() => subscription.end());
    } catch (cause) {
      throw new SourceError('UNREACHABLE', `the stream cannot be listened to: ${reasonOf(cause)}`, { cause });
    }
    return request;
  }

  async close(): Promise<void> {
    for (const end of this.#ends) await end().catch(() => {});
  }

  /** The blocks from `first` to `last`, in order, as far as they follow each other. @throws SourceError */
  async blocks(first: number, last: number, signal: AbortSignal): Promise<[number, Buffer][]> {
    const { clock } = this.#options;
    this.#came = new Map();
    const wanted = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    for (let silent = 0; silent < MAX_SILENT_REQUESTS; ) {
      const before = this.#came.size;
      await this.#ask(first, wanted);
      const until = clock.now() + PATIENCE;
      while (clock.now() < until && !wanted.every((number) => this.#came.has(number))) {
        if (signal.aborted) throw new SourceError('UNREACHABLE', 'the download was ended');
        if (this.#refusal !== undefined) throw this.#refusal;
        const woken = new AbortController();
        this.#wake = () => woken.abort();
        await sleep(clock, until - clock.now(), AbortSignal.any([signal, woken.signal]));
      }
      const inOrder = leading(wanted, this.#came);
      if (inOrder.length > 0) return inOrder;
      silent = this.#came.size > before ? 0 : silent + 1;
    }
    throw new SourceError('UNREACHABLE', `the stream is silent about block ${first}`);
  }

  async #ask(first: number, wanted: readonly number[]): Promise<void> {
    const bits = wanted.reduce((sum, number) => (this.#came.has(number) ? sum : sum | (1 << (number - first))), 0);
    const ask = {
      c: this.#token,
      f: this.#options.fileId,
      l: BLOCK_BYTES,
      o: first,
      n: wanted.length,
      b: this.#codec.bitmap(bits),
    };
    try {
      await this.#options.link.publish(this.#topic('get'), this.#codec.write(ask), 1);
    } catch (cause) {
      throw new SourceError('UNREACHABLE', `the stream cannot be asked: ${reasonOf(cause)}`, { cause });
    }
  }

  #receive(topic: string, payload: Uint8Array): void {
    let answer: Answer;
    try {
      answer = this.#codec.read(payload);
    } catch {
      return;
    }
    if (topic === this.#topic('rejected')) {
      if (answer.c !== undefined && answer.c !== this.#token) return;
      this.#refusal = refusalOf(String(answer.o), String(answer.m));
    } else if (topic === this.#topic('data') && answer.c === this.#token && answer.f === this.#options.fileId) {
      const block = this.#codec.block(answer.p);
      if (typeof answer.i !== 'number' || block === undefined) return;
      const length = Math.min(BLOCK_BYTES, this.#options.size - answer.i * BLOCK_BYTES);
      // A block of another length is of another file: the checksums would find out later.
      if (block.length !== length) this.#refusal = new SourceError('DIFFERENT', `block ${answer.i} has another length`);
      else this.#came.set(answer.i, block);
    } else return;
    this.#wake();
  }

  #topic(what: string): string {
    return `$aws/things/${this.#options.thingName}/streams/${this.#options.streamId}/${what}/${this.#format}`;
  }
}

function leading(wanted: readonly number[], came: ReadonlyMap<number, Buffer>): [number, Buffer][] {
  const found: [number, Buffer][] = [];
  for (const number of wanted) {
    const block = came.get(number);
    if (block === undefined) break;
    found.push([number, block]);
  }
  return found;
}

/** Developer guide, `mqtt-based-file-delivery-in-devices`, "Handling errors". */
function refusalOf(code: string, message: string): SourceError {
  const kind =
    code === 'ETagMismatch' || code === 'ResourceNotFound' || code === 'VersionMismatch' ? 'EXPIRED' : 'UNREACHABLE';
  return new SourceError(kind, `the stream refuses with ${code}: ${message}`);
}
