import { EventEmitter } from 'node:events';
import {
  type Channel,
  type ClaimCredentials,
  channelTopic,
  type HealthMessage,
  lastWillTopic,
  type ProvisioningParameters,
  type Sample,
  type TelemetryMessage,
} from '@fleetwright/contracts';
import { type DeviceClock, systemClock } from './clock.ts';
import type { MqttConnection } from './connection/mqtt-connection.ts';
import { addressOf } from './device-address.ts';
import { DeviceSession, noLog } from './device-session.ts';
import { DeviceError, reasonOf } from './errors.ts';
import type { DeviceFeature, DeviceLog } from './feature.ts';
import { CertificateRotation } from './identity/certificate-rotation.ts';
import { type DeviceIdentity, IdentityStore, type KeyedIdentity } from './identity/identity-store.ts';
import { provision } from './identity/provision.ts';
import { ProvisioningJournal } from './identity/provisioning-journal.ts';
import type { CloudEndpoint } from './identity/provisioning-service.ts';
import { type RotationOutcome, RotationStore } from './identity/rotation-record.ts';
import { TokenKeyStore, type TokenOptions } from './identity/token-key-store.ts';
import { StateDirectory } from './state-directory.ts';
import { nextBootId } from './telemetry/boot-counter.ts';
import { type TakeOptions, TelemetryFeature } from './telemetry/telemetry-feature.ts';
import type { TelemetryOptions } from './telemetry/telemetry-options.ts';

export interface DeviceOptions {
  readonly endpoint: CloudEndpoint;
  /** Directory that holds key, certificate, identity and boot counter; made if missing. */
  readonly stateDirectory: string;
  /** Needed until the device has an identity of its own. */
  readonly claim?: ClaimCredentials | undefined;
  readonly parameters: ProvisioningParameters;
  /** Keys are made and kept on this token instead of in files. */
  readonly token?: TokenOptions | undefined;
  /** Run while the device runs. @default none */
  readonly features?: readonly DeviceFeature[];
  /** Leaves a last will, which the platform takes for a loss of connection. @default false */
  readonly lastWill?: boolean;
  /** seconds; AWS IoT allows 30 to 1200. @default 60 */
  readonly keepAlive?: number | undefined;
  /** Attempts to provision that may fail for passing reasons. @default 8 */
  readonly provisioningAttempts?: number | undefined;
  /** How samples wait and travel. @default in memory: what is not acknowledged ends with the process */
  readonly telemetry?: TelemetryOptions | undefined;
  /** The same as in `telemetry`. */
  readonly samplesPerMessage?: number;
  /** ms, longest wait between two attempts to connect. @default 60000 */
  readonly maxReconnectDelay?: number | undefined;
  readonly clock?: DeviceClock;
  /** Nothing is connected before it resolves; features run meanwhile. For a device that must learn the time first. */
  readonly beforeConnect?: ((signal: AbortSignal) => Promise<void>) | undefined;
  /** Even draw in [0, 1). @default Math.random */
  readonly random?: () => number;
  /** @default silent */
  readonly log?: DeviceLog;
}

export interface StartOptions {
  /** Resolve when the device has an identity and its features run, connected or not. @default false */
  readonly offline?: boolean;
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
  /** A change of certificate has ended, well or not. */
  rotated: [outcome: RotationOutcome];
}

const CONNECT_TIMEOUT = 60_000;
/** Samples that wait while the device changes its certificate. */
const MAX_HELD = 1_000;

/** A device of the fleet: gets its identity, connects as itself, runs its features and publishes. Made by {@link createDevice}. */
export class Device extends EventEmitter<DeviceEvents> {
  readonly #options: DeviceOptions;
  readonly #clock: DeviceClock;
  readonly #random: () => number;
  readonly #log: DeviceLog;
  readonly #state: StateDirectory;
  readonly #identities: IdentityStore;
  readonly #abort = new AbortController();
  readonly #telemetry: TelemetryFeature;
  /** Samples that came between two sessions. */
  #held: (() => void)[] = [];
  #session: DeviceSession | undefined;
  #rotation: CertificateRotation | undefined;
  #identity: KeyedIdentity | undefined;
  /** Sessions begin and end one after another. */
  #turn: Promise<void> = Promise.resolve();
  /** Between two sessions. */
  #changing = false;
  #bootId = 0;
  #healthSequence = 0;

  constructor(options: DeviceOptions) {
    super();
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#log = options.log ?? noLog;
    this.#state = new StateDirectory(options.stateDirectory);
    this.#identities = new IdentityStore(
      this.#state,
      options.token === undefined ? undefined : new TokenKeyStore(options.token),
    );
    const { samplesPerMessage, telemetry = { storage: 'memory' } } = options;
    this.#telemetry = new TelemetryFeature({
      ...telemetry,
      ...(samplesPerMessage !== undefined && { samplesPerMessage }),
      listens: (event) =>
        this.listenerCount(event) > 0 || (event === 'sent' ? telemetry.onSent : telemetry.onAcknowledged) !== undefined,
      onSent: (channel, message) => {
        telemetry.onSent?.(channel, message);
        this.emit('sent', channel, message);
      },
      onAcknowledged: (channel, message) => {
        telemetry.onAcknowledged?.(channel, message);
        this.emit('acknowledged', channel, message);
      },
      onRetry: (channel, sequence, reason) => {
        telemetry.onRetry?.(channel, sequence, reason);
        this.emit('retry', `${channel} message ${sequence}`, reason);
      },
    });
  }

  /** The queue of samples: for producers that wait for room, or until a sample is on disk. */
  get telemetry(): TelemetryFeature {
    return this.#telemetry;
  }

  get identity(): DeviceIdentity {
    if (this.#identity === undefined) throw new DeviceError('NOT_PROVISIONED', 'the device has not been started');
    return this.#identity;
  }

  get bootId(): number {
    return this.#bootId;
  }

  get connected(): boolean {
    return this.#session?.connection.connected ?? false;
  }

  /** What each feature says of itself. */
  get features(): Readonly<Record<string, unknown>> {
    return this.#session?.features ?? {};
  }

  /** How far a change of certificate is. */
  get rotation(): CertificateRotation['record'] {
    return this.#rotation?.record ?? { phase: 'idle' };
  }

  /** Provisions if needed and connects as itself. @throws DeviceError */
  async start({ offline = false }: StartOptions = {}): Promise<void> {
    const own = (await this.#identities.load()) ?? (await this.#provision());
    this.#bootId = nextBootId(this.#state);
    this.#rotation = new CertificateRotation({
      identities: this.#identities,
      store: new RotationStore(this.#state),
      clock: this.#clock,
      log: this.#log,
      use: (identity) => this.#use(identity),
      onEnded: (outcome) => this.emit('rotated', outcome),
    });
    await this.#use(await this.#rotation.resume(own));
    if (!offline) await this.#connected().whenConnected(CONNECT_TIMEOUT, this.#abort.signal);
  }

  /**
   * Gets a new key and certificate and gives up the old ones once the new ones have connected. It goes on over restarts
   * of the device. The same request id again (32 hexadecimal digits) is the same rotation.
   * @throws DeviceError `ROTATION_FAILED` when another one is under way
   */
  async rotateCertificate(reason: 'expiring' | 'asked' = 'asked', requestId?: string): Promise<RotationOutcome> {
    if (this.#rotation === undefined) throw new DeviceError('STOPPED', 'the device is not running');
    return this.#rotation.rotate(reason, requestId);
  }

  /** Begins anew with the same certificate: nothing is connected before `beforeConnect` resolves. */
  async reconnect(): Promise<void> {
    if (this.#identity !== undefined) await this.#use(this.#identity);
  }

  /** Takes a sample for sending; it is acknowledged by the event of that name. @throws DeviceError `QUEUE_FULL`, `STOPPED` */
  publish(channel: 'telemetry' | 'event', sample: Sample, options?: TakeOptions): void {
    const take = (): void => this.#telemetry.publish(channel, sample, options);
    if (!this.#changing) take();
    else if (this.#held.length < MAX_HELD) this.#held.push(take);
    else throw new DeviceError('QUEUE_FULL', 'the device changes its certificate');
  }

  /** Resolves when the cloud has it. One attempt: the next reading is a better retry than an old one. */
  async publishHealth(reading: Omit<HealthMessage, 'bootId' | 'sequence'>): Promise<void> {
    const message: HealthMessage = { ...reading, bootId: this.#bootId, sequence: ++this.#healthSequence };
    await this.#connected().publish(channelTopic(addressOf(this.identity), 'health'), JSON.stringify(message));
  }

  /** Resolves when everything given so far is acknowledged. */
  async flush(): Promise<void> {
    await this.#turn.catch(() => {});
    await this.#telemetry.flush();
  }

  /** Stops the features and says goodbye. What is not acknowledged by then is given up. */
  async stop(): Promise<void> {
    this.#abort.abort();
    this.#rotation?.stop();
    await this.#turn.catch(() => {});
    this.#changing = false;
    await this.#session?.stop();
    this.#session = undefined;
  }

  /** Ends the device's life: stops it and removes keys, certificates and identity. */
  async erase(): Promise<void> {
    await this.stop();
    await this.#identities.erase();
  }

  async #provision(): Promise<KeyedIdentity> {
    const { claim, endpoint, parameters, provisioningAttempts } = this.#options;
    if (claim === undefined) {
      throw new DeviceError('NOT_PROVISIONED', `${this.#state.path} holds no identity, and no claim was given`);
    }
    await this.#options.beforeConnect?.(this.#abort.signal);
    const identity = await provision({
      endpoint,
      claim,
      parameters,
      store: this.#identities,
      journal: new ProvisioningJournal(this.#state),
      clock: this.#clock,
      random: this.#random,
      signal: this.#abort.signal,
      maxAttempts: provisioningAttempts,
      onRetry: (attempt, reason) => this.emit('retry', `provisioning attempt ${attempt}`, reason),
    });
    this.emit('provisioned', identity);
    return identity;
  }

  /** Ends the session, if there is one, and begins another. */
  #use(identity: KeyedIdentity): Promise<void> {
    const turn = this.#turn
      .catch(() => {})
      .then(async () => {
        this.#changing = this.#session !== undefined;
        await this.#session?.stop();
        this.#session = undefined;
        if (this.#abort.signal.aborted) throw new DeviceError('STOPPED', 'the device is not running');
        this.#identity = identity;
        await this.#begin(identity);
        this.#changing = false;
        this.#release();
      });
    this.#turn = turn;
    return turn;
  }

  async #begin(identity: KeyedIdentity): Promise<void> {
    const { endpoint, features = [], keepAlive, lastWill, maxReconnectDelay } = this.#options;
    const session = new DeviceSession({
      endpoint,
      identity,
      bootId: this.#bootId,
      features: [this.#telemetry, ...features],
      state: this.#state,
      clock: this.#clock,
      random: this.#random,
      log: this.#log,
      willTopic: lastWill === true ? lastWillTopic(addressOf(identity)) : undefined,
      maxReconnectDelay,
      keepAlive,
      beforeConnect: this.#options.beforeConnect,
    });
    this.#session = session;
    const { connection } = session;
    connection.on('connected', () => {
      this.emit('connected');
    });
    connection.on('interrupted', (reason) => this.emit('interrupted', reason));
    connection.on('problem', (problem) => this.#log.warn('connection', { reason: problem }));
    await session.start();
    this.#rotation?.attach({ identity, link: connection });
  }

  #release(): void {
    const held = this.#held;
    this.#held = [];
    for (const take of held) {
      try {
        take();
      } catch (error) {
        this.#log.warn('a sample is lost', { reason: reasonOf(error) });
      }
    }
  }

  #connected(): MqttConnection {
    if (this.#session === undefined) throw new DeviceError('STOPPED', 'the device is not running');
    return this.#session.connection;
  }
}

export function createDevice(options: DeviceOptions): Device {
  return new Device(options);
}
