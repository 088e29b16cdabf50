import mqtt, { type IClientOptions, type MqttClient } from 'mqtt';
import { type ManualClock, sleep, systemClock } from '../../core/clock.ts';
import type { MessageBroker, ReservedTopics } from '../../core/mqtt.ts';
import type { Store } from '../../core/store.ts';
import { createTestCloud, type TestCloud } from '../../testing/context.ts';
import { type BrokerOptions, type BrokerPlugin, createBrokerPlugin } from '../plugin.ts';
import { type DeviceIdentity, issueDeviceIdentity, testServerIdentity } from './device-identities.ts';
import { RawClient } from './raw-client.ts';
import { TestDeviceDirectory, TestRuleIngress } from './test-ports.ts';

export interface FixtureOptions {
  readonly limits?: Partial<BrokerOptions>;
  /** Data directory of an earlier fixture. */
  readonly directory?: string;
  readonly devices?: TestDeviceDirectory;
  /** Before the broker is made: for further ports. */
  readonly prepare?: (cloud: TestCloud<ManualClock>) => void;
}

/** A broker over real mTLS on a free port, with a registry and a rules engine for tests and a clock by hand. */
export class BrokerFixture {
  readonly cloud: TestCloud<ManualClock>;
  readonly plugin: BrokerPlugin;
  readonly devices: TestDeviceDirectory;
  readonly rules: TestRuleIngress;
  readonly ca: string;
  readonly #open: RawClient[] = [];
  readonly #clients: MqttClient[] = [];
  static #identity: Promise<DeviceIdentity> | undefined;

  private constructor(
    cloud: TestCloud<ManualClock>,
    plugin: BrokerPlugin,
    devices: TestDeviceDirectory,
    rules: TestRuleIngress,
    ca: string,
  ) {
    this.cloud = cloud;
    this.plugin = plugin;
    this.devices = devices;
    this.rules = rules;
    this.ca = ca;
  }

  static async start(options: FixtureOptions = {}): Promise<BrokerFixture> {
    const { server } = await testServerIdentity();
    const cloud = createTestCloud(options.directory === undefined ? {} : { directory: options.directory });
    const devices = options.devices ?? new TestDeviceDirectory();
    const rules = new TestRuleIngress();
    cloud.ports.provide('devices', devices);
    cloud.ports.provide('rules', rules);
    cloud.ports.provide('serverIdentity', server);
    options.prepare?.(cloud);
    let plugin: BrokerPlugin | undefined;
    cloud.use((context) => {
      plugin = createBrokerPlugin({ host: '127.0.0.1', port: 0, ...options.limits })(context);
      return plugin;
    });
    if (plugin === undefined) throw new Error('the plugin was not made');
    devices.register((await BrokerFixture.identity()).certificateId);
    await plugin.start?.();
    return new BrokerFixture(cloud, plugin, devices, rules, server.caCertificatePem);
  }

  /** The registered device that clients are by default. */
  static identity(): Promise<DeviceIdentity> {
    BrokerFixture.#identity ??= issueDeviceIdentity('device');
    return BrokerFixture.#identity;
  }

  get port(): number {
    return this.plugin.port;
  }

  get clock(): ManualClock {
    return this.cloud.clock;
  }

  get store(): Store {
    return this.cloud.store;
  }

  get broker(): MessageBroker {
    return this.cloud.ports.get('broker');
  }

  get reservedTopics(): ReservedTopics {
    return this.cloud.ports.get('reservedTopics');
  }

  /** A TLS connection that speaks as the test says. */
  async raw(protocolVersion: 4 | 5 = 4, identity?: DeviceIdentity): Promise<RawClient> {
    const { certificatePem: cert, privateKeyPem: key } = identity ?? (await BrokerFixture.identity());
    const client = await RawClient.open({ port: this.port, ca: this.ca, cert, key, protocolVersion });
    this.#open.push(client);
    return client;
  }

  /** A raw client with its CONNECT accepted. */
  async connected(clientId: string, protocolVersion: 4 | 5 = 4, fields: object = {}): Promise<RawClient> {
    const client = await this.raw(protocolVersion);
    await client.connect(clientId, fields);
    return client;
  }

  /** An MQTT.js client that does not reconnect. Stored messages come with the CONNACK: `onMessage` is there before. */
  async client(
    clientId: string,
    options: IClientOptions = {},
    onMessage: (topic: string, payload: Buffer) => void = () => {},
  ): Promise<MqttClient> {
    const { certificatePem: cert, privateKeyPem: key } = await BrokerFixture.identity();
    const client = mqtt.connect({
      protocol: 'mqtts',
      host: '127.0.0.1',
      servername: 'localhost',
      port: this.port,
      ca: this.ca,
      cert,
      key,
      clientId,
      reconnectPeriod: 0,
      ...options,
    } as IClientOptions);
    this.#clients.push(client);
    client.on('message', onMessage);
    await new Promise<void>((resolve, reject) => {
      client.once('connect', () => resolve());
      client.once('error', reject);
    });
    return client;
  }

  /** Ends the broker and keeps its data for a next one. */
  async stop(): Promise<void> {
    for (const client of this.#clients) client.end(true);
    for (const client of this.#open) client.close();
    await this.cloud.close();
  }
}

/** Waits, in real time, until something holds that sockets or the disk bring about. */
export async function until(condition: () => boolean, what = 'the condition'): Promise<void> {
  for (let tries = 0; tries < 1_000; tries++) {
    if (condition()) return;
    await sleep(systemClock, 5);
  }
  throw new Error(`${what} did not come true`);
}
