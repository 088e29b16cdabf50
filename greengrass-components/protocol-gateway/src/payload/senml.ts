export interface FoundValue {
  readonly raw: number | boolean;
  /** ms since the epoch, where the payload says when it was measured. */
  readonly time?: number;
}

const MAX_RECORDS = 2_000;
/** RFC 8428, 4.5.3: times below 2^28 s are relative to now. */
const RELATIVE_BELOW = 268_435_456;
/** A time further ahead is that of a clock that goes wrong. */
const MAX_AHEAD_MS = 60_000;

export function isSenml(document: unknown): boolean {
  return (
    Array.isArray(document) &&
    document.length > 0 &&
    document.every((entry) => typeof entry === 'object' && entry !== null && ('n' in entry || 'bn' in entry))
  );
}

/**
 * Records of a SenML pack by their resolved names (RFC 8428, 4.6), the newest of each; sums and texts have no value here. What is no
 * SenML gives no records.
 */
export function readSenml(document: unknown, now: number): Map<string, FoundValue> {
  const records = new Map<string, FoundValue>();
  if (!isSenml(document)) return records;
  const base = { name: '', time: 0, value: 0 };
  for (const entry of (document as Record<string, unknown>[]).slice(0, MAX_RECORDS)) {
    if (typeof entry.bn === 'string') base.name = entry.bn;
    if (typeof entry.bt === 'number') base.time = entry.bt;
    if (typeof entry.bv === 'number') base.value = entry.bv;
    const name = `${base.name}${typeof entry.n === 'string' ? entry.n : ''}`;
    const raw = rawOf(entry, base.value);
    if (raw === undefined || name === '') continue;
    const time = timeOf(base.time + (typeof entry.t === 'number' ? entry.t : 0), now);
    const known = records.get(name);
    if (known === undefined || (known.time ?? now) <= (time ?? now)) records.set(name, { raw, ...(time && { time }) });
  }
  return records;
}

function rawOf({ v, vb }: Record<string, unknown>, base: number): number | boolean | undefined {
  if (typeof v === 'number') return base + v;
  return typeof vb === 'boolean' ? vb : undefined;
}

/** Undefined: now. */
function timeOf(seconds: number, now: number): number | undefined {
  if (!Number.isFinite(seconds) || seconds === 0) return undefined;
  const time = Math.round(seconds < RELATIVE_BELOW ? now + seconds * 1_000 : seconds * 1_000);
  return time >= 0 && time <= now + MAX_AHEAD_MS ? Math.min(time, now) : undefined;
}
