import { COMMAND_GRACE, type CommandOutcome, type CommandRecord } from '@fleetwright/contracts';
import { lookAtDeadline, takeOutcome, unrelated } from './follow-command.ts';

const nonce = 'a'.repeat(32);
const record: CommandRecord = {
  commandId: '0'.repeat(32),
  thingName: 'pump',
  name: 'restart',
  nonce,
  issuedAt: 1_000,
  expiresAt: 61_000,
  status: 'issued',
  changedAt: 1_000,
};
const said = (status: CommandOutcome['status'], detail?: string): CommandOutcome => ({
  version: 1,
  commandId: record.commandId,
  nonce,
  status,
  ...(detail !== undefined && { detail }),
});

function after(...outcomes: CommandOutcome[]): CommandRecord {
  return outcomes.reduce((known, outcome, at) => takeOutcome(known, outcome, 2_000 + at)?.state ?? known, record);
}

test('a command is accepted, then done, with what the device said and when', () => {
  expect(after(said('accepted'))).toMatchObject({ status: 'accepted', changedAt: 2_000 });
  expect(after(said('accepted'), said('done', 'in 3 s'))).toMatchObject({
    status: 'done',
    changedAt: 2_001,
    detail: 'in 3 s',
  });
  expect(after(said('failed', 'no power'))).toMatchObject({ status: 'failed', detail: 'no power' });
});

test('outcomes that repeat or come late in order change nothing', () => {
  expect(after(said('done'), said('accepted'), said('done'), said('failed'))).toMatchObject({
    status: 'done',
    changedAt: 2_000,
  });
});

test('an outcome without the nonce of its command, or of no command, is not one', () => {
  expect(unrelated(record, { ...said('done'), nonce: 'b'.repeat(32) })).toBe('WRONG_NONCE');
  expect(unrelated(undefined, said('done'))).toBe('UNKNOWN_COMMAND');
  expect(unrelated(record, said('done'))).toBeUndefined();
});

test('a command without a final outcome expires after its deadline and the grace, not before', () => {
  const due = record.expiresAt + COMMAND_GRACE;
  expect(lookAtDeadline(record, due - 1)).toMatchObject({ state: { status: 'issued' }, dueAt: due });
  expect(lookAtDeadline(record, due)?.state).toMatchObject({ status: 'expired', changedAt: due });
  expect(lookAtDeadline(after(said('accepted')), due)?.state.status).toBe('expired');
  expect(lookAtDeadline(after(said('done')), due)).toBeUndefined();
});

test('a word after the deadline is kept beside the outcome, the final one over the other', () => {
  const expired: CommandRecord = { ...record, status: 'expired', changedAt: 70_000 };
  const accepted = takeOutcome(expired, said('accepted'), 71_000)?.state as CommandRecord;
  expect(accepted).toMatchObject({ status: 'expired', late: { status: 'accepted', at: 71_000 } });
  const done = takeOutcome(accepted, said('done'), 72_000)?.state as CommandRecord;
  expect(done).toMatchObject({ status: 'expired', late: { status: 'done', at: 72_000 } });
  expect(takeOutcome(done, said('failed'), 73_000)).toBeUndefined();
});
