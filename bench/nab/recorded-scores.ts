import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { NabSeries } from './nab-corpus.ts';
import { NabDataError } from './nab-data-error.ts';
import { readLines } from './nab-file.ts';

/** What a detector of NAB has said of each record, as NAB keeps it: `results/<detector>/<folder>/<detector>_<file>.csv`. */
export interface RecordedScores {
  readonly detector: string;
  readonly scores: readonly Float64Array[];
}

/**
 * Reads the scores of all detectors in NAB's `results` that have scored every series given. Flat folders are found by the file's
 * name. @throws NabDataError naming file and line
 */
export function readRecordedScores(directory: string, corpus: readonly NabSeries[]): readonly RecordedScores[] {
  if (!existsSync(directory)) throw new NabDataError(`${directory}: no such folder`);
  const detectors = readdirSync(directory, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return detectors.flatMap(({ name: detector }) => {
    const root = join(directory, detector);
    const folders = readdirSync(root, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const paths = corpus.map(({ name }) => {
      const file = `${detector}_${basename(name)}`;
      const places = [join(root, dirname(name), file), ...folders.map((folder) => join(root, folder.name, file))];
      return places.find((path) => existsSync(path));
    });
    if (paths.some((path) => path === undefined)) return [];
    return [{ detector, scores: corpus.map((series, index) => readScores(paths[index] ?? '', series.values.length)) }];
  });
}

function readScores(path: string, records: number): Float64Array {
  const [header = '', ...lines] = readLines(path);
  const column = header.split(',').indexOf('anomaly_score');
  if (column < 0) throw new NabDataError(`${path}:1: no column anomaly_score`);
  if (lines.length !== records)
    throw new NabDataError(`${path}: ${lines.length} records where the data has ${records}`);
  return Float64Array.from(lines, (line, index) => {
    const text = line.split(',')[column] ?? '';
    const score = text === '' ? Number.NaN : Number(text);
    if (!(score >= 0 && score <= 1)) throw new NabDataError(`${path}:${index + 2}: "${text}" is no score from 0 to 1`);
    return score;
  });
}
