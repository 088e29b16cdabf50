import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiOperations, type ResourceTypeSupport, startLocalCloud } from '../../local-cloud/src/index.ts';

/** Operations of one API: those that are built, and those that answer 501 by name. */
export interface ApiCoverage {
  readonly service: string;
  readonly built: readonly string[];
  readonly refused: readonly string[];
}

/** What a cloud says of itself. */
export interface CloudCoverage {
  readonly apis: readonly ApiCoverage[];
  readonly resourceTypes: readonly ResourceTypeSupport[];
}

/** Asks a cloud that is started for it. */
export async function cloudCoverage(): Promise<CloudCoverage> {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'fleetwright-operations-'));
  const cloud = await startLocalCloud({ dataDirectory, port: 0, mqttPort: 0 });
  try {
    const apis = cloud
      .operations()
      .map(coverageOf)
      .sort((a, b) => (a.service < b.service ? -1 : 1));
    return { apis, resourceTypes: cloud.resourceTypes() };
  } finally {
    await cloud.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  }
}

function coverageOf({ built, known, service }: ApiOperations): ApiCoverage {
  return { service, built, refused: known.filter((name) => !built.includes(name)) };
}
