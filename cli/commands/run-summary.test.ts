import { type RunSummary, unaccounted } from './run-summary.ts';

const complete: RunSummary = {
  devicesOnboarded: 2,
  devicesProvisioned: 2,
  messagesPublished: 10,
  messagesAcknowledged: 10,
  samplesAcknowledged: 20,
  recordsStored: 20,
  recordsRejected: 0,
  healthAcknowledged: 4,
  healthStored: 4,
  deadLetters: 0,
  elapsedMs: 1,
  firstRowMs: 1,
  work: {},
};

test('a run in which everything arrived has nothing unaccounted for', () => {
  expect(unaccounted(complete)).toEqual([]);
});

test('samples in the dead letters are accounted for, missing ones are named', () => {
  expect(unaccounted({ ...complete, recordsStored: 18, recordsRejected: 2, deadLetters: 1 })).toEqual([]);
  expect(unaccounted({ ...complete, recordsStored: 17, recordsRejected: 2, deadLetters: 1 })).toEqual([
    '1 acknowledged samples are neither stored nor in a dead-letter queue',
  ]);
});

test('missing health reports are named', () => {
  expect(unaccounted({ ...complete, healthStored: 1 })).toEqual(['3 acknowledged health reports are not stored']);
});
