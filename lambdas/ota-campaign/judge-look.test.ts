import { EARLY_PAUSE, judgeLook, LONGEST_INVOCATION } from './judge-look.ts';

const DUE = 1_000_000;

test.each([
  ['comes when it is expected', DUE, DUE + 5, { kind: 'now' }],
  ['comes before its time', DUE, DUE - 7_000, { kind: 'again', after: 7_000 }],
  ['comes before the state that expects it', DUE - 30_000, DUE + 5, { kind: 'again', after: EARLY_PAUSE }],
  ['comes before the first state', undefined, DUE + 5, { kind: 'again', after: EARLY_PAUSE }],
  ['was arranged for a state that was never saved', DUE - 30_000, DUE + LONGEST_INVOCATION, { kind: 'dropped' }],
  ['comes again after its state went on', DUE + 30_000, DUE + 5, { kind: 'dropped' }],
])('a look that %s', (_what, expectedAt, now, verdict) => {
  expect(judgeLook(expectedAt, DUE, now)).toEqual(verdict);
});
