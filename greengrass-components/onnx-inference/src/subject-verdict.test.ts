import { expect, test } from '@jest/globals';
import { SubjectVerdict } from './subject-verdict.ts';

const outputs = [
  { name: 'level', meaning: 'how much', alarm: { above: 5, clear: 3, after: 2 } },
  { name: 'other', meaning: 'told, and nothing more' },
];
const PATIENCE = 30;

function judge(verdict: SubjectVerdict, ...values: number[]): string[] {
  return values.map((value) => verdict.judge(outputs, [value, 99]).verdict);
}

test('an alarm begins after so many windows beyond, and ends after so many that are clear', () => {
  const verdict = new SubjectVerdict(undefined, outputs);
  expect(judge(verdict, 6, 4, 6, 6, 4, 2, 4, 2, 2)).toEqual([
    ...['normal', 'normal', 'normal', 'alarm'],
    ...['alarm', 'alarm', 'alarm', 'alarm', 'normal'],
  ]);
});

test('says whether it has changed', () => {
  const verdict = new SubjectVerdict(undefined, outputs);
  expect(verdict.miss(0)).toEqual({ verdict: 'unknown', changed: true });
  expect(verdict.judge(outputs, [1, 0])).toEqual({ verdict: 'normal', changed: true });
  expect(verdict.judge(outputs, [1, 0])).toEqual({ verdict: 'normal', changed: false });
});

test('the cloud hears of alarms, of their ends, and of silence that lasts', () => {
  const verdict = new SubjectVerdict(undefined, outputs);
  judge(verdict, 1);
  expect(verdict.settle(0, PATIENCE)).toBeUndefined();
  judge(verdict, 6, 6);
  expect(verdict.settle(10, PATIENCE)).toEqual({ verdict: 'alarm', alarm: 'raised', raised: true });
  expect(verdict.settle(20, PATIENCE)).toBeUndefined();
  for (const end of [30, 40, 50]) {
    verdict.miss(end);
    expect(verdict.settle(end, PATIENCE)).toBeUndefined();
  }
  verdict.miss(60);
  expect(verdict.settle(60, PATIENCE)).toEqual({ verdict: 'unknown', alarm: undefined, raised: true });
  judge(verdict, 1, 1);
  expect(verdict.settle(80, PATIENCE)).toEqual({ verdict: 'normal', alarm: 'cleared', raised: false });
});

test('after a restart an alarm stands until it is clear, and a few windows of silence are no news', () => {
  const verdict = new SubjectVerdict({ verdict: 'alarm', raised: true }, outputs);
  verdict.miss(0);
  expect(verdict.settle(0, PATIENCE)).toBeUndefined();
  expect(judge(verdict, 4)).toEqual(['alarm']);
  expect(verdict.settle(10, PATIENCE)).toBeUndefined();
  expect(judge(verdict, 1, 1)).toEqual(['alarm', 'normal']);
  expect(verdict.settle(30, PATIENCE)).toMatchObject({ alarm: 'cleared' });
});

test('a model without that output, in place of the one before, clears what it had raised', () => {
  const verdict = new SubjectVerdict(undefined, outputs);
  judge(verdict, 6, 6);
  expect(verdict.judge([{ name: 'new', meaning: 'another' }], [1]).verdict).toBe('normal');
});
