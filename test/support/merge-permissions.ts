import type { RoleReport } from '../../cli/commands/permissions.ts';

/** One action on one resource of a role, whatever suffixes a deployment gave names. */
export interface MergedGrant {
  readonly role: string;
  readonly action: string;
  readonly resource: string;
}

export interface MergedPermissions {
  readonly roles: readonly string[];
  readonly used: readonly MergedGrant[];
  readonly unused: readonly MergedGrant[];
  readonly denied: readonly MergedGrant[];
}

/** Puts together what several deployments of one template saw: a grant is used when any of them used it. */
export function mergePermissions(records: readonly (readonly RoleReport[])[], stackPrefix: string): MergedPermissions {
  const grants = new Map<string, MergedGrant & { used: boolean }>();
  const denied = new Map<string, MergedGrant>();
  const roles = new Set<string>();
  for (const { denied: refused, granted, roleName } of records.flat()) {
    if (!roleName.startsWith(stackPrefix)) continue;
    const role = withoutSuffixes(roleName);
    roles.add(role);
    for (const { action, resource, used } of granted) {
      const grant = { role, action, resource: withoutSuffixes(resource) };
      const key = JSON.stringify(grant);
      grants.set(key, { ...grant, used: used || grants.get(key)?.used === true });
    }
    for (const { action, resource } of refused) {
      const grant = { role, action, resource: withoutSuffixes(resource) };
      denied.set(JSON.stringify(grant), grant);
    }
  }
  const pick = (wanted: boolean): MergedGrant[] =>
    [...grants.values()].filter(({ used }) => used === wanted).map(({ used: _used, ...grant }) => grant);
  return { roles: [...roles].sort(), used: pick(true), unused: pick(false), denied: [...denied.values()] };
}

/** Ids that a deployment makes: CloudFormation's twelve letters and digits, UUIDs, and Timestream's eight for a scheduled query. */
const GENERATED = [
  /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g,
  /-(?:[A-Z0-9]{12}|[a-z0-9]{12})(?![A-Za-z0-9])/g,
  /-[0-9a-f]{8}$/g,
];

function withoutSuffixes(text: string): string {
  return GENERATED.reduce((left, pattern) => left.replaceAll(pattern, ''), text);
}
