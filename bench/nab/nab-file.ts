import { readFileSync } from 'node:fs';
import { NabDataError } from './nab-data-error.ts';

/** Records of one file. */
export interface NabRecords {
  /** ms since the epoch; files give no zone, so it is taken for UTC */
  readonly times: Float64Array;
  readonly values: Float64Array;
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?$/;

/** @returns ms since the epoch, or undefined when it is no time of NAB's format, `YYYY-MM-DD HH:MM:SS[.ffffff]` */
export function parseNabTime(text: string): number | undefined {
  const [, year, month, day, hour, minute, second, fraction = ''] = TIME.exec(text) ?? [];
  if (second === undefined) return undefined;
  const milliseconds = Number(fraction.padEnd(3, '0').slice(0, 3));
  const fields = [Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second)] as const;
  const time = Date.UTC(...fields, milliseconds);
  const read = new Date(time);
  const same = read.getUTCMonth() === fields[1] && read.getUTCDate() === fields[2] && read.getUTCHours() === fields[3];
  return same && fields[4] < 60 && fields[5] < 60 ? time : undefined;
}

export function readLines(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split(/\r?\n/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** Reads a file with the header `timestamp,value`. @throws NabDataError naming file and line */
export function readNabFile(path: string): NabRecords {
  const lines = readLines(path);
  if (lines[0]?.replace(/^\ufeff/, '').trim() !== 'timestamp,value') {
    throw new NabDataError(`${path}:1: the header must be "timestamp,value", found "${(lines[0] ?? '').slice(0, 80)}"`);
  }
  const times = new Float64Array(lines.length - 1);
  const values = new Float64Array(lines.length - 1);
  for (let index = 1; index < lines.length; index++) {
    const line = lines[index] ?? '';
    const at = `${path}:${index + 1}`;
    const [time = '', value = '', more] = line.split(',');
    if (more !== undefined) throw new NabDataError(`${at}: more than two columns in "${line.slice(0, 80)}"`);
    const parsed = parseNabTime(time.trim());
    if (parsed === undefined)
      throw new NabDataError(`${at}: "${time.slice(0, 40)}" is no time like 2014-02-28 13:05:00`);
    const number = value.trim() === '' ? Number.NaN : Number(value);
    if (!Number.isFinite(number)) throw new NabDataError(`${at}: "${value.slice(0, 40)}" is no number`);
    times[index - 1] = parsed;
    values[index - 1] = number;
  }
  if (times.length === 0) throw new NabDataError(`${path}:1: no records follow the header`);
  return { times, values };
}
