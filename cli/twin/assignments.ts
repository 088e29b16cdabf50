import { mergeSection, type ShadowSection, sectionOf } from '@fleetwright/contracts';
import { Failure } from '../failure.ts';

/** `key=value` at an option; the value is JSON where it reads as JSON, text otherwise. @throws Failure naming the option */
export function readAssignment(option: string, text: string): readonly [key: string, value: ShadowSection[string]] {
  const at = text.indexOf('=');
  const key = text.slice(0, at);
  if (at < 1 || key.split('.').includes(''))
    throw new Failure(`${option} is key=value, or key.inner=value, got ${text}`);
  const value = text.slice(at + 1);
  try {
    return [key, JSON.parse(value) as ShadowSection[string]];
  } catch {
    return [key, value];
  }
}

/** A section with all of the assignments; null stays, as it takes a value back. */
export function readSection(option: string, assignments: readonly string[]): ShadowSection {
  let section: ShadowSection = {};
  for (const text of assignments) {
    const [key, value] = readAssignment(option, text);
    section = value === null ? withNull(section, key.split('.')) : mergeSection(section, sectionOf(key, value));
  }
  return section;
}

/** Merging would take the value away instead of saying so. */
function withNull(section: ShadowSection, path: readonly string[]): ShadowSection {
  const [name = '', ...rest] = path;
  if (rest.length === 0) return { ...section, [name]: null };
  const inner = section[name];
  const below = typeof inner === 'object' && inner !== null && !Array.isArray(inner) ? inner : {};
  return { ...section, [name]: withNull(below, rest) };
}

const UNITS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;

/** Seconds of `90s`, `15m`, `1h` or `2d`. @throws Failure naming the option */
export function readDuration(option: string, text: string): number {
  const match = /^(\d{1,9})(s|m|h|d)$/.exec(text);
  if (match === null) throw new Failure(`${option} is a number with s, m, h or d, such as 90s or 1h, got ${text}`);
  return Number(match[1]) * UNITS[match[2] as keyof typeof UNITS];
}

/** `2 h 5 min` */
export function spell(seconds: number): string {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h ${minutes % 60} min` : `${(hours / 24).toFixed(1)} d`;
}
