import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { run } from './nab.ts';
import { readNabCorpus } from './nab-corpus.ts';
import { NabDataError } from './nab-data-error.ts';
import { readRecordedScores } from './recorded-scores.ts';

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'fleetwright-nab-'));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const ROWS = 'timestamp,value\n2014-02-28 13:00:00,1.5\n2014-02-28 13:05:00,-2e3\n2014-02-28 13:10:00,7\n';
const WINDOW = [['2014-02-28 13:05:00.000000', '2014-02-28 13:10:00.000000']];

test('files are found below nested folders by the path that the windows file gives', () => {
  write('data/realTraffic/speed.csv', ROWS);
  write('data/artificialNoAnomaly/flat.csv', ROWS);
  write(
    'labels/combined_windows.json',
    JSON.stringify({ 'realTraffic/speed.csv': WINDOW, 'artificialNoAnomaly/flat.csv': [] }),
  );
  for (const directory of [root, join(root, 'data')]) {
    const corpus = readNabCorpus(directory);
    expect(corpus.map(({ name, windows }) => [name.replace('data/', ''), windows])).toEqual([
      ['artificialNoAnomaly/flat.csv', []],
      ['realTraffic/speed.csv', [{ first: 1, last: 2 }]],
    ]);
    expect([...(corpus[1]?.values ?? [])]).toEqual([1.5, -2_000, 7]);
    expect(corpus[1]?.times[0]).toBe(Date.UTC(2014, 1, 28, 13));
  }
});

test('files of a flat folder are found by their name, and labels of absent ones are left aside', () => {
  write('speed.csv', ROWS);
  write('windows.json', JSON.stringify({ 'realTraffic/speed.csv': WINDOW, 'realTraffic/other.csv': WINDOW }));
  expect(readNabCorpus(root).map(({ name }) => name)).toEqual(['speed.csv']);
});

describe('what cannot be scored is refused by file and line', () => {
  test.each([
    ['another header', 'time,value\n', 'speed.csv:1: the header must be "timestamp,value"'],
    ['a value that is no number', `${ROWS}2014-02-28 13:15:00,warm\n`, 'speed.csv:5: "warm" is no number'],
    ['a value that is missing', `${ROWS}2014-02-28 13:15:00,\n`, 'speed.csv:5: "" is no number'],
    ['a time that is none', `${ROWS}2014-02-31 13:15:00,1\n`, 'speed.csv:5: "2014-02-31 13:15:00" is no time'],
    ['a third column', `${ROWS}2014-02-28 13:15:00,1,2\n`, 'speed.csv:5: more than two columns'],
    ['no records', 'timestamp,value\n', 'speed.csv:1: no records'],
  ])('%s', (_title, text, message) => {
    write('speed.csv', text);
    write('windows.json', JSON.stringify({ 'speed.csv': [] }));
    expect(() => readNabCorpus(root)).toThrow(NabDataError);
    expect(() => readNabCorpus(root)).toThrow(message);
  });

  test.each([
    [
      'an edge that no record has',
      { 'speed.csv': [['2014-02-28 13:01:00', '2014-02-28 13:05:00']] },
      'is not the time of a record',
    ],
    ['windows that overlap', { 'speed.csv': [...WINDOW, ...WINDOW] }, 'windows overlap'],
    ['a window that is none', { 'speed.csv': [['2014-02-28 13:05:00']] }, 'must have a list of windows'],
    ['a file without an entry', {}, 'no entry for speed.csv'],
  ])('%s', (_title, windows, message) => {
    write('speed.csv', ROWS);
    write('windows.json', JSON.stringify(windows));
    expect(() => readNabCorpus(root)).toThrow(message);
  });

  test('no windows file', () => {
    write('speed.csv', ROWS);
    expect(() => readNabCorpus(root)).toThrow('none of combined_windows.json');
  });
});

test('what other detectors have recorded is read from the layout of NAB', () => {
  write('data/realTraffic/speed.csv', ROWS);
  write('labels/combined_windows.json', JSON.stringify({ 'realTraffic/speed.csv': [] }));
  write('results/good/realTraffic/good_speed.csv', 'timestamp,value,anomaly_score\na,1,0.1\nb,2,0.2\nc,3,1\n');
  write('results/partial/realTraffic/partial_other.csv', 'timestamp,value,anomaly_score\n');
  const corpus = readNabCorpus(join(root, 'data'));
  const [good, ...more] = readRecordedScores(join(root, 'results'), corpus);
  expect(more).toEqual([]);
  expect(good?.detector).toBe('good');
  expect([...(good?.scores[0] ?? [])]).toEqual([0.1, 0.2, 1]);
  write('results/good/realTraffic/good_speed.csv', 'timestamp,value,anomaly_score\na,1,0.1\nb,2,2\nc,3,1\n');
  expect(() => readRecordedScores(join(root, 'results'), corpus)).toThrow('good_speed.csv:3: "2" is no score');
});

test('the bench scores a folder and tells each file apart', async () => {
  const rows = Array.from({ length: 3_000 }, (_, record) => {
    const time = new Date(Date.UTC(2014, 0, 1) + record * 300_000).toISOString().slice(0, 19).replace('T', ' ');
    return `${time},${20 + Math.sin(record / 7) + ((record * 7_919) % 13) / 50 + (record >= 2_000 && record < 2_003 ? 40 : 0)}`;
  });
  write('pump.csv', `timestamp,value\n${rows.join('\n')}\n`);
  const at = (record: number) => rows[record]?.split(',')[0] ?? '';
  write('windows.json', JSON.stringify({ 'pump.csv': [[at(1_990), at(2_100)]] }));
  const result = await run({ json: true, data: root });
  expect(result).toMatchObject({ files: 1, records: 3_000, profiles: [{ profile: 'standard' }, {}, {}] });
  const [standard] = (result as { profiles: { score: number; series: { falsePositives: number }[] }[] }).profiles;
  expect(standard?.score).toBeGreaterThan(90);
  await expect(run({ json: true })).rejects.toThrow('--data DIR');
});
