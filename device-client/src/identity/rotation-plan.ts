import type { RotationAnswer } from '@fleetwright/contracts';
import type { ActiveRotation, IssuedRotation, RotationOutcome, RotationRecord } from './rotation-record.ts';

/** ms that a certificate gets to connect before the other one is tried */
export const TRIAL_TIME = 60_000;
/** ms between a trial that failed and the next */
export const TRIAL_PAUSE = 30_000;
/** Trials of the new certificate. One is counted before it begins, so that what kills the agent in it ends too. */
export const MAX_TRIALS = 3;
/** ms after which a request or confirmation that nobody answered is sent again */
export const REPEAT_TIME = 15_000;
/** ms after `confirmBefore` by which the platform has done what it does then, clocks and queues allowed for */
export const DECISION_MARGIN = 600_000;

/** Where the device stands when a plan is made. All times in ms. */
export interface RotationSituation {
  readonly now: number;
  /** Certificate that the session uses, connected or not. */
  readonly using: string;
  readonly connected: boolean;
  /** Since when the session uses it, is connected, or is not connected: the latest of the three. */
  readonly since: number;
  /** When the last request or confirmation was sent in this session. */
  readonly sentAt: number | undefined;
  /** Certificate of the identity. */
  readonly own: string;
}

export type RotationStep =
  | { readonly kind: 'wait' }
  | { readonly kind: 'send-request' }
  | { readonly kind: 'send-confirm' }
  | { readonly kind: 'send-abandon' }
  /** Begin a session with that certificate; with `record`, once that is written. */
  | { readonly kind: 'use'; readonly certificate: 'old' | 'new'; readonly record?: RotationRecord }
  | { readonly kind: 'become'; readonly record: RotationRecord }
  /** The new certificate becomes the device's own. */
  | { readonly kind: 'adopt' };

const WAIT: RotationStep = { kind: 'wait' };

/**
 * What is to be done next.
 *
 * INVARIANTS
 * - No key is given up here while the other one has not connected after the platform's decision.
 * - From `confirming` on both certificates are tried in turn until one connects: the platform may have withdrawn either.
 */
export function planRotation(record: RotationRecord, situation: RotationSituation): RotationStep {
  if (record.phase === 'idle') return WAIT;
  const { connected, now, sentAt } = situation;
  const due = sentAt === undefined || now - sentAt >= REPEAT_TIME;
  if (record.phase === 'requesting') return connected && due ? { kind: 'send-request' } : WAIT;
  // The record lags behind the identity for one write: the adoption was cut off.
  if (situation.own === record.certificateId) return { kind: 'adopt' };
  if (record.phase === 'trial') return planTrial(record, situation);
  if (record.phase === 'confirming') return planConfirmation(record, situation, due);
  if (usesNew(record, situation)) return { kind: 'use', certificate: 'old' };
  return connected ? { kind: 'send-abandon' } : WAIT;
}

function planTrial(record: Extract<IssuedRotation, { phase: 'trial' }>, situation: RotationSituation): RotationStep {
  const { connected, now, since } = situation;
  if (usesNew(record, situation)) {
    if (connected) return { kind: 'become', record: without(record) };
    return now - since >= TRIAL_TIME ? { kind: 'use', certificate: 'old' } : WAIT;
  }
  if (!connected) return WAIT;
  if (record.trials >= MAX_TRIALS) {
    return { kind: 'become', record: abandoned(record, `the new certificate did not connect in ${MAX_TRIALS} trials`) };
  }
  if (now > record.confirmBefore) {
    return { kind: 'become', record: abandoned(record, 'the new certificate did not connect in time') };
  }
  if (record.trials > 0 && now - since < TRIAL_PAUSE) return WAIT;
  return { kind: 'use', certificate: 'new', record: { ...record, trials: record.trials + 1 } };
}

function planConfirmation(record: IssuedRotation, situation: RotationSituation, due: boolean): RotationStep {
  const { connected, now, since } = situation;
  const decided = record.confirmBefore + DECISION_MARGIN;
  const old = !usesNew(record, situation);
  if (!connected) return now - since >= TRIAL_TIME ? { kind: 'use', certificate: old ? 'new' : 'old' } : WAIT;
  if (now <= decided) {
    if (old) return now - since >= TRIAL_PAUSE ? { kind: 'use', certificate: 'new' } : WAIT;
    return due ? { kind: 'send-confirm' } : WAIT;
  }
  // Nobody answered, but the platform has decided: what connects from now on is what it has left active.
  if (since <= decided) return { kind: 'use', certificate: 'new' };
  return old
    ? { kind: 'become', record: abandoned(record, 'the platform kept the old certificate') }
    : { kind: 'adopt' };
}

function usesNew(record: IssuedRotation, { using }: RotationSituation): boolean {
  return using === record.certificateId;
}

function without({ trials: _, ...rest }: Extract<IssuedRotation, { phase: 'trial' }>): RotationRecord {
  return { ...rest, phase: 'confirming' };
}

function abandoned(record: IssuedRotation, detail: string): RotationRecord {
  const { certificateFile, certificateId, confirmBefore, key, reason, requestId } = record;
  return { phase: 'abandoning', requestId, reason, key, certificateId, certificateFile, confirmBefore, detail };
}

export type AnswerEffect =
  | { readonly kind: 'none' }
  | { readonly kind: 'issued'; readonly answer: Extract<RotationAnswer, { kind: 'issued' }> }
  | { readonly kind: 'adopt' }
  | { readonly kind: 'become'; readonly record: RotationRecord };

/** What an answer of the platform changes. One to another request changes nothing. */
export function judgeAnswer(record: RotationRecord, answer: RotationAnswer, now: number): AnswerEffect {
  if (record.phase === 'idle' || answer.requestId !== record.requestId) return { kind: 'none' };
  if (answer.kind === 'issued') {
    return record.phase === 'requesting' ? { kind: 'issued', answer } : { kind: 'none' };
  }
  if (answer.kind === 'completed') return record.phase === 'confirming' ? { kind: 'adopt' } : { kind: 'none' };
  const detail = `${answer.code}: ${answer.message}`;
  if (record.phase === 'requesting') return { kind: 'become', record: ended(record, 'failed', now, detail) };
  // Whether a request that the platform has forgotten was completed is found out by connecting.
  if (record.phase === 'confirming' && answer.code === 'TOO_LATE') {
    return { kind: 'become', record: abandoned(record, detail) };
  }
  return { kind: 'none' };
}

export function ended(
  { requestId }: ActiveRotation,
  result: RotationOutcome['result'],
  at: number,
  detail?: string,
): Extract<RotationRecord, { phase: 'idle' }> {
  return { phase: 'idle', last: { requestId, result, at, ...(detail !== undefined && { detail }) } };
}
