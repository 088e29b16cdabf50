import type { LiteralValue } from './ast.ts';

const NANOSECONDS: Readonly<Record<string, bigint>> = {
  ns: 1n,
  nanosecond: 1n,
  us: 1000n,
  microsecond: 1000n,
  ms: 1_000_000n,
  millisecond: 1_000_000n,
  s: 1_000_000_000n,
  second: 1_000_000_000n,
  m: 60_000_000_000n,
  minute: 60_000_000_000n,
  h: 3_600_000_000_000n,
  hour: 3_600_000_000_000n,
  d: 86_400_000_000_000n,
  day: 86_400_000_000_000n,
  w: 604_800_000_000_000n,
  week: 604_800_000_000_000n,
};

const MONTHS: Readonly<Record<string, bigint>> = { mo: 1n, month: 1n, y: 12n, year: 12n };

/** Nanoseconds in a unit of fixed length, by its name or abbreviation without case. */
export function fixedUnit(unit: string): bigint | undefined {
  return NANOSECONDS[unit.toLowerCase()];
}

/**
 * The value of `5m`, `2day` or `INTERVAL '4' YEAR` (developer guide, "Supported data types", interval, and
 * "Date / time operators"). Undefined for an unknown unit.
 */
export function intervalValue(count: bigint, unit: string): LiteralValue | undefined {
  const nanoseconds = fixedUnit(unit);
  if (nanoseconds !== undefined) return { type: 'nanoseconds', value: count * nanoseconds };
  const months = MONTHS[unit.toLowerCase()];
  return months === undefined ? undefined : { type: 'months', value: count * months };
}
