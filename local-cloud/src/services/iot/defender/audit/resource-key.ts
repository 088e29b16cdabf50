import type { ResourceIdentifier } from '@aws-sdk/client-iot';

/** One text for one resource, whatever the order of its identifier's members. */
export function resourceKey(identifier: ResourceIdentifier): string {
  return JSON.stringify(normalized(identifier));
}

function normalized(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(([, member]) => member !== undefined && member !== null);
  return Object.fromEntries(
    members.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, normalized(member)]),
  );
}
