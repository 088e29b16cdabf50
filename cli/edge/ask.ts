import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { askNucleus, type ControlRequest, NucleusError, runningNucleus } from '../../edge-nucleus/src/index.ts';
import { Failure } from '../failure.ts';
import { coreDirectory } from './core-device.ts';

export interface EdgeOptions {
  readonly dataDir: string;
  /** Serial number of the core, where several run. */
  readonly core?: string;
}

/** Root of the nucleus of a core. */
export function nucleusRoot(dataDir: string, core: string): string {
  return join(coreDirectory(dataDir, core), 'greengrass');
}

/** Asks the core that runs, or the one that is named. @throws Failure */
export async function askCore({ core, dataDir }: EdgeOptions, request: ControlRequest): Promise<unknown> {
  const edge = resolve(join(dataDir, 'edge'));
  const cores = core !== undefined ? [core] : existsSync(edge) ? readdirSync(edge) : [];
  const running = cores.filter((name) => runningNucleus(nucleusRoot(dataDir, name)) !== undefined);
  if (running.length > 1) throw new Failure(`several cores run (${running.join(', ')}); name one with --core`);
  const [only] = running;
  if (only === undefined) throw new Failure(`no core runs on ${edge}. Start one with \`fleetwright edge run\`.`);
  try {
    return await askNucleus(nucleusRoot(dataDir, only), request);
  } catch (error) {
    if (error instanceof NucleusError) throw new Failure(error.message, 1, { cause: error });
    throw error;
  }
}
