import type { DeviceAddress } from '@fleetwright/contracts';
import type { mqtt5 } from 'aws-iot-device-sdk-v2';
import type { DeviceClock } from './clock.ts';
import type { DeviceIdentity } from './identity/identity-store.ts';
import type { StateDirectory } from './state-directory.ts';

/** One line of the agent's log. `fields` are JSON values; never keys, certificates' private parts or tokens. */
export interface DeviceLog {
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export interface Subscription {
  /** Resolves when the broker knows; a subscription of a lost connection is simply forgotten. */
  end(): Promise<void>;
}

/** What a feature sees of the connection: it may be gone and come back at any time. */
export interface DeviceLink {
  readonly connected: boolean;
  /** For the SDK's service clients (`iotshadow`, `iotjobs`), which are made over it with `newFromMqtt5`. */
  readonly client: mqtt5.Mqtt5Client;
  /** Resolves when the broker has acknowledged. Rejects while there is no connection: whoever wants it sent keeps it. */
  publish(topic: string, payload: string | Uint8Array, qos?: 0 | 1): Promise<void>;
  /**
   * Messages of a filter, for as long as the link lives: it subscribes again by itself after each reconnect.
   * Rejects when the broker refuses.
   */
  subscribe(filter: string, onMessage: (topic: string, payload: Uint8Array) => void): Promise<Subscription>;
  /** Called at each connection, at once when there is one. @returns stops it */
  onConnected(task: () => void): () => void;
  /** @returns stops it */
  onInterrupted(task: (reason: string) => void): () => void;
}

/** What a feature stands on. A device that changes its certificate stops its features and starts them on a new context. */
export interface FeatureContext {
  readonly identity: DeviceIdentity;
  readonly address: DeviceAddress;
  /** Grows with each start of the device. */
  readonly bootId: number;
  readonly link: DeviceLink;
  /** A directory of the feature's own, below the device's. */
  readonly state: StateDirectory;
  readonly clock: DeviceClock;
  /** Even draw in [0, 1). */
  readonly random: () => number;
  /** ECDSA P-256 with SHA-256, DER, by the key of the certificate: wherever that key is, in a file or on a token. */
  sign(bytes: Uint8Array): Promise<Uint8Array>;
  readonly log: DeviceLog;
  /** Aborts when the feature is to stop. */
  readonly signal: AbortSignal;
}

/**
 * A part of the agent that can be taken alone: telemetry, twin, jobs, updates, health …
 *
 * INVARIANTS
 * - `start` never waits for the cloud to answer: a device that boots without a network has all of its features running.
 * - After `stop` resolves, nothing of the feature keeps the process alive, and everything that it promised is on disk.
 */
export interface DeviceFeature {
  /** Kebab-case; also the name of its directory. */
  readonly name: string;
  start(context: FeatureContext): Promise<void>;
  /** Within a second; what is under way is left as a `kill -9` would leave it. */
  stop(): Promise<void>;
  /** What the health endpoint shows of it: small, JSON, current, and without secrets. */
  status?(): Readonly<Record<string, unknown>>;
}
