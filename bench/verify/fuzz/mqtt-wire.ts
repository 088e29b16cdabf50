import { readFileSync } from 'node:fs';
import { connect, createSecureContext, type SecureContext, type TLSSocket } from 'node:tls';
import { type Packet, type Parser, parser } from 'mqtt-packet';
import type { CloudDescription } from '../../../local-cloud/src/index.ts';
import type { MqttVersion } from './mqtt-bytes.ts';

export interface Credentials {
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

/** Where to connect, with the TLS context made once. */
export interface WireAddress {
  readonly host: string;
  readonly port: number;
  readonly context: SecureContext;
}

export function wireAddress(cloud: CloudDescription, credentials: Credentials): WireAddress {
  return {
    host: cloud.mqttHost,
    port: cloud.mqttPort,
    context: createSecureContext({
      ca: readFileSync(cloud.caFile),
      cert: credentials.certificatePem,
      key: credentials.privateKeyPem,
    }),
  };
}

export type Outcome = 'met' | 'closed' | 'timeout';

/** ms for a TLS handshake on a busy machine */
const HANDSHAKE_TIMEOUT = 30_000;

/** One mTLS connection that writes whatever it is given and judges whatever comes back. */
export class MqttWire {
  readonly version: MqttVersion;
  readonly #socket: TLSSocket;
  readonly #parser: Parser;
  readonly #onPacket: (packet: Packet) => void;
  /** Bytes of the server that are not MQTT; undefined while all were. */
  malformed: string | undefined;
  connack: number | undefined;
  pings = 0;
  acknowledged = 0;
  /** Reason code of the server's DISCONNECT. */
  goodbye: number | undefined;
  #closed = false;
  #wake: (() => void) | undefined;

  private constructor(socket: TLSSocket, version: MqttVersion, onPacket: (packet: Packet) => void) {
    this.version = version;
    this.#socket = socket;
    this.#onPacket = onPacket;
    this.#parser = parser({ protocolVersion: version });
    this.#parser.on('packet', (packet: Packet) => this.#take(packet));
    this.#parser.on('error', (error: Error) => {
      this.malformed ??= error.message;
    });
    socket.on('data', (chunk: Buffer) => this.#read(chunk));
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#closed = true;
      this.#wake?.();
    });
  }

  /** @throws Error when the handshake fails */
  static dial(address: WireAddress, version: MqttVersion, onPacket: (packet: Packet) => void): Promise<MqttWire> {
    return new Promise((resolve, reject) => {
      const socket = connect({
        host: address.host,
        port: address.port,
        servername: address.host,
        secureContext: address.context,
      });
      socket.setNoDelay(true);
      const timer = setTimeout(() => socket.destroy(new Error('no TLS handshake')), HANDSHAKE_TIMEOUT);
      const fail = (error?: Error): void => {
        clearTimeout(timer);
        reject(error ?? new Error('closed in the TLS handshake'));
      };
      socket.once('error', fail);
      socket.once('close', () => fail());
      socket.once('secureConnect', () => {
        clearTimeout(timer);
        socket.removeListener('error', fail);
        resolve(new MqttWire(socket, version, onPacket));
      });
    });
  }

  get closed(): boolean {
    return this.#closed;
  }

  write(bytes: Buffer): void {
    if (!this.#closed) this.#socket.write(bytes);
  }

  /** Waits until `condition` holds, the server closes, or `patience` ms are over. */
  async until(condition: () => boolean, patience: number): Promise<Outcome> {
    const deadline = performance.now() + patience;
    for (;;) {
      if (condition()) return 'met';
      if (this.#closed) return 'closed';
      const left = deadline - performance.now();
      if (left <= 0) return 'timeout';
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      this.#wake = undefined;
    }
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #read(chunk: Buffer): void {
    if (this.malformed === undefined) {
      try {
        this.#parser.parse(chunk);
      } catch (error) {
        this.malformed = (error as Error).message;
      }
    }
    this.#wake?.();
  }

  #take(packet: Packet): void {
    switch (packet.cmd) {
      case 'connack':
        this.connack = packet.reasonCode ?? packet.returnCode;
        break;
      case 'pingresp':
        this.pings++;
        break;
      case 'puback':
        this.acknowledged++;
        break;
      case 'disconnect':
        this.goodbye = packet.reasonCode;
        break;
    }
    this.#onPacket(packet);
  }
}
