import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fetchPermissions, type RoleReport } from '../../cli/commands/permissions.ts';
import { PROJECT_ROOT } from '../../cli/project-root.ts';
import type { CloudDescription } from '../../local-cloud/src/index.ts';

/** Where the end-to-end tests leave what roles were granted and used, for `npm run check:permissions`. */
export const RECORDS = join(PROJECT_ROOT, 'node_modules/.cache/fleetwright/permissions');

let count = 0;

/** Keeps what the roles of a platform have done until now. A cloud that is gone already has nothing to tell. */
export async function recordPermissions(description: CloudDescription): Promise<void> {
  const roles = await fetchPermissions(description).catch(() => undefined);
  if (roles === undefined) return;
  mkdirSync(RECORDS, { recursive: true });
  writeFileSync(join(RECORDS, `${process.pid}-${++count}-${Date.now()}.json`), JSON.stringify(roles));
}

/** @throws Error when nothing was recorded */
export function readRecords(): RoleReport[][] {
  const files = readdirSync(RECORDS).filter((name) => name.endsWith('.json'));
  return files.map((name) => JSON.parse(readFileSync(join(RECORDS, name), 'utf8')) as RoleReport[]);
}
