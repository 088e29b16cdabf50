import type { HealthMessage } from '@fleetwright/contracts';

export type Values = Record<string, number | boolean | string>;

export type HealthReading = Pick<HealthMessage, 'battery' | 'signal' | 'memoryFree'>;

/** What a device measures. Implemented by the simulated pump station, by recorded data and by real drivers. */
export interface SensorSet {
  /** Undefined when there is nothing more to report. */
  read(time: number): { time: number; values: Values } | undefined;
  health(time: number): HealthReading;
}
