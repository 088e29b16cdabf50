import type { CustomResourceResult } from '../shared/custom-resource/serve-custom-resource.ts';
import { errorName } from '../shared/errors.ts';
import type { SeedProperties, SeedRequest } from './schema.ts';

export interface SeedPorts {
  /** ms since the epoch */
  now(): number;
  pause(milliseconds: number): Promise<unknown>;
  write(seed: SeedProperties, time: number): Promise<void>;
  /** Whether a query that names every column finds a row. Rejects while a column is not known. */
  isThere(seed: SeedProperties): Promise<boolean>;
}

/** Reads are eventually consistent (Timestream developer guide, "Writes"); the function's time ends the waiting. */
const PAUSE = 1_000;
const LOOKS = 60;

/**
 * Writes a row where queries need one: into a table that is empty, or lacks a column. It stays with its table: deleting
 * the seed leaves the row where it is.
 * @throws Error when the row is not found in time
 */
export async function seedTable(request: SeedRequest, ports: SeedPorts): Promise<CustomResourceResult> {
  if (request.RequestType === 'Delete') return { physicalResourceId: request.PhysicalResourceId };
  const seed = request.ResourceProperties;
  const result = { physicalResourceId: `${seed.DatabaseName}/${seed.TableName}/seed` };
  if (await isThere(seed, ports)) return result;
  await ports.write(seed, ports.now());
  for (let look = 0; look < LOOKS; look++) {
    if (await isThere(seed, ports)) return result;
    await ports.pause(PAUSE);
  }
  throw new Error(`the first row of ${seed.TableName} is not found by queries`);
}

async function isThere(seed: SeedProperties, ports: SeedPorts): Promise<boolean> {
  try {
    return await ports.isThere(seed);
  } catch (error) {
    // "Column does not exist" until the row is seen.
    if (errorName(error) === 'ValidationException') return false;
    throw error;
  }
}
