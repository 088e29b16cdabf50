import { calendarTimestamp } from '../analysis/casts.ts';
import { bigintSql, quoteText } from '../analysis/compiled.ts';
import { addMonths } from '../analysis/timestamps.ts';
import { fixedUnit } from '../syntax/intervals.ts';
import { notBuilt, semanticError } from '../syntax/query-error.ts';
import { dateFormat, jodaFormat } from './date-formats.ts';
import { alias, type Builder, type CallSite, type Overload, scalar } from './function-table.ts';

/** Developer guide, "Date / time functions". Timestamps are nanoseconds since the epoch. */

const DAY = 86_400_000_000_000n;
/** The epoch was a Thursday; weeks begin on Monday. */
const THREE_DAYS = 3n * DAY;

const CALENDAR_UNITS = ['month', 'quarter', 'year'];

/** A unit that must be spelled out: fixed ones in nanoseconds, calendar ones by name. */
function unitOf(call: CallSite): { name: string; nanoseconds: bigint | undefined } {
  const name = call.constantText(0).toLowerCase();
  const nanoseconds = name.length > 2 ? fixedUnit(name) : undefined;
  if (nanoseconds === undefined && !CALENDAR_UNITS.includes(name)) {
    throw semanticError(call.at, `'${name}' is not a valid Timestamp field`);
  }
  return { name, nanoseconds };
}

/** Rounds down also before the epoch. */
function floorTo(x: string, nanoseconds: bigint): string {
  return `(${x} - ((${x} % ${nanoseconds}) + ${nanoseconds}) % ${nanoseconds})`;
}

/** Nanoseconds of a moment that the engine's calendar gave. */
function fromCalendar(sql: string): string {
  return `(epoch_us(${sql}) * 1000)`;
}

const dateTrunc: Builder = ([, x], call) => {
  const { name, nanoseconds } = unitOf(call);
  if (nanoseconds === undefined) return fromCalendar(`date_trunc('${name}', ${calendarTimestamp(x as string)})`);
  if (name === 'week') return `(${floorTo(`(${x} + ${THREE_DAYS})`, nanoseconds)} - ${THREE_DAYS})`;
  return floorTo(x as string, nanoseconds);
};

const dateTruncDate: Builder = ([, x], call) => {
  const { name, nanoseconds } = unitOf(call);
  if (nanoseconds !== undefined && nanoseconds < DAY) {
    throw semanticError(call.at, `'${name}' is not a valid DATE field`);
  }
  return `CAST(date_trunc('${name}', ${x}) AS DATE)`;
};

const monthsOf: Readonly<Record<string, bigint>> = { month: 1n, quarter: 3n, year: 12n };

const dateAdd: Builder = ([, count, x], call) => {
  const { name, nanoseconds } = unitOf(call);
  if (nanoseconds !== undefined) return `(${x} + ${count} * ${nanoseconds}::BIGINT)`;
  return addMonthsSql(x as string, `(${count} * ${monthsOf[name]})`);
};

const dateAddDate: Builder = ([, count, x], call) => {
  const { name, nanoseconds } = unitOf(call);
  if (nanoseconds === undefined) return `CAST(${x} + to_months(CAST(${count} * ${monthsOf[name]} AS INTEGER)) AS DATE)`;
  if (nanoseconds < DAY) throw semanticError(call.at, `'${name}' is not a valid DATE field`);
  return `(${x} + CAST(${count} * ${nanoseconds / DAY} AS INTEGER))`;
};

/** The number of whole units between two moments, towards zero. */
const dateDiff: Builder = ([, from, to], call) => {
  const { name, nanoseconds } = unitOf(call);
  if (nanoseconds !== undefined) return `((${to} - ${from}) // ${nanoseconds})`;
  return `date_sub('${name}', ${calendarTimestamp(from as string)}, ${calendarTimestamp(to as string)})`;
};

/** A moment so many months later; months may be an expression. What is below a microsecond is kept. */
export function addMonthsSql(x: string, months: string): string {
  const rest = `(((${x} % 1000) + 1000) % 1000)`;
  return `(epoch_us(${calendarTimestamp(x)} + to_months(CAST(${months} AS INTEGER))) * 1000 + ${rest})`;
}

const bin: Builder = ([x, width], call) => {
  const literal = call.args[1]?.literal;
  if (literal?.type === 'nanoseconds' && literal.value > 0n) return floorTo(x as string, literal.value);
  const message = "'The bin interval must be positive'";
  return `(CASE WHEN ${width} <= 0 THEN ${call.fail(message)} ELSE ${x} - ((${x} % ${width}) + ${width}) % ${width} END)`;
};

const agoMonths: Builder = (_, call) => {
  const literal = call.args[0]?.literal;
  if (literal?.type !== 'months') throw notBuilt(call.at, "function 'ago' with an interval that is not a constant");
  return bigintSql(addMonths(call.now, -literal.value));
};

const ISO_TIMESTAMP = "'[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?Z?)?'";

/** Without an offset, or in UTC; other offsets are refused when the query runs. */
const fromIsoTimestamp: Builder = ([x], call) => {
  const plain = `replace(replace(${x}, 'Z', ''), 'T', ' ')`;
  const value = `TRY_CAST(CASE WHEN length(${plain}) = 16 THEN ${plain} || ':00' ELSE ${plain} END AS TIMESTAMP_NS)`;
  const message = `'Invalid format: "' || ${x} || '"'`;
  return `(CASE WHEN ${x} IS NULL THEN NULL WHEN regexp_full_match(${x}, ${ISO_TIMESTAMP}) AND ${value} IS NOT NULL THEN epoch_ns(${value}) ELSE ${call.fail(message)} END)`;
};

const fromIsoDate: Builder = ([x], call) =>
  `(CASE WHEN ${x} IS NULL THEN NULL WHEN regexp_full_match(${x}, '[0-9]{4}-[0-9]{2}-[0-9]{2}') AND TRY_CAST(${x} AS DATE) IS NOT NULL THEN TRY_CAST(${x} AS DATE) ELSE ${call.fail(`'Invalid format: "' || ${x} || '"'`)} END)`;

/** `parse_duration('3.81 d')`: a decimal number and a unit from nanosecond to day. */
const parseDuration: Builder = (_, call) => {
  const text = call.constantText(0);
  const [, whole, fraction = '', unit] = /^\s*(\d+)(?:\.(\d+))?\s*(ns|us|ms|s|m|h|d)\s*$/.exec(text) ?? [];
  if (whole === undefined) throw semanticError(call.at, `Invalid duration: ${text}`);
  const scale = 10n ** BigInt(fraction.length);
  const value = (BigInt(whole + fraction) * (fixedUnit(unit as string) as bigint)) / scale;
  return bigintSql(value);
};

/** Parts of the date, by the names of functions and of EXTRACT. */
const PARTS: Readonly<Record<string, (x: string) => string>> = {
  year: (x) => `year(${calendarTimestamp(x)})`,
  quarter: (x) => `quarter(${calendarTimestamp(x)})`,
  month: (x) => `month(${calendarTimestamp(x)})`,
  week: (x) => `week(${calendarTimestamp(x)})`,
  week_of_year: (x) => `week(${calendarTimestamp(x)})`,
  day: (x) => `day(${calendarTimestamp(x)})`,
  day_of_month: (x) => `day(${calendarTimestamp(x)})`,
  day_of_week: (x) => `isodow(${calendarTimestamp(x)})`,
  dow: (x) => `isodow(${calendarTimestamp(x)})`,
  day_of_year: (x) => `dayofyear(${calendarTimestamp(x)})`,
  doy: (x) => `dayofyear(${calendarTimestamp(x)})`,
  year_of_week: (x) => `isoyear(${calendarTimestamp(x)})`,
  yow: (x) => `isoyear(${calendarTimestamp(x)})`,
  hour: (x) => clockPart(x, 3_600_000_000_000n, 24n),
  minute: (x) => clockPart(x, 60_000_000_000n, 60n),
  second: (x) => clockPart(x, 1_000_000_000n, 60n),
  millisecond: (x) => clockPart(x, 1_000_000n, 1000n),
  nanosecond: (x) => clockPart(x, 1n, 1_000_000_000n),
};

function clockPart(x: string, unit: bigint, count: bigint): string {
  const span = unit * count;
  return `((((${x} % ${span}) + ${span}) % ${span}) // ${unit})`;
}

const extract: Builder = ([, x], call) => {
  const field = call.constantText(0);
  const part = PARTS[field];
  if (part === undefined) throw semanticError(call.at, `Invalid EXTRACT field: ${field}`);
  return part(x as string);
};

const now = scalar('now() timestamp', (_, call) => bigintSql(call.now));
const currentTime = scalar('current_time() time', (_, call) => bigintSql(call.now % DAY));

export const DATE_TIME_FUNCTIONS: readonly Overload[] = [
  now,
  alias('current_timestamp', now),
  alias('localtimestamp', now),
  scalar('current_date() date', (_, call) => `CAST(${calendarTimestamp(bigintSql(call.now))} AS DATE)`),
  currentTime,
  alias('localtime', currentTime),
  scalar('current_timezone() varchar', () => "'UTC'"),
  scalar('ago(interval) timestamp', ([interval], call) => `(${bigintSql(call.now)} - ${interval})`),
  scalar('ago(months) timestamp', agoMonths),
  scalar('bin(timestamp, interval) timestamp', bin),
  scalar('date(timestamp) date', ([x]) => `CAST(${calendarTimestamp(x as string)} AS DATE)`),
  scalar('date_trunc(varchar, timestamp) timestamp', dateTrunc),
  scalar('date_trunc(varchar, date) date', dateTruncDate),
  scalar('date_add(varchar, bigint, timestamp) timestamp', dateAdd),
  scalar('date_add(varchar, bigint, date) date', dateAddDate),
  scalar('date_diff(varchar, timestamp, timestamp) bigint', dateDiff),
  scalar('last_day_of_month(timestamp) date', ([x]) => `last_day(${calendarTimestamp(x as string)})`),
  scalar('from_iso8601_timestamp(varchar) timestamp', fromIsoTimestamp),
  scalar('from_iso8601_date(varchar) date', fromIsoDate),
  scalar('from_milliseconds(bigint) timestamp', ([x]) => `(${x} * 1000000)`),
  scalar('from_nanoseconds(bigint) timestamp', ([x]) => x as string),
  scalar('from_unixtime(double) timestamp', ([x]) => `(CAST(round(${x} * 1000) AS BIGINT) * 1000000)`),
  scalar('to_milliseconds(timestamp) bigint', ([x]) => `(${x} // 1000000)`),
  scalar('to_milliseconds(interval) bigint', ([x]) => `(${x} // 1000000)`),
  scalar('to_nanoseconds(timestamp) bigint', ([x]) => x as string),
  scalar('to_nanoseconds(interval) bigint', ([x]) => x as string),
  scalar('to_unixtime(timestamp) double', ([x]) => `(CAST(${x} AS DOUBLE) / 1e9::DOUBLE)`),
  scalar('parse_duration(varchar) interval', parseDuration),
  scalar(
    'date_format(timestamp, varchar) varchar',
    ([x], call) => `strftime(make_timestamp_ns(${x}), ${quoteText(dateFormat(call))})`,
  ),
  scalar(
    'format_datetime(timestamp, varchar) varchar',
    ([x], call) => `strftime(make_timestamp_ns(${x}), ${quoteText(jodaFormat(call))})`,
  ),
  scalar('extract(varchar, timestamp) bigint', extract),
  ...Object.entries(PARTS).map(([name, part]) => scalar(`${name}(timestamp) bigint`, ([x]) => part(x as string))),
];
