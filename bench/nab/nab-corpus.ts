import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative, sep } from 'node:path';
import { NabDataError } from './nab-data-error.ts';
import { type NabRecords, parseNabTime, readNabFile } from './nab-file.ts';
import type { LabelledWindow } from './sweep-points.ts';

/** A series with its labels. */
export interface NabSeries extends NabRecords {
  /** Path below the folder. */
  readonly name: string;
  readonly windows: readonly LabelledWindow[];
}

/** Where windows are looked for: NAB's own names, in the folder, in NAB's root, and beside NAB's `data`. */
const WINDOW_FILES = [
  'combined_windows.json',
  'windows.json',
  join('labels', 'combined_windows.json'),
  join('..', 'labels', 'combined_windows.json'),
];

/**
 * Reads all `.csv` files below a folder that the windows file names: by path as NAB does (`realTraffic/speed_6005.csv`), or
 * by the file's name alone where the folder is flat. A series with an empty list of windows has no anomalies.
 *
 * @throws NabDataError when a named file is not there, a window's edge is not the time of a record, or windows overlap
 */
export function readNabCorpus(directory: string, windowsFile?: string): readonly NabSeries[] {
  if (!existsSync(directory) || !statSync(directory).isDirectory())
    throw new NabDataError(`${directory}: no such folder`);
  const labels = windowsFile ?? WINDOW_FILES.map((name) => join(directory, name)).find((path) => existsSync(path));
  if (labels === undefined) throw new NabDataError(`${directory}: none of ${WINDOW_FILES.join(', ')} is there`);
  const files = listCsv(directory).map((path) => relative(directory, path).split(sep).join('/'));
  const series: NabSeries[] = [];
  const taken = new Set<string>();
  for (const [key, windows] of Object.entries(readWindows(labels))) {
    const name = findFile(files, key);
    if (name === undefined) {
      // A folder may hold a part of the corpus, together with the labels of the whole.
      continue;
    }
    if (taken.has(name)) throw new NabDataError(`${labels}: two entries belong to ${name}`);
    taken.add(name);
    const records = readNabFile(join(directory, name));
    series.push({ name, ...records, windows: placeWindows(records.times, windows, `${labels}: "${key}"`) });
  }
  const unlabelled = files.filter((file) => !taken.has(file));
  if (unlabelled.length > 0) throw new NabDataError(`${labels}: no entry for ${unlabelled.join(', ')}`);
  if (series.length === 0) throw new NabDataError(`${directory}: no .csv file`);
  return series.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function listCsv(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return entry.name === 'results' ? [] : listCsv(path);
    return entry.name.endsWith('.csv') ? [path] : [];
  });
}

function findFile(files: readonly string[], key: string): string | undefined {
  const exact = files.find((file) => file === key || file.endsWith(`/${key}`));
  if (exact !== undefined) return exact;
  return files.find((file) => file === basename(key));
}

function readWindows(path: string): Record<string, readonly (readonly [string, string])[]> {
  let read: unknown;
  try {
    read = JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw new NabDataError(`${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (read === null || typeof read !== 'object' || Array.isArray(read)) {
    throw new NabDataError(`${path}: must be an object of file names with lists of windows`);
  }
  for (const [key, windows] of Object.entries(read)) {
    const good =
      Array.isArray(windows) &&
      windows.every(
        (window) => Array.isArray(window) && window.length === 2 && window.every((at) => typeof at === 'string'),
      );
    if (!good) throw new NabDataError(`${path}: "${key}" must have a list of windows, each [first, last]`);
  }
  return read as Record<string, readonly (readonly [string, string])[]>;
}

function placeWindows(
  times: Float64Array,
  windows: readonly (readonly [string, string])[],
  where: string,
): readonly LabelledWindow[] {
  const place = (text: string): number => {
    const time = parseNabTime(text);
    const at = time === undefined ? -1 : times.indexOf(time);
    if (at < 0) throw new NabDataError(`${where}: "${text}" is not the time of a record`);
    return at;
  };
  const placed = windows.map(([first, last]) => ({ first: place(first), last: place(last) }));
  placed.sort((a, b) => a.first - b.first);
  placed.forEach((window, index) => {
    const before = placed[index - 1];
    if (window.last < window.first) throw new NabDataError(`${where}: a window ends before it begins`);
    if (before !== undefined && before.last >= window.first) throw new NabDataError(`${where}: windows overlap`);
  });
  return placed;
}
