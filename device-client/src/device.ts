import { EventEmitter } from 'node:events';
import {
  basicIngestTopic,
  type Channel,
  type ClaimCredentials,
  channelTopic,
  type DeviceAddress,
  type HealthMessage,
  type ProvisioningParameters,
  type Sample,
  type TelemetryMessage,
} from '@fleetwright/contracts';
import { type DeviceClock, systemClock } from './clock.ts';
import { MqttConnection } from './connection/mqtt-connection.ts';
import { DeviceError } from './errors.ts';
import { type DeviceIdentity, IdentityStore } from './identity/identity-store.ts';
import { type CloudEndpoint, provision } from './identity/provision.ts';
import { StateDirectory } from './state-directory.ts';
import { nextBootId } from './telemetry/boot-counter.ts';
import { ChannelPublisher } from './telemetry/channel-publisher.ts';

export interface DeviceOptions {
  readonly endpoint: CloudEndpoint;
  /** Directory that holds key, certificate, identity and boot counter; made if missing. */
  readonly stateDirectory: string;
  /** Needed until the device has an identity of its own. */
  readonly claim?: ClaimCredentials | undefined;
  readonly parameters: ProvisioningParameters;
  readonly samplesPerMessage?: number;
  /** ms, longest wait between two attempts to connect. @default 60000 */
  readonly maxReconnectDelay?: number;
  readonly clock?: DeviceClock;
  /** Even draw in [0, 1). @default Math.random */
  readonly random?: () => number;
}

export interface DeviceEvents {
  provisioned: [identity: DeviceIdentity];
  connected: [];
  interrupted: [reason: string];
  /** A telemetry or event message goes out for the first time. */
  sent: [channel: Channel, message: TelemetryMessage];
  /** The cloud has a telemetry or event message. */
  acknowledged: [channel: Channel, message: TelemetryMessage];
  retry: [what: string, reason: string];
}

const CONNECT_TIMEOUT = 60_000;

/** A device of the fleet: gets its identity, connects as itself, and publishes. Made by {@link createDevice}. */
export class Device extends EventEmitter<DeviceEvents> {
  readonly #options: DeviceOptions;
  readonly #clock: DeviceClock;
  readonly #random: () => number;
  readonly #state: StateDirectory;
  readonly #abort = new AbortController();
  readonly #publishers = new Map<Channel, ChannelPublisher>();
  #connection: MqttConnection | undefined;
  #identity: DeviceIdentity | undefined;
  #bootId = 0;
  #healthSequence = 0;

  constructor(options: DeviceOptions) {
    super();
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#state = new StateDirectory(options.stateDirectory);
  }

  get identity(): DeviceIdentity {
    if (this.#identity === undefined) throw new DeviceError('NOT_PROVISIONED', 'the device has not been started');
    return this.#identity;
  }

  get bootId(): number {
    return this.#bootId;
  }

  /** Provisions if needed and connects as itself. @throws DeviceError */
  async start(): Promise<void> {
    const store = new IdentityStore(this.#state);
    const { claim, endpoint, parameters } = this.#options;
    this.#identity = store.load();
    if (this.#identity === undefined) {
      if (claim === undefined) {
        throw new DeviceError('NOT_PROVISIONED', `${this.#state.path} holds no identity, and no claim was given`);
      }
      this.#identity = await provision({
        endpoint,
        claim,
        parameters,
        store,
        clock: this.#clock,
        random: this.#random,
        signal: this.#abort.signal,
        onRetry: (attempt, reason) => this.emit('retry', `provisioning attempt ${attempt}`, reason),
      });
      this.emit('provisioned', this.#identity);
    }
    this.#bootId = nextBootId(this.#state);
    const connection = new MqttConnection({
      ...endpoint,
      certificatePem: this.#identity.certificatePem,
      privateKeyPem: this.#identity.privateKeyPem,
      clientId: this.#identity.thingName,
      ...(this.#options.maxReconnectDelay !== undefined && { maxReconnectDelay: this.#options.maxReconnectDelay }),
    });
    this.#connection = connection;
    connection.on('connected', () => {
      for (const publisher of this.#publishers.values()) publisher.retryNow();
      this.emit('connected');
    });
    connection.on('interrupted', (reason) => this.emit('interrupted', reason));
    connection.start();
    await connection.whenConnected(CONNECT_TIMEOUT, this.#abort.signal);
  }

  /** Takes a sample for sending; it is acknowledged by the event of that name. @throws DeviceError `QUEUE_FULL` */
  publish(channel: 'telemetry' | 'event', sample: Sample): void {
    this.#publisher(channel).add(sample);
  }

  /** Resolves when the cloud has it. One attempt: the next reading is a better retry than an old one. */
  async publishHealth(reading: Omit<HealthMessage, 'bootId' | 'sequence'>): Promise<void> {
    const message: HealthMessage = { ...reading, bootId: this.#bootId, sequence: ++this.#healthSequence };
    await this.#connected().publish(channelTopic(this.#address(), 'health'), JSON.stringify(message));
  }

  /** Resolves when everything given so far is acknowledged. */
  async flush(): Promise<void> {
    await Promise.all([...this.#publishers.values()].map((publisher) => publisher.flush()));
  }

  /** Disconnects cleanly. What is not acknowledged by then is given up. */
  async stop(): Promise<void> {
    this.#abort.abort();
    for (const publisher of this.#publishers.values()) publisher.stop();
    await this.#connection?.stop();
    this.#connection = undefined;
  }

  #publisher(channel: 'telemetry' | 'event'): ChannelPublisher {
    const known = this.#publishers.get(channel);
    if (known !== undefined) return known;
    const made = new ChannelPublisher({
      topic: this.#topic(channel),
      bootId: this.#bootId,
      send: (topic, payload) => this.#connected().publish(topic, payload),
      clock: this.#clock,
      random: this.#random,
      ...(this.#options.samplesPerMessage !== undefined && { samplesPerMessage: this.#options.samplesPerMessage }),
      onSent: (message) => this.emit('sent', channel, message),
      onAcknowledged: (message) => this.emit('acknowledged', channel, message),
      onRetry: (sequence, reason) => this.emit('retry', `${channel} message ${sequence}`, reason),
    });
    this.#publishers.set(channel, made);
    return made;
  }

  /** The fleet's configuration says which channels go by Basic Ingest; the others stay where others may listen. */
  #topic(channel: 'telemetry' | 'event'): string {
    const { basicIngestChannels = 'telemetry', eventRule, telemetryRule } = this.identity.configuration;
    return basicIngestChannels.split(',').includes(channel)
      ? basicIngestTopic(this.#address(), channel, channel === 'telemetry' ? telemetryRule : eventRule)
      : channelTopic(this.#address(), channel);
  }

  #address(): DeviceAddress {
    const { configuration, thingName } = this.identity;
    return { ...configuration, thingName };
  }

  #connected(): MqttConnection {
    if (this.#connection === undefined) throw new DeviceError('STOPPED', 'the device is not running');
    return this.#connection;
  }
}

export function createDevice(options: DeviceOptions): Device {
  return new Device(options);
}
