const NANOSECONDS = 1_000_000_000n;
const DAY = 86_400n * NANOSECONDS;
const MIN = -9_223_372_036_854_775_808n;
const MAX = 9_223_372_036_854_775_807n;

const TIMESTAMP_TEXT = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T](\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?)?$/;
const TIME_TEXT = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.(\d{1,9}))?)?$/;

/** Nanoseconds since the epoch of `2026-01-01 00:00:00.000000000`, whose later parts may be missing. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = TIMESTAMP_TEXT.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = '0', minute = '0', second = '0', fraction = ''] = match;
  const days = epochDay(Number(year), Number(month), Number(day));
  const time = timeOfDay(hour, minute, second, fraction);
  if (days === undefined || time === undefined) return undefined;
  const value = days * DAY + time;
  return value >= MIN && value <= MAX ? value : undefined;
}

/** Days since the epoch of `2026-01-01`. */
export function parseDate(text: string): bigint | undefined {
  const match = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  return match === null ? undefined : epochDay(Number(match[1]), Number(match[2]), Number(match[3]));
}

/** Nanoseconds since midnight of `17:02:07.496`. */
export function parseTimeOfDay(text: string): bigint | undefined {
  const match = TIME_TEXT.exec(text);
  return match === null
    ? undefined
    : timeOfDay(match[1] as string, match[2] as string, match[3] ?? '0', match[4] ?? '');
}

/** `2026-01-01 00:00:00.000000000`, as query results show a timestamp. */
export function timestampText(nanoseconds: bigint): string {
  const time = modulo(nanoseconds, DAY);
  return `${dateText((nanoseconds - time) / DAY)} ${timeOfDayText(time)}`;
}

/** `17:02:07.496000000` */
export function timeOfDayText(nanoseconds: bigint): string {
  const seconds = nanoseconds / NANOSECONDS;
  const fraction = String(nanoseconds % NANOSECONDS).padStart(9, '0');
  return `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}.${fraction}`;
}

/** `2026-01-01` of days since the epoch. */
export function dateText(days: bigint): string {
  return new Date(Number(days) * 86_400_000).toISOString().slice(0, 10);
}

/** `5 20:00:00.000000000` (developer guide, "Date / time operators"). */
export function dayToSecondText(nanoseconds: bigint): string {
  const magnitude = nanoseconds < 0n ? -nanoseconds : nanoseconds;
  return `${nanoseconds < 0n ? '-' : ''}${magnitude / DAY} ${timeOfDayText(magnitude % DAY)}`;
}

/** `4-2`: years and months. */
export function yearToMonthText(months: bigint): string {
  const magnitude = months < 0n ? -months : months;
  return `${months < 0n ? '-' : ''}${magnitude / 12n}-${magnitude % 12n}`;
}

/** A moment so many months away; the day of the month is kept or becomes the month's last. */
export function addMonths(nanoseconds: bigint, months: bigint): bigint {
  const time = modulo(nanoseconds, DAY);
  const date = new Date(Number((nanoseconds - time) / DAY) * 86_400_000);
  const month = date.getUTCMonth() + Number(months);
  const last = new Date(Date.UTC(date.getUTCFullYear(), month + 1, 0)).getUTCDate();
  const moved = Date.UTC(date.getUTCFullYear(), month, Math.min(date.getUTCDate(), last));
  return BigInt(moved / 86_400_000) * DAY + time;
}

function epochDay(year: number, month: number, day: number): bigint | undefined {
  const moment = Date.UTC(year, month - 1, day);
  const date = new Date(moment);
  if (year < 100 || date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined;
  return BigInt(moment / 86_400_000);
}

function timeOfDay(hour: string, minute: string, second: string, fraction: string): bigint | undefined {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const seconds = BigInt(hour) * 3600n + BigInt(minute) * 60n + BigInt(second);
  return seconds * NANOSECONDS + BigInt(fraction.padEnd(9, '0'));
}

function modulo(value: bigint, divisor: bigint): bigint {
  return ((value % divisor) + divisor) % divisor;
}

function two(value: bigint): string {
  return String(value).padStart(2, '0');
}
