import type { DeviceAddress } from '@fleetwright/contracts';
import { type DeviceClock, sleep } from './clock.ts';
import { MqttConnection } from './connection/mqtt-connection.ts';
import { addressOf } from './device-address.ts';
import { reasonOf } from './errors.ts';
import type { DeviceFeature, DeviceLog } from './feature.ts';
import type { KeyedIdentity } from './identity/identity-store.ts';
import type { CloudEndpoint } from './identity/provisioning-service.ts';
import type { StateDirectory } from './state-directory.ts';

export interface SessionOptions {
  readonly endpoint: CloudEndpoint;
  readonly identity: KeyedIdentity;
  readonly bootId: number;
  readonly features: readonly DeviceFeature[];
  readonly state: StateDirectory;
  readonly clock: DeviceClock;
  readonly random: () => number;
  readonly log: DeviceLog;
  /** Topic of the last will; its payload is not looked at. */
  readonly willTopic?: string | undefined;
  readonly maxReconnectDelay?: number | undefined;
  readonly keepAlive?: number | undefined;
  readonly beforeConnect?: ((signal: AbortSignal) => Promise<void>) | undefined;
}

/** ms that a feature has to stop. Together with the connection's they leave an agent its two seconds. */
const FEATURE_STOP_TIME = 900;
const LAST_STOP_TIME = 300;

/**
 * One certificate's time: its connection, and the features that run on it.
 *
 * INVARIANT: features start before the connection is asked for, and stop before it is ended.
 */
export class DeviceSession {
  readonly identity: KeyedIdentity;
  readonly connection: MqttConnection;
  readonly #options: SessionOptions;
  readonly #abort = new AbortController();
  readonly #running: DeviceFeature[] = [];
  readonly #failed = new Map<string, string>();

  /** @throws DeviceError `KEY_UNUSABLE` */
  constructor(options: SessionOptions) {
    this.#options = options;
    this.identity = options.identity;
    const { certificatePem, key, thingName } = options.identity;
    this.connection = new MqttConnection({
      ...options.endpoint,
      ...key.connection,
      certificatePem,
      clientId: thingName,
      clock: options.clock,
      ...(options.willTopic !== undefined && { will: { topic: options.willTopic, payload: '{}' } }),
      ...(options.maxReconnectDelay !== undefined && { maxReconnectDelay: options.maxReconnectDelay }),
      ...(options.keepAlive !== undefined && { keepAlive: options.keepAlive }),
    });
  }

  get address(): DeviceAddress {
    return addressOf(this.identity);
  }

  /** What each feature says of itself; one that could not start says why. */
  get features(): Readonly<Record<string, unknown>> {
    const shown: Record<string, unknown> = {};
    for (const feature of this.#running) shown[feature.name] = feature.status?.() ?? {};
    for (const [name, failure] of this.#failed) shown[name] = { failed: failure };
    return shown;
  }

  /** A feature that cannot start is reported; the others run. */
  async start(): Promise<void> {
    const { bootId, clock, features, identity, log, random, state } = this.#options;
    for (const feature of features) {
      if (this.#abort.signal.aborted) return;
      try {
        await feature.start({
          identity,
          address: this.address,
          bootId,
          link: this.connection,
          state: state.directory(feature.name),
          clock,
          random,
          sign: (bytes) => identity.key.sign(bytes),
          log: named(log, feature.name),
          signal: this.#abort.signal,
        });
        this.#running.push(feature);
      } catch (error) {
        this.#failed.set(feature.name, reasonOf(error));
        log.error('feature does not start', { feature: feature.name, reason: reasonOf(error) });
      }
    }
    if (this.#options.beforeConnect === undefined) this.#connect();
    else void this.#options.beforeConnect(this.#abort.signal).finally(() => this.#connect());
  }

  #connect(): void {
    if (!this.#abort.signal.aborted) this.connection.start();
  }

  /** The first feature stops last: the others hand it what they have to say. */
  async stop(options: { leaveWill?: boolean } = {}): Promise<void> {
    this.#abort.abort();
    const [first, ...others] = this.#running;
    await this.#end(others, FEATURE_STOP_TIME);
    if (first !== undefined) await this.#end([first], LAST_STOP_TIME);
    this.#running.length = 0;
    await this.connection.stop(options);
  }

  async #end(features: readonly DeviceFeature[], milliseconds: number): Promise<void> {
    const { clock, log } = this.#options;
    await Promise.all(
      features.map(async (feature) => {
        const late = new AbortController();
        const outcome = await Promise.race([
          feature.stop().catch((error: unknown) => reasonOf(error)),
          sleep(clock, milliseconds, late.signal).then(() => `does not stop within ${milliseconds} ms`),
        ]);
        late.abort();
        if (outcome !== undefined) log.warn('feature stops badly', { feature: feature.name, reason: outcome });
      }),
    );
  }
}

function named(log: DeviceLog, feature: string): DeviceLog {
  const add = (fields?: Readonly<Record<string, unknown>>) => ({ feature, ...fields });
  return {
    debug: (message, fields) => log.debug(message, add(fields)),
    info: (message, fields) => log.info(message, add(fields)),
    warn: (message, fields) => log.warn(message, add(fields)),
    error: (message, fields) => log.error(message, add(fields)),
  };
}

const ignore = (): void => {};

/** For a device that nobody asked to keep a log. */
export const noLog: DeviceLog = { debug: ignore, info: ignore, warn: ignore, error: ignore };
