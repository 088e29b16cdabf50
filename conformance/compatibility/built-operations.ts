import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiOperations, startLocalCloud } from '../../local-cloud/src/index.ts';

/** Operations of one API: those that are built, and those that answer 501 by name. */
export interface ApiCoverage {
  readonly service: string;
  readonly built: readonly string[];
  readonly refused: readonly string[];
}

/** Asks a cloud that is started for it. */
export async function builtOperations(): Promise<ApiCoverage[]> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'fleetwright-operations-'));
  const cloud = await startLocalCloud({ dataDirectory, port: 0, mqttPort: 0 });
  try {
    return cloud
      .operations()
      .map(coverageOf)
      .sort((a, b) => (a.service < b.service ? -1 : 1));
  } finally {
    await cloud.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
}

function coverageOf({ built, known, service }: ApiOperations): ApiCoverage {
  return { service, built, refused: known.filter((name) => !built.includes(name)) };
}
