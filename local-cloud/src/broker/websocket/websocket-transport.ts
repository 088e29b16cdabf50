import { EventEmitter } from 'node:events';
import type { WebSocket } from 'ws';
import type { Transport } from '../transport.ts';

/** RFC 6455 §7.4.1 */
const NORMAL_CLOSURE = 1000;
const UNSUPPORTED_DATA = 1003;

interface TransportEvents {
  data: [Buffer];
  drain: [];
  close: [];
  error: [Error];
  /** The client sent a Close frame. */
  farewell: [];
}

/**
 * MQTT over one WebSocket (MQTT 5 §6, MQTT 3.1.1 §6).
 *
 * INVARIANTS
 * - Any message that is not binary ends the connection [MQTT-6.0.0-1].
 * - Packets may begin and end anywhere in the messages [MQTT-6.0.0-2].
 */
export class WebSocketTransport extends EventEmitter<TransportEvents> implements Transport {
  readonly remoteAddress: string | undefined;
  readonly #socket: WebSocket;
  readonly #written = (): void => {
    if (this.#socket.bufferedAmount === 0) this.emit('drain');
  };

  constructor(socket: WebSocket, remoteAddress: string | undefined) {
    super();
    this.#socket = socket;
    this.remoteAddress = remoteAddress;
    socket.on('message', (data: Buffer, isBinary) => {
      if (isBinary) this.emit('data', data);
      else socket.close(UNSUPPORTED_DATA, 'binary messages only');
    });
    socket.on('close', (code) => {
      // Without a status: 1005. A connection that was cut has 1006.
      if (code === NORMAL_CLOSURE || code === 1001 || code === 1005) this.emit('farewell');
      this.emit('close');
    });
    // A frame that breaks the protocol: `ws` closes the connection itself.
    socket.on('error', () => {});
  }

  get destroyed(): boolean {
    return this.#socket.readyState === this.#socket.CLOSED;
  }

  get writable(): boolean {
    return this.#socket.readyState === this.#socket.OPEN;
  }

  get writableLength(): number {
    return this.#socket.bufferedAmount;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  write(bytes: Buffer): void {
    this.#socket.send(bytes, { binary: true, compress: false }, this.#written);
  }

  destroySoon(): void {
    this.#socket.close(NORMAL_CLOSURE);
  }

  destroy(): void {
    this.#socket.terminate();
  }
}
