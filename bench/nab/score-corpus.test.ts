import type { NabSeries } from './nab-corpus.ts';
import { scoreCorpus } from './score-corpus.ts';
import { PROFILES, STANDARD } from './scoring-profile.ts';

function series(name: string, records: number, windows: readonly (readonly [number, number])[]): NabSeries {
  return {
    name,
    times: Float64Array.from({ length: records }, (_, record) => record * 300_000),
    values: new Float64Array(records),
    windows: windows.map(([first, last]) => ({ first, last })),
  };
}

const CORPUS = [
  series('a.csv', 1_000, [
    [300, 349],
    [700, 749],
  ]),
  series('b.csv', 500, []),
  series('c.csv', 2_000, [[1_500, 1_600]]),
];

function detections(...records: readonly number[][]): Float64Array[] {
  return CORPUS.map((one, index) => {
    const scores = new Float64Array(one.values.length);
    for (const record of records[index] ?? []) scores[record] = 1;
    return scores;
  });
}

// source: numenta/NAB, README.md, "Scoreboard": 0 is the null detector, 100 the perfect one; nab/detectors/null
describe.each(PROFILES)('with the profile $name', (profile) => {
  test('a detector that says the same of every record has 0', () => {
    const constant = CORPUS.map(({ values }) => new Float64Array(values.length).fill(0.5));
    expect(scoreCorpus(CORPUS, constant, profile).score).toBe(0);
  });

  test('detecting each window at its first record, and nothing else, has 100', () => {
    expect(scoreCorpus(CORPUS, detections([300, 700], [], [1_500]), profile).score).toBeCloseTo(100, 10);
  });
});

test('each series is given its share, and the shares add up', () => {
  const result = scoreCorpus(CORPUS, detections([310, 600], [499], []), STANDARD);
  const [a, b, c] = result.series;
  expect(a?.windows.map(({ found }) => found)).toEqual([true, false]);
  expect(a?.windows[0]?.position).toBeCloseTo(10 / 49, 10);
  expect(a?.falsePositives).toBe(1);
  expect(b).toMatchObject({ falsePositives: 1, detections: 1, windows: [], possible: 0 });
  expect(c?.windows).toEqual([{ found: false, position: undefined }]);
  const sum = result.series.reduce((total, { points }) => total + points, 0);
  expect(sum).toBeCloseTo(result.score, 10);
  expect(result.series.reduce((total, { score }) => total + score, 0)).toBeCloseTo(result.raw.score, 10);
});

test('nothing counts in the probationary part', () => {
  const scores = detections([10, 149], [74], [299]);
  expect(scoreCorpus(CORPUS, scores, STANDARD, 0.5).score).toBe(0);
});

test('the threshold is one for all series', () => {
  const scores = detections([300], [], []);
  // In c the only window is found with a score that in b and in the rest of a would be false alarms.
  for (const [index, one] of scores.entries())
    for (let record = 0; record < one.length; record++) one[record] ||= index === 2 ? 0 : 0.4;
  const last = scores[2];
  if (last !== undefined) last[1_500] = 0.4;
  const result = scoreCorpus(CORPUS, scores, STANDARD);
  expect(result.threshold).toBe(1);
  expect(result.series[2]?.windows[0]?.found).toBe(false);
});

test('scores of another length are refused', () => {
  expect(() => scoreCorpus(CORPUS, [new Float64Array(3)], STANDARD)).toThrow('a.csv: 1000 records, 3 scores');
});
