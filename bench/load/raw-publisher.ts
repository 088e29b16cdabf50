import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import { generate } from 'mqtt-packet';
import { type LoadClient, type LoadOrder, type LoadResult, loadMessage, serveOrder, summarize } from './load-order.ts';

/**
 * Child-process entry: the load client without a library. It writes PUBLISH packets by hand, several to a TLS record,
 * and so shows what a server could take beyond what real device clients send.
 */
const CONNECT_TIMEOUT = 15_000;

class LoadConnection {
  readonly publishedAt: number[] = [];
  readonly latencies: number[] = [];
  acknowledged = 0;
  #socket: TLSSocket | undefined;
  #inFlight = 0;
  #sequence = 0;
  #rest: Buffer = Buffer.alloc(0);
  #open = true;
  #drained: (() => void) | undefined;
  readonly #order: LoadOrder;
  readonly #client: LoadClient;
  readonly #topic: Buffer;

  constructor(order: LoadOrder, client: LoadClient) {
    this.#order = order;
    this.#client = client;
    const name = Buffer.from(client.topic);
    this.#topic = Buffer.alloc(2 + name.length);
    this.#topic.writeUInt16BE(name.length);
    name.copy(this.#topic, 2);
  }

  async connect(): Promise<void> {
    const { host, port, caFile } = this.#order;
    const socket = connect({
      host,
      port,
      servername: host,
      ca: readFileSync(caFile),
      cert: this.#client.certificatePem,
      key: this.#client.privateKeyPem,
    });
    socket.setNoDelay(true);
    this.#socket = socket;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('no CONNACK')), CONNECT_TIMEOUT);
      socket.once('error', reject);
      socket.once('close', () => reject(new Error('closed before CONNACK')));
      socket.once('secureConnect', () => {
        socket.write(
          generate({
            cmd: 'connect',
            protocolId: 'MQTT',
            protocolVersion: 4,
            clean: true,
            keepalive: 60,
            clientId: this.#client.clientId,
          }),
        );
      });
      socket.once('data', (chunk: Buffer) => {
        clearTimeout(timer);
        if (chunk[0] === 0x20 && chunk[3] === 0) resolve();
        else reject(new Error(`CONNACK return code ${chunk[3]}`));
      });
    });
    socket.removeAllListeners('error').removeAllListeners('close');
    socket.on('error', (error) => fail(error));
    socket.on('close', () => {
      if (this.#open) fail(new Error(`the server closed the connection of ${this.#client.clientId}`));
    });
    socket.on('data', (chunk) => this.#read(chunk));
  }

  /** Publishes until `finish`. */
  pump(): void {
    const packets: Buffer[] = [];
    while (this.#open && this.#inFlight < this.#order.window) {
      packets.push(this.#packet());
      this.#inFlight++;
    }
    if (packets.length > 0) this.#socket?.write(Buffer.concat(packets));
  }

  finish(): Promise<void> {
    this.#open = false;
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#drained = resolve;
    });
  }

  close(): void {
    this.#socket?.end(Buffer.from([0xe0, 0]));
  }

  #packet(): Buffer {
    const now = Date.now();
    const sequence = ++this.#sequence;
    this.publishedAt.push(now);
    const payload = Buffer.from(loadMessage(this.#client.bootId, sequence, now, this.#order.samplesPerMessage));
    const length = this.#topic.length + 2 + payload.length;
    const header: number[] = [0x32];
    for (let rest = length; ; ) {
      const digit = rest % 128;
      rest = Math.floor(rest / 128);
      header.push(rest > 0 ? digit | 0x80 : digit);
      if (rest === 0) break;
    }
    const id = ((sequence - 1) % 65_535) + 1;
    return Buffer.concat([Buffer.from(header), this.#topic, Buffer.from([id >> 8, id & 0xff]), payload]);
  }

  #read(chunk: Buffer): void {
    const data = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let at = 0;
    const now = Date.now();
    while (data.length - at >= 4) {
      if (data[at] !== 0x40 || data[at + 1] !== 2) {
        fail(new Error(`unexpected packet 0x${data[at]?.toString(16)}`));
        return;
      }
      // [MQTT-4.6.0-2]: acknowledgements come in the order of the publishes.
      const id = data.readUInt16BE(at + 2);
      if (id !== (this.acknowledged % 65_535) + 1) {
        fail(new Error(`PUBACK ${id} out of order after ${this.acknowledged}`));
        return;
      }
      this.acknowledged++;
      this.#inFlight--;
      const sent = this.publishedAt[this.acknowledged - 1];
      if (sent !== undefined) this.latencies.push(now - sent);
      at += 4;
    }
    this.#rest = data.subarray(at);
    if (this.#open) this.pump();
    else if (this.#inFlight === 0) this.#drained?.();
  }
}

async function run(order: LoadOrder): Promise<LoadResult> {
  const connections = order.clients.map((client) => new LoadConnection(order, client));
  for (const connection of connections) await connection.connect();
  const started = performance.now();
  for (const connection of connections) connection.pump();
  await new Promise((resolve) => setTimeout(resolve, order.seconds * 1000));
  await Promise.all(connections.map((connection) => connection.finish()));
  const elapsedMs = performance.now() - started;
  for (const connection of connections) connection.close();
  return summarize(order, elapsedMs, connections);
}

const fail = serveOrder(run);
