import {
  type RotationAnswer,
  type RotationMessage,
  rotationAnswerSchema,
  rotationAnswerTopic,
} from '@fleetwright/contracts';
import * as z from 'zod';
import type { Step } from '../shared/tracked-state.ts';
import { addressSchema } from './schema.ts';

const requestId = z.string();

const currentSchema = z.object({
  requestId,
  csrPem: z.string(),
  /** Id of the certificate that the request came over. */
  oldId: z.string(),
  phase: z.enum(['signing', 'issued', 'retiring', 'withdrawing']),
  beganAt: z.int(),
  /** When to look again: the end of the wait of `issued`, otherwise when the work is taken to have failed. */
  lookAt: z.int(),
  issued: z.object({ certificateId: z.string(), certificatePem: z.string(), confirmBefore: z.int() }).optional(),
  /** Certificates that the device had before anything was signed: none of them is the new one. */
  known: z.array(z.string()).optional(),
  /** Of a withdrawal. */
  reason: z.enum(['ABANDONED', 'UNCONFIRMED', 'NOT_SIGNED', 'REFUSED']).optional(),
  refusal: z.object({ code: z.enum(['NOT_ALLOWED', 'CSR_INVALID']), message: z.string() }).optional(),
});

export type CurrentRotation = z.infer<typeof currentSchema>;

/**
 * What is known of the certificates of one device. Times in ms since the epoch.
 *
 * Phases: `signing` (the new certificate is to be made), `issued` (it waits for its confirmation), `retiring` (the old
 * one is to be taken out of use), `withdrawing` (the new one is).
 *
 * INVARIANT: the old certificate is touched in phase `retiring` alone, which only a confirmation over the new one leads to;
 * no confirmation is taken in phase `withdrawing`. So a device always has one of the two.
 */
export const rotationStateSchema = z.object({
  address: addressSchema,
  current: currentSchema.optional(),
  /** How the rotation before ended. */
  last: z
    .object({
      requestId,
      outcome: z.enum(['completed', 'withdrawn', 'refused', 'kept']),
      certificateId: z.string().optional(),
      at: z.int(),
      /** Of outcome `kept`: neither certificate was touched, and a confirmation still ends the old one. */
      kept: currentSchema.optional(),
    })
    .optional(),
  /** Certificates out of use, to be deleted. */
  retired: z.array(z.object({ certificateId: z.string(), deleteAt: z.int() })),
});

export type RotationState = z.infer<typeof rotationStateSchema>;

export const rotationOutputSchema = z.object({ topic: z.string(), answer: rotationAnswerSchema });
export type RotationOutput = z.infer<typeof rotationOutputSchema>;

export type RotationStep = Step<RotationState, RotationOutput>;
export type RefusalCode = Extract<RotationAnswer, { kind: 'refused' }>['code'];

export interface RotationSettings {
  /** ms that a device has to confirm */
  readonly confirm: number;
  /** ms between a certificate's end and its deletion */
  readonly deleteAfter: number;
}

/** ms for which whoever began to sign is waited for; longer than an invocation lasts. */
export const LEASE = 60_000;
/** ms after which taking a certificate out of use is tried again, besides the queue's own retries. */
const RETRY = 15 * 60_000;
/** ms in which signing has to succeed. */
export const SIGNING_LIMIT = 15 * 60_000;
/** ms after the end of a wait, at most: what a device said in time needs its time through network and queue. */
export const CONFIRM_GRACE = 60_000;

/** Certificates of a device that may wait for their deletion: one that rotates without end must not fill the account. */
export const MAX_RETIRED = 10;

/** What a message means: a change, or an answer without one. */
export type Verdict =
  | { readonly kind: 'step'; readonly step: RotationStep }
  | { readonly kind: 'answer'; readonly answer: RotationAnswer }
  | { readonly kind: 'nothing' };

const NOTHING: Verdict = { kind: 'nothing' };

/** Takes in what a device says over the certificate `caller`. */
export function takeMessage(
  state: RotationState | undefined,
  message: RotationMessage,
  from: { readonly address: RotationState['address']; readonly caller: string },
  now: number,
): Verdict {
  const current = state?.current?.requestId === message.requestId ? state.current : undefined;
  if (current === undefined && state?.last?.requestId === message.requestId) {
    return ofEnded(state, state.last, message, from.caller, now);
  }
  switch (message.kind) {
    case 'request':
      if (current !== undefined) return repeated(current, message.csrPem, from.caller);
      if (state?.current !== undefined) return refuse(message, 'ALREADY_ROTATING', 'another rotation is under way');
      if ((state?.retired.length ?? 0) >= MAX_RETIRED) {
        return refuse(message, 'NOT_ALLOWED', 'too many certificates wait for their deletion');
      }
      return {
        kind: 'step',
        step: stepTo({
          address: from.address,
          current: {
            requestId: message.requestId,
            csrPem: message.csrPem,
            oldId: from.caller,
            phase: 'signing',
            beganAt: now,
            lookAt: now + LEASE,
          },
          ...(state?.last !== undefined && { last: state.last }),
          retired: state?.retired ?? [],
        }),
      };
    case 'confirm':
      if (state === undefined || current?.issued === undefined) return unknownRequest(message);
      if (from.caller !== current.issued.certificateId) {
        return refuse(message, 'NOT_ALLOWED', 'a certificate is confirmed over itself');
      }
      // What is being withdrawn is answered for when it is; a device confirms until it is answered.
      if (current.phase !== 'issued') return NOTHING;
      return { kind: 'step', step: inPhase(state, current, 'retiring', now) };
    case 'abandon':
      if (state === undefined || current === undefined) return unknownRequest(message);
      if (from.caller !== current.oldId) {
        return refuse(message, 'NOT_ALLOWED', 'a rotation is abandoned over the old certificate');
      }
      if (current.phase === 'retiring') return refuse(message, 'TOO_LATE', 'it is confirmed already');
      // Whoever signs is not disturbed: what it makes would be nobody's. It is withdrawn when nobody confirms it.
      if (current.phase !== 'issued') return NOTHING;
      return { kind: 'step', step: inPhase(state, { ...current, reason: 'ABANDONED' }, 'withdrawing', now) };
  }
}

/** Looks at a state whose time has come. A step in phase `signing` is leave to sign. */
export function lookAt(state: RotationState, now: number): RotationStep {
  const { current } = state;
  if (current === undefined || now < current.lookAt) return stepTo(state);
  if (current.phase === 'signing') {
    return now >= current.beganAt + SIGNING_LIMIT
      ? inPhase(state, { ...current, reason: 'NOT_SIGNED' }, 'withdrawing', now)
      : inPhase(state, current, 'signing', now);
  }
  if (current.phase === 'issued') return inPhase(state, { ...current, reason: 'UNCONFIRMED' }, 'withdrawing', now);
  return inPhase(state, current, current.phase, now);
}

/** What the device has before its new certificate is signed. */
export function takeKnown(
  state: RotationState | undefined,
  id: string,
  known: readonly string[],
): RotationStep | undefined {
  const current = currentOf(state, id, 'signing');
  if (state === undefined || current === undefined || current.known !== undefined) return undefined;
  return stepTo({ ...state, current: { ...current, known: [...known] } });
}

/** A certificate that was made, but that its device was never told of, so that it is taken back as others are. */
export function takeFound(
  state: RotationState | undefined,
  id: string,
  certificate: { readonly certificateId: string; readonly certificatePem: string },
  now: number,
): RotationStep | undefined {
  const current = currentOf(state, id, 'withdrawing');
  if (state === undefined || current === undefined || current.issued !== undefined) return undefined;
  return stepTo({ ...state, current: { ...current, issued: { ...certificate, confirmBefore: now } } });
}

/** The new certificate is there. Undefined: nobody waits for it any more. */
export function takeIssued(
  state: RotationState | undefined,
  id: string,
  certificate: { readonly certificateId: string; readonly certificatePem: string },
  settings: RotationSettings,
  now: number,
): RotationStep | undefined {
  const current = currentOf(state, id, 'signing');
  if (state === undefined || current === undefined) return undefined;
  const confirmBefore = now + settings.confirm;
  const issued = { ...certificate, confirmBefore };
  const next: CurrentRotation = {
    ...current,
    phase: 'issued',
    issued,
    lookAt: confirmBefore + Math.min(CONFIRM_GRACE, settings.confirm),
  };
  return stepTo({ ...state, current: next }, issuedAnswer(next));
}

/** The request is not good; an attempt before, that was cut off, may have found it good. */
export function takeRefused(
  state: RotationState | undefined,
  id: string,
  reason: NonNullable<CurrentRotation['refusal']>,
  now: number,
): RotationStep | undefined {
  const current = currentOf(state, id, 'signing');
  if (state === undefined || current === undefined) return undefined;
  return inPhase(state, { ...current, reason: 'REFUSED', refusal: reason }, 'withdrawing', now);
}

/** The old certificate is out of use. */
export function takeRetired(
  state: RotationState | undefined,
  id: string,
  settings: RotationSettings,
  now: number,
): RotationStep | undefined {
  const current = currentOf(state, id, 'retiring');
  if (state === undefined || current?.issued === undefined) return undefined;
  const { certificateId } = current.issued;
  return ended(
    { ...state, retired: withRetired(state, current.oldId, now + settings.deleteAfter) },
    { requestId: id, outcome: 'completed', certificateId, at: now },
    { version: 1, kind: 'completed', requestId: id },
  );
}

/** The new certificate is out of use, or there never was one. */
export function takeWithdrawn(
  state: RotationState | undefined,
  id: string,
  certificateId: string | undefined,
  settings: RotationSettings,
  now: number,
): RotationStep | undefined {
  const current = currentOf(state, id, 'withdrawing') ?? currentOf(state, id, 'retiring');
  if (state === undefined || current === undefined) return undefined;
  const retired =
    certificateId === undefined ? state.retired : withRetired(state, certificateId, now + settings.deleteAfter);
  const outcome = current.reason === 'REFUSED' ? 'refused' : 'withdrawn';
  return ended({ ...state, retired }, { requestId: id, outcome, certificateId, at: now }, withdrawalAnswer(current));
}

function withdrawalAnswer({ reason, refusal: why, requestId: id }: CurrentRotation): RotationAnswer | undefined {
  if (reason === 'ABANDONED') return undefined;
  if (reason === 'UNCONFIRMED') return refusal(id, 'TOO_LATE', 'the new certificate was not confirmed in time');
  if (reason === 'REFUSED' && why !== undefined) return refusal(id, why.code, why.message);
  return refusal(id, 'FAILED', 'no new certificate could be put to use');
}

/**
 * The old certificate is of no use to its device any more: the new one stays. Nobody knows which of them the device holds,
 * so the old one is not touched either.
 */
export function takeKept(state: RotationState | undefined, id: string, now: number): RotationStep | undefined {
  const current = currentOf(state, id, 'withdrawing');
  if (state === undefined || current?.issued === undefined) return undefined;
  const { certificateId } = current.issued;
  return ended(state, { requestId: id, outcome: 'kept', certificateId, at: now, kept: current }, undefined);
}

/** A certificate out of use is deleted, or left to whoever uses it again. */
export function takeDeleted(state: RotationState | undefined, certificateId: string): RotationStep | undefined {
  if (!state?.retired.some((entry) => entry.certificateId === certificateId)) return undefined;
  return stepTo({ ...state, retired: state.retired.filter((entry) => entry.certificateId !== certificateId) });
}

export function refusal(id: string, code: RefusalCode, message: string): RotationAnswer {
  return { version: 1, kind: 'refused', requestId: id, code, message };
}

/** ms since the epoch of the next look */
export function dueAtOf({ current, retired }: RotationState): number | undefined {
  const times = retired.map(({ deleteAt }) => deleteAt);
  if (current !== undefined) times.push(current.lookAt);
  return times.length === 0 ? undefined : Math.min(...times);
}

function stepTo(state: RotationState, answer?: RotationAnswer): RotationStep {
  const outputs = answer === undefined ? [] : [{ topic: rotationAnswerTopic(state.address), answer }];
  return { state, outputs, dueAt: dueAtOf(state) };
}

function inPhase(
  state: RotationState,
  current: CurrentRotation,
  phase: CurrentRotation['phase'],
  now: number,
): RotationStep {
  return stepTo({ ...state, current: { ...current, phase, lookAt: now + (phase === 'signing' ? LEASE : RETRY) } });
}

function ended(state: RotationState, last: RotationState['last'], answer: RotationAnswer | undefined): RotationStep {
  const { current: _current, ...rest } = state;
  return stepTo({ ...rest, last }, answer);
}

function currentOf(
  state: RotationState | undefined,
  id: string,
  phase: CurrentRotation['phase'],
): CurrentRotation | undefined {
  const current = state?.current;
  return current?.requestId === id && current.phase === phase ? current : undefined;
}

function withRetired({ retired }: RotationState, certificateId: string, deleteAt: number): RotationState['retired'] {
  return [...retired.filter((entry) => entry.certificateId !== certificateId), { certificateId, deleteAt }];
}

/** A request that was heard already: the answer, where there is one, is the same. */
function repeated(current: CurrentRotation, csrPem: string, caller: string): Verdict {
  const { requestId: id } = current;
  if (caller !== current.oldId) return refuse(current, 'NOT_ALLOWED', 'it was asked for over another certificate');
  if (csrPem !== current.csrPem) return refuse(current, 'INVALID', 'the same request id came with another CSR');
  const answer = issuedAnswer(current);
  if (current.phase === 'withdrawing') {
    return { kind: 'answer', answer: refusal(id, 'TOO_LATE', 'its certificate is being withdrawn') };
  }
  return current.phase === 'issued' && answer !== undefined ? { kind: 'answer', answer } : NOTHING;
}

function issuedAnswer({ issued, requestId: id }: CurrentRotation): RotationAnswer | undefined {
  return issued === undefined ? undefined : { version: 1, kind: 'issued', requestId: id, ...issued };
}

/** What comes for a rotation that has ended: the outcome again, to whom it concerns. */
function ofEnded(
  state: RotationState,
  last: NonNullable<RotationState['last']>,
  { kind, requestId: id }: RotationMessage,
  caller: string,
  now: number,
): Verdict {
  if (last.outcome === 'completed') {
    if (kind === 'abandon') return refuse({ requestId: id }, 'TOO_LATE', 'it is completed already');
    const answer: RotationAnswer = { version: 1, kind: 'completed', requestId: id };
    return kind === 'request' || caller === last.certificateId ? { kind: 'answer', answer } : NOTHING;
  }
  if (last.outcome === 'kept') {
    const answer = last.kept === undefined ? undefined : issuedAnswer(last.kept);
    if (kind === 'request' && answer !== undefined && caller === last.kept?.oldId) return { kind: 'answer', answer };
    if (kind !== 'confirm' || last.kept === undefined || caller !== last.certificateId) return NOTHING;
    if (state.current !== undefined) return refuse({ requestId: id }, 'ALREADY_ROTATING', 'another one is under way');
    return { kind: 'step', step: inPhase(state, last.kept, 'retiring', now) };
  }
  // A refusal was answered when it was decided; the request that comes again was on its way already.
  if (kind === 'abandon' || last.outcome === 'refused') return NOTHING;
  return refuse({ requestId: id }, 'TOO_LATE', 'its certificate is withdrawn');
}

function unknownRequest(message: RotationMessage): Verdict {
  return refuse(message, 'UNKNOWN_REQUEST', 'no such rotation is under way');
}

function refuse({ requestId: id }: { readonly requestId: string }, code: RefusalCode, message: string): Verdict {
  return { kind: 'answer', answer: refusal(id, code, message) };
}
