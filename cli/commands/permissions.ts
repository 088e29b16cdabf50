import { readFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { text } from 'node:stream/consumers';
import type { CloudDescription } from '../../local-cloud/src/index.ts';
import { Failure } from '../failure.ts';
import { formatTable } from '../output/table.ts';
import { runningCloud } from '../running-cloud.ts';

const PERMISSIONS_PATH = '/_fleetwright/permissions';

export interface RoleReport {
  readonly roleName: string;
  readonly granted: readonly { readonly action: string; readonly resource: string; readonly used: boolean }[];
  readonly denied: readonly { readonly action: string; readonly resource: string }[];
}

interface PermissionsOptions {
  readonly dataDir: string;
  readonly role?: string;
  readonly all?: boolean;
  readonly json?: boolean;
}

/**
 * What the roles of the running local cloud are granted and have not used since it started, and what they asked for and
 * were refused.
 */
export async function permissions({ all, dataDir, json, role }: PermissionsOptions): Promise<void> {
  const roles = (await fetchPermissions(runningCloud(dataDir))).filter(
    ({ roleName }) => role === undefined || roleName.includes(role),
  );
  if (role !== undefined && roles.length === 0) throw new Failure(`no role has '${role}' in its name`);
  if (json === true) {
    for (const each of roles) process.stdout.write(`${JSON.stringify(each)}\n`);
    return;
  }
  const rows = roles.flatMap(({ denied, granted, roleName }) => [
    ...denied.map(({ action, resource }) => [roleName, 'refused', action, resource]),
    ...granted
      .filter(({ used }) => all === true || !used)
      .map(({ action, resource, used }) => [roleName, used ? 'used' : 'never used', action, resource]),
  ]);
  if (rows.length > 0)
    process.stdout.write(`${formatTable({ columns: ['role', 'is', 'action', 'resource'], rows })}\n`);
  const grants = roles.flatMap(({ granted }) => granted);
  const refused = roles.reduce((sum, { denied }) => sum + denied.length, 0);
  process.stdout.write(
    `${roles.length} roles: ${grants.filter(({ used }) => used).length} of ${grants.length} grants used since the cloud started, ${refused} refused\n`,
  );
}

/** @throws Failure */
export function fetchPermissions({ apiUrl, caFile }: CloudDescription): Promise<readonly RoleReport[]> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ ca: readFileSync(caFile) });
    get(`${apiUrl}${PERMISSIONS_PATH}`, { agent }, async (response) => {
      try {
        if (response.statusCode !== 200) throw new Failure(`the local cloud answered ${response.statusCode}`);
        resolve((JSON.parse(await text(response)) as { roles: RoleReport[] }).roles);
      } catch (error) {
        reject(error);
      }
    }).on('error', reject);
  });
}
