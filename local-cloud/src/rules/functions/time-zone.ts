/** A time the local cloud cannot name as AWS would; better an error than another text. */
export class UnsupportedTime extends Error {
  override readonly name = 'UnsupportedTime';
}

/** A place's time, as Joda-Time and java.time name it. */
export interface TimeZone {
  readonly id: string;
  /** ms east of UTC at an instant. */
  offsetAt(instant: number): number;
  /** `CST`, `UTC`, `+01:00` */
  shortNameAt(instant: number): string;
  longNameAt(instant: number): string;
}

const MINUTE = 60_000;
const zones = new Map<string, TimeZone | undefined>();

/** `UTC`, `America/Belize`, `+01:00`. Undefined for an unknown zone. */
export function findTimeZone(id: string): TimeZone | undefined {
  if (zones.has(id)) return zones.get(id);
  const zone = /^[+-]/.test(id) ? fixedZone(id) : namedZone(id);
  if (zones.size < 1000) zones.set(id, zone);
  return zone;
}

function fixedZone(id: string): TimeZone | undefined {
  const offset = parseOffset(id);
  if (offset === undefined) return undefined;
  const name = formatOffset(offset, ':');
  return { id: name, offsetAt: () => offset, shortNameAt: () => name, longNameAt: () => name };
}

/** `+hh:mm`, `+hhmm` or `+hh`, in ms; at most 18 hours. */
export function parseOffset(text: string): number | undefined {
  const match = /^([+-])(\d{2})(?::?(\d{2}))?$/.exec(text);
  if (match === null) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3] ?? '0');
  if (Number(match[3] ?? '0') > 59 || minutes > 18 * 60) return undefined;
  return (match[1] === '-' ? -minutes : minutes) * MINUTE;
}

export function formatOffset(offset: number, separator: '' | ':'): string {
  const minutes = Math.abs(offset) / MINUTE;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${offset < 0 ? '-' : '+'}${two(Math.floor(minutes / 60))}${separator}${two(minutes % 60)}`;
}

const UTC: TimeZone = {
  id: 'UTC',
  offsetAt: () => 0,
  shortNameAt: () => 'UTC',
  longNameAt: () => 'Coordinated Universal Time',
};

function namedZone(id: string): TimeZone | undefined {
  if (id === 'UTC') return UTC;
  // Intl takes ids in any case, Java does not.
  if (!/^[A-Z][A-Za-z0-9_+-]*(\/[A-Z][A-Za-z0-9_+-]*)*$/.test(id)) return undefined;
  let long: Intl.DateTimeFormat;
  try {
    long = new Intl.DateTimeFormat('en-US', { timeZone: id, timeZoneName: 'long' });
  } catch {
    return undefined;
  }
  const short = new Intl.DateTimeFormat('en-US', { timeZone: id, timeZoneName: 'short' });
  const offset = new Intl.DateTimeFormat('en-US', { timeZone: id, timeZoneName: 'longOffset' });
  return {
    id,
    offsetAt: (instant) => readLongOffset(zoneName(offset, instant)),
    longNameAt: (instant) => zoneName(long, instant),
    shortNameAt(instant) {
      const name = zoneName(short, instant);
      if (!/^GMT[+-]/.test(name)) return name;
      const longName = zoneName(long, instant);
      const abbreviation = ABBREVIATIONS[longName];
      if (abbreviation === undefined) throw new UnsupportedTime(`the short name of time zone ${id} is not known`);
      return abbreviation;
    },
  };
}

/** `GMT`, `GMT-06:00`; local mean times of long ago have seconds. */
function readLongOffset(name: string): number {
  const match = /^GMT(?:([+-])(\d{2}):(\d{2})(?::(\d{2}))?)?$/.exec(name);
  if (match === null) throw new UnsupportedTime(`unexpected time zone offset ${name}`);
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = match;
  const offset = ((Number(hours) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000;
  return sign === '-' ? -offset : offset;
}

function zoneName(format: Intl.DateTimeFormat, instant: number): string {
  return format.formatToParts(instant).find(({ type }) => type === 'timeZoneName')?.value ?? '';
}

/** Short names of Java's locale data (en) where CLDR's en-US has none. */
const ABBREVIATIONS: Readonly<Record<string, string>> = {
  'Arabian Standard Time': 'AST',
  'Argentina Standard Time': 'ART',
  'Australian Central Daylight Time': 'ACDT',
  'Australian Central Standard Time': 'ACST',
  'Australian Eastern Daylight Time': 'AEDT',
  'Australian Eastern Standard Time': 'AEST',
  'Australian Western Standard Time': 'AWST',
  'Brasilia Standard Time': 'BRT',
  'British Summer Time': 'BST',
  'Central Africa Time': 'CAT',
  'Central European Standard Time': 'CET',
  'Central European Summer Time': 'CEST',
  'China Standard Time': 'CST',
  'East Africa Time': 'EAT',
  'Eastern European Standard Time': 'EET',
  'Eastern European Summer Time': 'EEST',
  'Gulf Standard Time': 'GST',
  'Hong Kong Standard Time': 'HKT',
  'India Standard Time': 'IST',
  'Irish Standard Time': 'IST',
  'Israel Daylight Time': 'IDT',
  'Israel Standard Time': 'IST',
  'Japan Standard Time': 'JST',
  'Korean Standard Time': 'KST',
  'Moscow Standard Time': 'MSK',
  'New Zealand Daylight Time': 'NZDT',
  'New Zealand Standard Time': 'NZST',
  'Pakistan Standard Time': 'PKT',
  'Singapore Standard Time': 'SGT',
  'South Africa Standard Time': 'SAST',
  'West Africa Standard Time': 'WAT',
  'Western European Standard Time': 'WET',
  'Western European Summer Time': 'WEST',
};
