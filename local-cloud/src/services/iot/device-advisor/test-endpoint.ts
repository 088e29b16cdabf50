import { createServer, type Server, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { createSecureContext, TLSSocket } from 'node:tls';
import { generate, type Packet, parser } from 'mqtt-packet';
import type { KeyAndCertificate } from '../../../core/tls-certificates.ts';

/** One connection of the device under test. */
export interface DeviceSession {
  /** The TLS handshake was completed. */
  readonly secured: boolean;
  send(packet: Packet): void;
  close(): void;
}

/** How the endpoint behaves for one test. */
export interface SessionHandler {
  hello?(record: Buffer): void;
  secured?(session: DeviceSession): void;
  packet?(session: DeviceSession, packet: Packet): void;
  closed?(session: DeviceSession): void;
}

/** A TLS endpoint that speaks MQTT just as far as the test of the moment wants it to. */
export class TestEndpoint {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #handler: SessionHandler = {};
  #identity: KeyAndCertificate;

  constructor(identity: KeyAndCertificate) {
    this.#identity = identity;
    this.#server = createServer((socket) => this.#accept(socket));
  }

  /** @returns the bound port */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        const address = this.#server.address();
        resolve(typeof address === 'object' && address !== null ? address.port : port);
      });
    });
  }

  /** Ends the connections of the test before. */
  behave(identity: KeyAndCertificate, handler: SessionHandler): void {
    this.#handler = {};
    for (const socket of this.#sockets) socket.destroy();
    this.#sockets.clear();
    this.#identity = identity;
    this.#handler = handler;
  }

  async stop(): Promise<void> {
    this.#handler = {};
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #accept(socket: Socket): void {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => this.#sockets.delete(socket));
    socket.once('data', (record: Buffer) => {
      this.#handler.hello?.(record);
      const wire = overSocket(socket);
      this.#secure(socket, wire);
      wire.push(record);
    });
  }

  #secure(socket: Socket, wire: Duplex): void {
    const handler = this.#handler;
    const { certificatePem: cert, privateKeyPem: key } = this.#identity;
    const tls = new TLSSocket(wire, {
      isServer: true,
      secureContext: createSecureContext({ cert, key }),
      requestCert: true,
      rejectUnauthorized: false,
    });
    let secured = false;
    let protocolVersion: number | undefined;
    const session: DeviceSession = {
      get secured() {
        return secured;
      },
      send: (packet) => {
        if (!tls.destroyed) tls.write(generate(packet, { protocolVersion: protocolVersion ?? 4 }));
      },
      close: () => tls.destroy(),
    };
    const packets = parser();
    packets.on('packet', (packet) => {
      if (packet.cmd === 'connect') protocolVersion = packet.protocolVersion;
      handler.packet?.(session, packet);
    });
    packets.on('error', () => tls.destroy());
    tls.on('error', () => undefined);
    tls.on('secure', () => {
      secured = true;
      handler.secured?.(session);
    });
    tls.on('data', (bytes: Buffer) => packets.parse(bytes));
    let ended = false;
    const end = (): void => {
      if (!ended) handler.closed?.(session);
      ended = true;
    };
    tls.on('close', end);
    socket.on('close', end);
  }
}

/** The rest of a socket's bytes as a stream that what was read before can be put in front of. */
function overSocket(socket: Socket): Duplex {
  const wire = new Duplex({
    read: () => undefined,
    write: (chunk: Buffer, _encoding, done) => void socket.write(chunk, () => done()),
    final(done) {
      socket.end();
      done();
    },
    destroy(error, done) {
      socket.destroy();
      done(error);
    },
  });
  wire.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => wire.push(chunk));
  socket.on('end', () => wire.push(null));
  socket.on('close', () => wire.destroy());
  return wire;
}
