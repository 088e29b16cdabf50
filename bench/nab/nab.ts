import { Detector } from '../../greengrass-components/anomaly-detector/src/detector/detector.ts';
import { STATE_LENGTH } from '../../greengrass-components/anomaly-detector/src/detector/series-state.ts';
import type { BenchOptions } from '../bench-options.ts';
import { type NabSeries, readNabCorpus } from './nab-corpus.ts';
import { NabDataError } from './nab-data-error.ts';
import { PUBLISHED, PUBLISHED_FILES, PUBLISHED_IN } from './published-scores.ts';
import { readRecordedScores } from './recorded-scores.ts';
import { type CorpusResult, type SeriesResult, scoreCorpus } from './score-corpus.ts';
import { PROFILES, STANDARD } from './scoring-profile.ts';

/** The detector's own threshold of an alarm. */
const ALARM = 0.5;

/**
 * Scores the edge's anomaly detector, with its defaults, by the method of the Numenta Anomaly Benchmark over a folder of NAB-format
 * files: `npm run bench -- nab --data DIR [--windows FILE] [--results DIR] [--json]`.
 */
export async function run({ json, data, windows, results }: BenchOptions): Promise<object> {
  if (data === undefined) {
    throw new NabDataError(
      'nab needs --data DIR: a folder of NAB-format files with combined_windows.json or windows.json',
    );
  }
  const corpus = readNabCorpus(data, windows);
  const scores = corpus.map(detect);
  const profiles = PROFILES.map((profile) => scoreCorpus(corpus, scores, profile));
  const fixed = scoreCorpus(corpus, scores, STANDARD, ALARM);
  const peers = results === undefined ? [] : readRecordedScores(results, corpus);
  const recorded = peers
    .map((peer) => ({
      detector: peer.detector,
      scores: PROFILES.map((profile) => scoreCorpus(corpus, peer.scores, profile).score),
    }))
    .sort((a, b) => (b.scores[0] ?? 0) - (a.scores[0] ?? 0));
  const records = corpus.reduce((sum, series) => sum + series.values.length, 0);
  if (!json) print(corpus, records, profiles, fixed, recorded);
  return {
    files: corpus.length,
    records,
    profiles,
    atOwnThreshold: { threshold: ALARM, score: fixed.score },
    recorded,
    published: { source: PUBLISHED_IN, files: PUBLISHED_FILES, detectors: PUBLISHED },
  };
}

function detect({ times, values }: NabSeries): Float64Array {
  const detector = new Detector();
  const state = new Float64Array(STATE_LENGTH);
  return values.map((value, record) => detector.observe(state, 0, times[record] ?? 0, value));
}

function print(
  corpus: readonly NabSeries[],
  records: number,
  profiles: readonly CorpusResult[],
  fixed: CorpusResult,
  recorded: readonly { readonly detector: string; readonly scores: readonly number[] }[],
): void {
  const windows = corpus.reduce((sum, series) => sum + series.windows.length, 0);
  line(`NAB's method over ${corpus.length} files, ${records} records, ${windows} windows; one detector, its defaults`);
  line('');
  for (const { profile, score, threshold } of profiles) {
    line(`${profile.padEnd(16)}${number(score)}   threshold ${threshold.toFixed(4)}, the best over these files`);
  }
  line(`${STANDARD.name.padEnd(16)}${number(fixed.score)}   at the detector's own threshold of an alarm, ${ALARM}`);
  line('');
  line(
    'standard profile, file by file: windows found (where in the window, 0 to 1), false positives, points of possible',
  );
  for (const series of profiles[0]?.series ?? []) line(`  ${describe(series)}`);
  if (recorded.length > 0) {
    line('');
    line('the same files, by what detectors of NAB have recorded for them, each with its best threshold:');
    for (const { detector, scores } of recorded) line(`  ${detector.padEnd(20)}${scores.map(number).join('  ')}`);
  }
  line('');
  line(`published, over NAB's whole corpus of ${PUBLISHED_FILES} files (${PUBLISHED_IN}):`);
  if (corpus.length !== PUBLISHED_FILES) line('  (not the same files as above: no like for like)');
  for (const { detector, scores } of PUBLISHED) line(`  ${detector.padEnd(20)}${scores.map(number).join('  ')}`);
}

function describe({ name, windows, falsePositives, points, possible }: SeriesResult): string {
  const found = windows.map(({ position }) => position?.toFixed(2) ?? 'missed').join(' ');
  const sum = `${windows.filter((window) => window.found).length}/${windows.length}`;
  const counted = `${sum.padEnd(5)}${`(${found})`.padEnd(34)}`;
  return `${name.padEnd(56)} ${counted} ${String(falsePositives).padStart(3)} FP  ${number(points)} of ${number(possible)}`;
}

function number(value: number): string {
  return value.toFixed(1).padStart(6);
}

function line(text: string): void {
  process.stdout.write(`${text}\n`);
}
