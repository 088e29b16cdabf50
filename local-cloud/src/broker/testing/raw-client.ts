import { connect, type TLSSocket } from 'node:tls';
import { generate, type IConnectPacket, type Packet, parser } from 'mqtt-packet';

export interface RawClientOptions {
  readonly port: number;
  readonly ca: string;
  readonly cert?: string;
  readonly key?: string;
  readonly protocolVersion?: 4 | 5;
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly servername?: string;
  readonly alpn?: string;
}

/** Packets over a bare TLS socket: a client that does exactly what a test says, right or wrong. */
export class RawClient {
  readonly socket: TLSSocket;
  readonly protocolVersion: 4 | 5;
  /** Resolves when the server has ended the connection. */
  readonly ended: Promise<void>;
  readonly packets: Packet[] = [];
  readonly #waiting: { cmd: string; resolve: (packet: Packet) => void; reject: (error: Error) => void }[] = [];

  private constructor(socket: TLSSocket, protocolVersion: 4 | 5) {
    this.socket = socket;
    this.protocolVersion = protocolVersion;
    const parse = parser({ protocolVersion });
    parse.on('packet', (packet) => this.#received(packet));
    parse.on('error', (error) => this.#fail(error));
    socket.on('data', (chunk) => parse.parse(chunk));
    socket.on('error', () => {});
    this.ended = new Promise((resolve) => {
      socket.once('close', () => {
        resolve();
        this.#fail(new Error('the connection was closed'));
      });
    });
  }

  static open(options: RawClientOptions): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const { port, ca, cert, key, maxVersion, alpn, servername = 'localhost' } = options;
      const socket = connect({
        host: '127.0.0.1',
        port,
        ca,
        servername,
        ...(cert === undefined ? {} : { cert }),
        ...(key === undefined ? {} : { key }),
        ...(maxVersion === undefined ? {} : { maxVersion }),
        ...(alpn === undefined ? {} : { ALPNProtocols: [alpn] }),
      });
      socket.once('error', reject);
      socket.once('secureConnect', () => {
        socket.off('error', reject);
        resolve(new RawClient(socket, options.protocolVersion ?? 4));
      });
    });
  }

  write(bytes: Buffer): void {
    this.socket.write(bytes);
  }

  send(...packets: Packet[]): void {
    const options = { protocolVersion: this.protocolVersion };
    this.socket.write(Buffer.concat(packets.map((packet) => generate(packet, options))));
  }

  /** Sends a CONNECT and returns the CONNACK. */
  connect(clientId: string, fields: Partial<IConnectPacket> = {}): Promise<Packet & { cmd: 'connack' }> {
    this.send({
      cmd: 'connect',
      protocolId: 'MQTT',
      protocolVersion: this.protocolVersion,
      clean: true,
      keepalive: 60,
      clientId,
      ...fields,
    });
    return this.next('connack');
  }

  /** Sends a QoS 0 or 1 publish; QoS 1 when it has a packet identifier. */
  publish(topic: string, payload: string | Buffer, messageId?: number, properties?: object, retain = false): void {
    this.send({
      cmd: 'publish',
      topic,
      payload,
      qos: messageId === undefined ? 0 : 1,
      dup: false,
      retain,
      ...(messageId === undefined ? {} : { messageId }),
      ...(properties === undefined ? {} : { properties }),
    });
  }

  subscribe(messageId: number, topic: string, qos: 0 | 1 = 1): Promise<Packet & { cmd: 'suback' }> {
    this.send({ cmd: 'subscribe', messageId, subscriptions: [{ topic, qos }] });
    return this.next('suback');
  }

  /** The first packet of this type, received already or awaited. */
  next<C extends Packet['cmd']>(cmd: C): Promise<Packet & { cmd: C }> {
    const at = this.packets.findIndex((packet) => packet.cmd === cmd);
    const known = at === -1 ? undefined : this.packets.splice(at, 1)[0];
    if (known !== undefined) return Promise.resolve(known as Packet & { cmd: C });
    if (this.socket.destroyed) return Promise.reject(new Error('the connection was closed'));
    return new Promise((resolve, reject) => {
      this.#waiting.push({ cmd, resolve: resolve as (packet: Packet) => void, reject });
    });
  }

  /** After a round trip: everything that the server had sent before has arrived. */
  async settle(): Promise<void> {
    this.send({ cmd: 'pingreq' });
    await this.next('pingresp');
  }

  close(): void {
    this.socket.destroy();
  }

  #received(packet: Packet): void {
    const at = this.#waiting.findIndex(({ cmd }) => cmd === packet.cmd);
    if (at === -1) this.packets.push(packet);
    else this.#waiting.splice(at, 1)[0]?.resolve(packet);
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error);
  }
}
