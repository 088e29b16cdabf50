import { join } from 'node:path';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { Aedes } from 'aedes';
import type { ComponentClock, ComponentLog } from '../../../shared/src/component.ts';
import type { BrokerConfiguration, MqttSource } from '../configuration/mqtt-source.ts';
import { brokerIdentity } from './broker-certificate.ts';
import { MqttConnection } from './mqtt-connection.ts';

/** ms between two lines about devices that were turned away */
const LOG_EVERY_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;

/** What a source hears of its device. */
export interface DeviceListener {
  readonly identity: MqttSource['identity'];
  onField(payload: Buffer): void;
  onWritten(payload: Buffer): void;
}

/**
 * An MQTT 3.1.1 broker for devices of the plant, with mutual TLS.
 *
 * INVARIANTS
 * - A device is who its certificate says: of the device CA, valid now, and on the list of a source. Its client identifier, user
 *   name and password are not looked at.
 * - It may publish on `field/<source>` and `written/<source>` and subscribe to `write/<source>` of its own source, and do
 *   nothing else; whoever tries loses the connection.
 * - One device a source: a newer connection takes the place of an older one. Nothing is kept for those that are away.
 */
export class DeviceBroker {
  readonly #clock: ComponentClock;
  readonly #log: ComponentLog;
  readonly #directory: string;
  readonly #listeners = new Map<string, DeviceListener>();
  readonly #connections = new Map<string, Set<MqttConnection>>();
  #running: { text: string; server: Server; broker: Aedes } | undefined;
  #turnedAway = 0;
  #logAt = Number.NEGATIVE_INFINITY;

  constructor({ clock, log, workDirectory }: { clock: ComponentClock; log: ComponentLog; workDirectory: string }) {
    this.#clock = clock;
    this.#log = log;
    this.#directory = join(workDirectory, 'broker');
  }

  /** Port that it listens on. */
  get port(): number | undefined {
    const address = this.#running?.server.address();
    return typeof address === 'object' ? address?.port : undefined;
  }

  /** Runs with this configuration; undefined: does not run. Rejects when it cannot listen. */
  async configure(configuration: BrokerConfiguration | undefined): Promise<void> {
    const text = JSON.stringify(configuration);
    if (this.#running?.text === text) return;
    await this.close();
    if (configuration === undefined) return;
    const identity = await brokerIdentity(this.#directory, configuration, this.#clock.now());
    const broker = await this.#createBroker(configuration);
    const server = createServer(
      {
        key: identity.key,
        cert: identity.certificate,
        ca: configuration.deviceCa,
        requestCert: true,
        rejectUnauthorized: true,
        minVersion: 'TLSv1.2',
        handshakeTimeout: CONNECT_TIMEOUT_MS,
      },
      (socket) => this.#admit(socket, broker, configuration),
    );
    server.maxConnections = configuration.maxConnections;
    server.on('tlsClientError', (error) => this.#turnAway(error.message));
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen(configuration.port, configuration.host, resolve);
      });
    } catch (error) {
      await new Promise<void>((resolve) => broker.close(resolve));
      throw error;
    }
    server.on('error', (error) => this.#log.error('the broker has trouble', { reason: error.message }));
    this.#running = { text, server, broker };
    this.#log.info('the broker for local devices listens', {
      port: this.port,
      certificate: configuration.certificateFile ?? join(this.#directory, 'broker-ca.crt'),
    });
  }

  async close(): Promise<void> {
    const running = this.#running;
    this.#running = undefined;
    if (running === undefined) return;
    const closed = new Promise<void>((resolve) => running.server.close(() => resolve()));
    for (const connections of this.#connections.values()) for (const connection of connections) connection.destroy();
    await new Promise<void>((resolve) => running.broker.close(resolve));
    await closed;
  }

  attach(source: string, listener: DeviceListener): void {
    this.#listeners.set(source, listener);
  }

  detach(source: string): void {
    this.#listeners.delete(source);
    for (const connection of this.#connections.get(source) ?? []) connection.destroy();
  }

  isConnected(source: string): boolean {
    return (this.#connections.get(source)?.size ?? 0) > 0;
  }

  /** A request to a device. Not kept when it is away: a late write is worse than none. */
  request(source: string, payload: string): void {
    this.#running?.broker.publish(
      { cmd: 'publish', topic: `write/${source}`, payload, qos: 0, retain: false, dup: false },
      () => {},
    );
  }

  #admit(socket: TLSSocket, broker: Aedes, { maxBytes }: BrokerConfiguration): void {
    socket.on('error', () => {});
    const source = this.#sourceOf(socket);
    if (source === undefined) {
      const { fingerprint256, subject } = socket.getPeerCertificate();
      this.#turnAway(`no source has the certificate CN=${String(subject?.CN).slice(0, 64)}, ${fingerprint256}`);
      socket.destroy();
      return;
    }
    const connection = new MqttConnection(socket, source, maxBytes);
    const connections = this.#connections.get(source) ?? new Set();
    this.#connections.set(source, connections);
    for (const older of connections) older.destroy();
    connections.add(connection);
    connection.on('error', (error) => this.#turnAway(`${source}: ${error.message}`));
    connection.on('close', () => connections.delete(connection));
    socket.setKeepAlive(true, 30_000);
    broker.handle(connection);
  }

  #sourceOf(socket: TLSSocket): string | undefined {
    const { fingerprint256, subject } = socket.getPeerCertificate();
    const fingerprint = fingerprint256?.replaceAll(':', '').toLowerCase();
    // More than one common name says nothing.
    const commonName = typeof subject?.CN === 'string' ? subject.CN : undefined;
    for (const [source, { identity }] of this.#listeners) {
      if (
        identity.fingerprint !== undefined ? identity.fingerprint === fingerprint : identity.commonName === commonName
      ) {
        return source;
      }
    }
    return undefined;
  }

  async #createBroker({ maxConnections }: BrokerConfiguration): Promise<Aedes> {
    const sourceOf = (client: { conn: unknown } | null): string =>
      client?.conn instanceof MqttConnection ? client.conn.source : '';
    const broker = await Aedes.createBroker({
      connectTimeout: CONNECT_TIMEOUT_MS,
      queueLimit: 42,
      concurrency: Math.max(16, maxConnections),
      maxTopicLevels: 4,
      preConnect: (client, packet, done) => {
        packet.clientId = sourceOf(client);
        packet.clean = true;
        done(null, packet.clientId !== '');
      },
      authorizePublish: (client, packet, done) => {
        const source = sourceOf(client);
        if (packet.topic === `field/${source}` || packet.topic === `written/${source}`) {
          // Nothing is kept for later.
          packet.retain = false;
          done(null);
        } else done(new Error(`must not publish on ${packet.topic.slice(0, 64)}`));
      },
      authorizeSubscribe: (client, subscription, done) => {
        const allowed = subscription.topic === `write/${sourceOf(client)}`;
        done(null, allowed ? subscription : null);
      },
    });
    broker.on('publish', (packet, client) => {
      const source = sourceOf(client);
      const listener = this.#listeners.get(source);
      const payload = Buffer.from(packet.payload);
      if (packet.topic === `field/${source}`) listener?.onField(payload);
      else if (packet.topic === `written/${source}`) listener?.onWritten(payload);
    });
    broker.on('clientError', (client, error) => this.#turnAway(`${sourceOf(client)}: ${error.message}`));
    broker.on('connectionError', (client, error) => this.#turnAway(`${sourceOf(client)}: ${error.message}`));
    broker.on(
      'error' as 'closed',
      ((error: Error) => {
        this.#log.error('the broker has trouble', { reason: error.message });
      }) as () => void,
    );
    return broker;
  }

  /** A flood of those that are turned away is no flood of the log. */
  #turnAway(reason: string): void {
    this.#turnedAway++;
    const now = this.#clock.monotonic();
    if (now < this.#logAt) return;
    this.#logAt = now + LOG_EVERY_MS;
    this.#log.warn('a device was turned away, or has trouble', { reason, since: this.#turnedAway });
    this.#turnedAway = 0;
  }
}
