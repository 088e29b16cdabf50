import { createServer, type Server, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { PacketCutter } from './packet-cutter.ts';

export interface BridgeTarget {
  readonly host: string;
  readonly port: number;
  readonly ca: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
}

const CONNECT = 1;
const PUBLISH = 3;
const PUBACK = 4;
const PUBREL = 6;
const SUBSCRIBE = 8;
const PUBREC_BYTE = 0x50;
const PUBCOMP_BYTE = 0x70;
const QOS_BITS = 0x06;
const QOS_2 = 0x04;
const QOS_1 = 0x02;
const WILL_QOS_BITS = 0x18;
const WILL_QOS_2 = 0x10;
const WILL_QOS_1 = 0x08;

/**
 * Plain TCP for a suite that knows no TLS: each connection goes on over mTLS. What asks for QoS 2 is sent on as QoS 1,
 * because AWS IoT answers QoS 2 with nothing (developer guide, `mqtt`, "AWS IoT differences from MQTT specifications"), and
 * the exchange of QoS 2 with the client is made up here. Every other byte passes as it is.
 */
export class Bridge {
  /** Packets whose QoS 2 was sent on as QoS 1. */
  mapped = 0;
  readonly #target: BridgeTarget;
  readonly #server: Server;
  readonly #open = new Set<Socket | TLSSocket>();

  constructor(target: BridgeTarget) {
    this.#target = target;
    this.#server = createServer((plain) => this.#join(plain));
  }

  start(): Promise<number> {
    return new Promise((resolve) => {
      this.#server.listen(0, '127.0.0.1', () => resolve((this.#server.address() as { port: number }).port));
    });
  }

  stop(): Promise<void> {
    for (const socket of this.#open) socket.destroy();
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }

  #join(plain: Socket): void {
    const { host, port, ca, certificatePem: cert, privateKeyPem: key } = this.#target;
    const secure = connect({ host, port, ca, cert, key, servername: host });
    plain.setNoDelay(true);
    secure.setNoDelay(true);
    const relay = new Relay(plain, secure, () => {
      this.mapped++;
    });
    const fromClient = new PacketCutter((packet) => relay.clientSays(packet));
    const fromServer = new PacketCutter((packet) => relay.serverSays(packet));
    plain.on('data', (chunk) => fromClient.push(chunk));
    secure.on('data', (chunk) => fromServer.push(chunk));
    plain.on('end', () => secure.end());
    secure.on('end', () => plain.end());
    for (const [socket, other] of [
      [plain, secure],
      [secure, plain],
    ] as const) {
      this.#open.add(socket);
      socket.on('error', () => {});
      socket.once('close', () => {
        this.#open.delete(socket);
        other.destroySoon();
      });
    }
  }
}

class Relay {
  readonly #client: Socket;
  readonly #server: TLSSocket;
  readonly #onMapped: () => void;
  /** Identifiers of publishes that the client sent with QoS 2. */
  readonly #exactlyOnce = new Set<number>();
  #version = 4;

  constructor(client: Socket, server: TLSSocket, onMapped: () => void) {
    this.#client = client;
    this.#server = server;
    this.#onMapped = onMapped;
  }

  clientSays(packet: Buffer): void {
    const first = packet[0] as number;
    const body = bodyOf(packet);
    switch (first >> 4) {
      case CONNECT:
        this.#readConnect(packet, body + 2 + packet.readUInt16BE(body));
        break;
      case PUBLISH:
        if ((first & QOS_BITS) === QOS_2) {
          packet[0] = (first & ~QOS_BITS) | QOS_1;
          this.#exactlyOnce.add(packet.readUInt16BE(body + 2 + packet.readUInt16BE(body)));
          this.#onMapped();
        }
        break;
      case SUBSCRIBE:
        this.#lowerSubscriptions(packet, body);
        break;
      case PUBREL:
        this.#client.write(Buffer.from([PUBCOMP_BYTE, 2, packet[body] as number, packet[body + 1] as number]));
        return;
      default:
        break;
    }
    this.#server.write(packet);
  }

  serverSays(packet: Buffer): void {
    const first = packet[0] as number;
    if (first >> 4 === PUBACK && this.#exactlyOnce.delete(packet.readUInt16BE(bodyOf(packet)))) packet[0] = PUBREC_BYTE;
    this.#client.write(packet);
  }

  /** `at`: protocol level, and the connect flags after it (MQTT 5 §3.1.2.3). */
  #readConnect(packet: Buffer, at: number): void {
    this.#version = packet[at] ?? 4;
    const flags = packet[at + 1] ?? 0;
    if ((flags & WILL_QOS_BITS) !== WILL_QOS_2) return;
    packet[at + 1] = (flags & ~WILL_QOS_BITS) | WILL_QOS_1;
    this.#onMapped();
  }

  #lowerSubscriptions(packet: Buffer, body: number): void {
    let at = body + 2;
    if (this.#version === 5) {
      const { value, bytes } = variable(packet, at);
      at += bytes + value;
    }
    while (at + 2 < packet.length) {
      at += 2 + packet.readUInt16BE(at);
      const options = packet[at] as number;
      if ((options & 0x03) === 2) {
        packet[at] = (options & ~0x03) | 1;
        this.#onMapped();
      }
      at++;
    }
  }
}

/** Where the fixed header ends. */
function bodyOf(packet: Buffer): number {
  return 1 + variable(packet, 1).bytes;
}

/** MQTT 5 §1.5.5 */
function variable(packet: Buffer, at: number): { value: number; bytes: number } {
  let value = 0;
  for (let bytes = 0; ; bytes++) {
    const byte = packet[at + bytes] as number;
    value += (byte & 0x7f) * 128 ** bytes;
    if (byte < 0x80 || bytes === 3) return { value, bytes: bytes + 1 };
  }
}
