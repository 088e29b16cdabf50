import { type RemoteInfo, Socket } from 'node:dgram';
import { generate, type ParsedPacket, parse } from 'coap-packet';

export interface CoapSocketOptions {
  /** IP address and port of the peer: nobody else is heard. */
  readonly address: string;
  readonly port: number;
  readonly family: number;
  /** Of all blocks of one answer. */
  readonly maxBytes: number;
  /** Whether a datagram may be looked at. */
  readonly allow: () => boolean;
  /**
   * `fetch`: answers in blocks go to the library above, which asks for the rest. `observe`: notifications go to it
   * by their first block alone, told as `partial`; what ends the observation is told as `ended`, for the library may take
   * it for a notification that comes late.
   */
  readonly mode: 'fetch' | 'observe';
  /** After the packet that is the last one has gone to the library. */
  onEnded?(): void;
  onTrouble(problem: string): void;
}

/**
 * A UDP socket that lets through what the library above can bear: packets of the peer alone, whose blocks follow one another and
 * belong to one representation (RFC 7959, 2.4), up to a bound. The library would gather blocks in any order, for ever, and
 * throw at some packets.
 */
export class CoapSocket extends Socket {
  readonly #options: CoapSocketOptions;
  #bytes = 0;
  #nextBlock = 0;
  #etag: string | undefined;
  /** The notification that came last has more blocks. */
  partial = false;
  /** Why the server notifies no more. */
  ended: string | undefined;
  #closed = false;

  constructor(options: CoapSocketOptions) {
    super({ type: options.family === 6 ? 'udp6' : 'udp4' } as never);
    this.#options = options;
  }

  override close(done?: () => void): this {
    if (this.#closed) return this;
    this.#closed = true;
    return super.close(done);
  }

  /** The library's timers may want to repeat something after the end. */
  override send(...parameters: unknown[]): void {
    if (!this.#closed) (super.send as (...all: unknown[]) => void)(...parameters);
  }

  override emit(event: string | symbol, ...parameters: unknown[]): boolean {
    if (event !== 'message') return super.emit(event, ...parameters);
    const [datagram, from] = parameters as [Buffer, RemoteInfo];
    const { address, allow, port } = this.#options;
    if (from.port !== port || from.address !== address || !allow()) return false;
    try {
      const passed = this.#pass(datagram);
      if (passed !== undefined) super.emit('message', passed, from);
      if (this.ended !== undefined) this.#options.onEnded?.();
    } catch {
      // No CoAP, or something that the library stumbles over: as if it had not come (RFC 7252, 4.2 and 4.3).
    }
    return true;
  }

  #pass(datagram: Buffer): Buffer | undefined {
    const packet = parse(datagram);
    if (packet.payload.length > this.#options.maxBytes) return this.#refuse(this.#tooLong);
    return this.#options.mode === 'observe' ? this.#passNotification(packet) : this.#passBlock(packet, datagram);
  }

  #passNotification(packet: ParsedPacket): Buffer | undefined {
    const block = blockOf(packet);
    if (block !== undefined && block.number > 0) return undefined;
    const isAnswer = !/^0/.test(packet.code);
    const observed = packet.options.some(({ name }) => name === 'Observe');
    // RFC 7641, 3.2: an error, or an answer without the option, is the last one.
    if (isAnswer && !packet.code.startsWith('2')) this.ended = `answered ${packet.code}`;
    else if (isAnswer && !observed) this.ended = 'does not let itself be observed';
    if (isAnswer) this.partial = block?.more ?? false;
    const options = packet.options.filter(({ name }) => name !== 'Block2');
    return generate({ ...packet, options } as Parameters<typeof generate>[0]);
  }

  #passBlock(packet: ParsedPacket, datagram: Buffer): Buffer | undefined {
    const block = blockOf(packet);
    if (block === undefined) return datagram;
    if (block.number < this.#nextBlock) return undefined;
    const etag = packet.options.find(({ name }) => name === 'ETag')?.value.toString('hex');
    if (block.number > this.#nextBlock) return this.#refuse('a block is missing');
    if (block.number > 0 && etag !== this.#etag) return this.#refuse('it changed while it was read');
    this.#nextBlock++;
    this.#etag = etag;
    this.#bytes += packet.payload.length;
    return this.#bytes <= this.#options.maxBytes ? datagram : this.#refuse(this.#tooLong);
  }

  get #tooLong(): string {
    return `the answer is longer than ${this.#options.maxBytes} bytes`;
  }

  #refuse(problem: string): undefined {
    this.#options.onTrouble(problem);
  }
}

/** RFC 7959, 2.2. */
function blockOf({ options }: ParsedPacket): { number: number; more: boolean } | undefined {
  const value = options.find(({ name }) => name === 'Block2')?.value;
  if (value === undefined || value.length > 3) return undefined;
  const whole = value.length === 0 ? 0 : value.readUIntBE(0, value.length);
  return { number: whole >> 4, more: (whole & 8) !== 0 };
}
