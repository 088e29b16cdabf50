import type { HealthMessage } from '@fleetwright/contracts';

/** How the device is, apart from what the agent knows of itself. */
export type HealthReading = Omit<HealthMessage, 'time' | 'bootId' | 'sequence' | 'firmware'>;

export interface HealthSource {
  /** What cannot be read is left out. */
  read(): Promise<HealthReading>;
}
