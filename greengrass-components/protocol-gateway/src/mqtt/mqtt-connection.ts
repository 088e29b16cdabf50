import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

/**
 * What a device sends, as long as its packets are no longer than they may be: the broker above gathers a packet in memory
 * before it looks at it, and MQTT lets it be 256 MB long.
 */
export class MqttConnection extends Duplex {
  /** Source that the device's certificate stands for. */
  readonly source: string;
  readonly #socket: TLSSocket;
  readonly #maxBytes: number;
  /** Bytes of the packet that are still to come; undefined within a fixed header. */
  #left: number | undefined;
  #length = 0;
  #shift = -1;

  constructor(socket: TLSSocket, source: string, maxBytes: number) {
    super();
    this.source = source;
    this.#socket = socket;
    this.#maxBytes = maxBytes;
    socket.on('data', (chunk: Buffer) => {
      if (!this.#isBearable(chunk)) this.destroy(new Error(`a packet is no MQTT or longer than ${maxBytes} bytes`));
      else if (!this.push(chunk)) socket.pause();
    });
    socket.on('end', () => this.push(null));
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  override _read(): void {
    this.#socket.resume();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: () => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }

  /** Follows the fixed headers (MQTT 3.1.1, 2.2: a type, then the remaining length in up to four bytes of seven bits). */
  #isBearable(chunk: Buffer): boolean {
    let at = 0;
    while (at < chunk.length) {
      if (this.#left !== undefined && this.#left > 0) {
        const skipped = Math.min(this.#left, chunk.length - at);
        this.#left -= skipped;
        at += skipped;
        continue;
      }
      const byte = chunk[at++] ?? 0;
      if (this.#shift < 0) {
        this.#left = undefined;
        this.#length = 0;
        this.#shift = 0;
        continue;
      }
      this.#length += (byte & 0x7f) << this.#shift;
      this.#shift += 7;
      if ((byte & 0x80) !== 0) {
        if (this.#shift > 21) return false;
        continue;
      }
      if (this.#length > this.#maxBytes) return false;
      this.#left = this.#length;
      this.#shift = -1;
    }
    return true;
  }
}
