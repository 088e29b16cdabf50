import type { DeviceConfiguration } from '@fleetwright/contracts';

/** What a measured process is told when it starts: the one argument, as JSON. */
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
  readonly messagesPerSecond: number;
}

/** What it prints of itself: a line of JSON once it has rested, and one for each load. */
export interface RestFigures {
  /** bytes, seconds after it has connected */
  readonly restBytes: number;
}

export interface LoadFigures {
  /** bytes, the most seen since it started */
  readonly loadBytes: number;
  /** ms of processor time for 1,000 messages */
  readonly cpuMilliseconds: number;
  readonly messagesPerSecond: number;
}

/** A process that is measured beside others. */
export interface MeasuredProcess {
  readonly rest: RestFigures;
  load(seconds: number): Promise<LoadFigures>;
  stop(): Promise<void>;
}

/** ms between connecting and the measurement at rest */
export const REST = 3_000;

/** ms between looks at how much memory a process has: each costs about as much as a message */
export const WATCH = 1_000;

/** The same for all: a pump's sample. */
export function sampleAt(time: number): { time: number; values: Record<string, number> } {
  return { time, values: { temperature: 71.35, pressure: 4.182, rpm: 1475, vibration: 1.25 } };
}
