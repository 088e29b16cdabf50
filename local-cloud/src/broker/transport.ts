/**
 * The byte stream under one MQTT connection: a TLS socket, or the binary messages of a WebSocket. A `TLSSocket` is one
 * as it is.
 */
export interface Transport {
  readonly remoteAddress?: string | undefined;
  readonly destroyed: boolean;
  readonly writable: boolean;
  /** Bytes handed over and not yet taken by the operating system. */
  readonly writableLength: number;
  on(event: 'data', listener: (chunk: Buffer) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  on(event: 'drain' | 'close', listener: () => void): unknown;
  once(event: 'close', listener: () => void): unknown;
  pause(): unknown;
  resume(): unknown;
  write(bytes: Buffer): unknown;
  /** Ends the stream once everything written has left. */
  destroySoon(): void;
  destroy(): unknown;
}
