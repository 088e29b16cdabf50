import { fileURLToPath } from 'node:url';
import type { FleetCommand, FleetReport } from '../../device-client/src/main.ts';
import { SteeredProcess } from './child-process.ts';

export type FleetProcess = SteeredProcess<FleetCommand, FleetReport>;

/** Simulated devices in a process of their own. */
export function forkFleet(): FleetProcess {
  return new SteeredProcess(
    'the device simulation',
    fileURLToPath(new URL('../../device-client/src/main.ts', import.meta.url)),
  );
}
