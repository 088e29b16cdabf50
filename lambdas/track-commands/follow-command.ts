import { COMMAND_GRACE, type CommandOutcome, type CommandRecord, FINAL_STATUSES } from '@fleetwright/contracts';
import type { Step } from '../shared/tracked-state.ts';

/** What `step` answers when the platform knows no such command, or the device was not told its nonce. */
export type Unrelated = 'UNKNOWN_COMMAND' | 'WRONG_NONCE';

/** Checks that an outcome belongs to a command. */
export function unrelated(record: CommandRecord | undefined, outcome: CommandOutcome): Unrelated | undefined {
  if (record === undefined) return 'UNKNOWN_COMMAND';
  return record.nonce === outcome.nonce ? undefined : 'WRONG_NONCE';
}

/** Takes in what a device says of a command, `at` ms since the epoch. Undefined: nothing new. */
export function takeOutcome(
  record: CommandRecord,
  outcome: CommandOutcome,
  at: number,
): Step<CommandRecord, never> | undefined {
  const { status, detail } = outcome;
  const said = { ...(detail !== undefined && { detail }) };
  if (record.status === 'expired') {
    // The first final word after the deadline is kept beside it: what happened is not undone by being late.
    if (record.late !== undefined && (record.late.status !== 'accepted' || status === 'accepted')) return undefined;
    return { state: { ...record, late: { status, at, ...said } }, outputs: [] };
  }
  if (FINAL_STATUSES.has(record.status) || record.status === status) return undefined;
  const dueAt = status === 'accepted' ? dueAtOf(record) : undefined;
  return { state: { ...record, status, changedAt: at, ...said }, outputs: [], dueAt };
}

/** Looks at a command whose time has come. */
export function lookAtDeadline(record: CommandRecord, now: number): Step<CommandRecord, never> | undefined {
  if (FINAL_STATUSES.has(record.status)) return undefined;
  const dueAt = dueAtOf(record);
  if (now < dueAt) return { state: record, outputs: [], dueAt };
  return { state: { ...record, status: 'expired', changedAt: now }, outputs: [] };
}

/** When a command without a final outcome counts as expired. */
export function dueAtOf({ expiresAt }: Pick<CommandRecord, 'expiresAt'>): number {
  return expiresAt + COMMAND_GRACE;
}
