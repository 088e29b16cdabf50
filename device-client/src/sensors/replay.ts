import { DeviceError } from '../errors.ts';
import type { SensorSet, Values } from './sensor-set.ts';

/**
 * Recorded data: a CSV file with a header. The column `time` or `timestamp` (ms, ISO 8601, or `YYYY-MM-DD hh:mm:ss` in
 * UTC) orders the rows; the others become values, as numbers where they read as numbers, `true`/`false` as booleans.
 *
 * Rows are sent one a reading. With `shift` their times move so that the first row happens at `start` and the
 * distances stay; otherwise each row keeps its recorded time.
 */
export interface ReplayOptions {
  readonly csv: string;
  /** For messages. */
  readonly name: string;
  readonly start: number;
  readonly shift: boolean;
}

interface Row {
  readonly time: number;
  readonly values: Values;
}

export function replay(options: ReplayOptions): SensorSet {
  const rows = parseCsv(options.csv, options.name);
  const offset = options.shift ? options.start - (rows[0]?.time ?? 0) : 0;
  let next = 0;
  return {
    read() {
      const row = rows[next++];
      return row === undefined ? undefined : { time: row.time + offset, values: row.values };
    },
    health: () => ({ battery: 100, signal: 0, memoryFree: 0 }),
  };
}

/** @throws DeviceError `INPUT_INVALID` naming file, line and column */
export function parseCsv(csv: string, name: string): Row[] {
  const lines = csv.split(/\r?\n/).filter((line) => line.trim() !== '');
  const header = lines[0]?.split(',').map((cell) => cell.trim());
  const timeColumn = header?.findIndex((cell) => /^(time|timestamp)$/i.test(cell)) ?? -1;
  if (header === undefined || timeColumn < 0) {
    throw new DeviceError('INPUT_INVALID', `${name}: the first line must name a column 'time' or 'timestamp'`);
  }
  return lines.slice(1).map((line, index) => {
    const place = `${name}:${index + 2}`;
    const cells = line.split(',').map((cell) => cell.trim());
    if (cells.length !== header.length) {
      throw new DeviceError('INPUT_INVALID', `${place}: ${cells.length} cells, but the header has ${header.length}`);
    }
    const values: Values = {};
    header.forEach((column, at) => {
      const cell = cells[at] as string;
      if (at !== timeColumn && cell !== '') values[column] = parseCell(cell);
    });
    return { time: timeOf(cells[timeColumn] as string, place), values };
  });
}

function timeOf(cell: string, place: string): number {
  const time = /^\d+$/.test(cell)
    ? Number(cell)
    : Date.parse(/^\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d(\.\d+)?)?$/.test(cell) ? `${cell.replace(' ', 'T')}Z` : cell);
  if (!Number.isSafeInteger(time)) throw new DeviceError('INPUT_INVALID', `${place}: '${cell}' is not a time`);
  return time;
}

function parseCell(cell: string): number | boolean | string {
  if (cell === 'true' || cell === 'false') return cell === 'true';
  const number = Number(cell);
  return Number.isFinite(number) ? number : cell;
}
