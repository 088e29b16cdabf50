import { createHash } from 'node:crypto';

/**
 * SHA-256, hexadecimal, of an order as JSON with sorted names. Of URLs only what is before the `?` counts: AWS IoT Jobs
 * presigns them anew each time it describes an execution.
 */
export function orderDigest(order: unknown): string {
  return createHash('sha256')
    .update(JSON.stringify(canonical(order)))
    .digest('hex');
}

function canonical(value: unknown): unknown {
  if (typeof value === 'string') return value.startsWith('https://') ? value.replace(/\?.*$/s, '') : value;
  if (Array.isArray(value)) return ['[]', ...value.map(canonical)];
  if (typeof value !== 'object' || value === null) return value;
  // Pairs, so that `__proto__` and numeric names keep their place; marked, so that no array reads like an object.
  const members = Object.entries(value).sort(([left], [right]) => (left < right ? -1 : left > right ? 1 : 0));
  return ['{}', ...members.map(([name, member]) => [name, canonical(member)])];
}
