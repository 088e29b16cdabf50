import { readFileSync } from 'node:fs';
import type { DeploymentOutcome } from '../../edge-nucleus/src/index.ts';
import { askCore, type EdgeOptions } from '../edge/ask.ts';
import { Failure, messageOf } from '../failure.ts';

/** `fleetwright edge deploy`: changes what a running core runs; ends with 1 unless all of it comes up. */
export async function edgeDeploy(file: string, options: EdgeOptions): Promise<void> {
  let document: unknown;
  try {
    document = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new Failure(`cannot read ${file}: ${messageOf(error)}`, 1, { cause: error });
  }
  const outcome = (await askCore(options, { command: 'deploy', document })) as DeploymentOutcome;
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
  if (outcome.status !== 'SUCCESSFUL') throw new Failure(`${outcome.status}: ${outcome.reason ?? 'no reason'}`);
}
