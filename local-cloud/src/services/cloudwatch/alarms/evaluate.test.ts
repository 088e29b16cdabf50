import type { MissingDataTreatment } from './alarm-record.ts';
import { evaluateAlarm } from './evaluate.ts';

// User guide, "Configuring how CloudWatch alarms treat missing data": the two tables. `X` breaches, `0` does not, `-` is
// missing; oldest first. `keep` stands for "Retain current state".
type Row = [points: string, missing: string, ignore: string, breaching: string, notBreaching: string];

const THREE_OF_THREE: Row[] = [
  ['0 - X - X', 'OK', 'OK', 'OK', 'OK'],
  ['0 - - - -', 'OK', 'OK', 'OK', 'OK'],
  ['- - - - -', 'INSUFFICIENT_DATA', 'keep', 'ALARM', 'OK'],
  ['0 X X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  ['- - X - -', 'ALARM', 'keep', 'ALARM', 'OK'],
];
const TWO_OF_THREE: Row[] = [
  ['0 - X - X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  ['0 0 X 0 X', 'ALARM', 'ALARM', 'ALARM', 'ALARM'],
  ['0 - X - -', 'OK', 'OK', 'ALARM', 'OK'],
  ['- - - - 0', 'OK', 'OK', 'ALARM', 'OK'],
  ['- - - X -', 'ALARM', 'keep', 'ALARM', 'OK'],
];
const TREATMENTS: MissingDataTreatment[] = ['missing', 'ignore', 'breaching', 'notBreaching'];

describe.each([
  ['3 out of 3', 3, THREE_OF_THREE],
  ['2 out of 3', 2, TWO_OF_THREE],
])('an alarm on %s datapoints', (_name, datapointsToAlarm, rows) => {
  const cells = rows.flatMap(([points, ...states]) =>
    states.map((state, index) => [points, TREATMENTS[index] as MissingDataTreatment, state] as const),
  );
  test.each(cells)('with %s and missing data %s is %s', (points, treatMissingData, state) => {
    const range = points
      .split(' ')
      .map((point) => (point === '-' ? undefined : point === 'X' ? 10 : 0))
      .reverse();
    const rule = {
      evaluationPeriods: 3,
      datapointsToAlarm,
      threshold: 5,
      comparison: 'GreaterThanThreshold',
      treatMissingData,
    } as const;
    expect(evaluateAlarm(rule, range).state ?? 'keep').toBe(state);
  });
});

test.each([
  ['GreaterThanThreshold', 5, 'OK'],
  ['GreaterThanOrEqualToThreshold', 5, 'ALARM'],
  ['LessThanThreshold', 5, 'OK'],
  ['LessThanOrEqualToThreshold', 5, 'ALARM'],
  ['LessThanThreshold', 4.9, 'ALARM'],
] as const)('%s compares %d with 5', (comparison, value, state) => {
  const rule = {
    evaluationPeriods: 1,
    datapointsToAlarm: 1,
    threshold: 5,
    comparison,
    treatMissingData: 'missing',
  } as const;
  expect(evaluateAlarm(rule, [value]).state).toBe(state);
});
