import type { DeviceConfiguration } from '@fleetwright/contracts';

/** What a measured process is told: the one argument, as JSON. */
export interface DeviceOrder {
  /** `bare`: the SDK's client alone. The others are the library with its queue in memory or on disk. */
  readonly kind: 'bare' | 'memory' | 'disk, synced' | 'disk';
  readonly host: string;
  readonly port: number;
  readonly serverCaPem: string;
  readonly certificatePem: string;
  readonly privateKeyPem: string;
  readonly thingName: string;
  readonly configuration: DeviceConfiguration;
  /** Holds the identity, for the library. */
  readonly stateDirectory: string;
  /** Of the load before it is measured. */
  readonly warmSeconds: number;
  readonly seconds: number;
  readonly messagesPerSecond: number;
  readonly samplesPerMessage: number;
}

/** What it prints at its end. */
export interface DeviceFigures {
  /** bytes, seconds after it has connected */
  readonly restBytes: number;
  /** bytes, the most seen under load */
  readonly loadBytes: number;
  /** ms of processor time for 1,000 messages */
  readonly cpuMilliseconds: number;
  readonly messagesPerSecond: number;
}

/** ms between connecting and the measurement at rest */
export const REST = 3_000;

/** The same for all: a pump's sample. */
export function sampleAt(time: number): { time: number; values: Record<string, number> } {
  return { time, values: { temperature: 71.35, pressure: 4.182, rpm: 1475, vibration: 1.25 } };
}
