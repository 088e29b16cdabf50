import { compareFirmware, type FirmwareVersion } from '@fleetwright/contracts';
import type { BootStatus } from './slots/slot-system.ts';
import {
  type Failure,
  isSameOrder,
  type UpdateOrder,
  type UpdatePhase,
  type UpdateState,
  type UpdateTarget,
} from './update-state.ts';

/** What happened. */
export type UpdateEvent =
  /** The agent has started, on this slot. */
  | { readonly kind: 'started'; readonly boot: BootStatus }
  /** A job's run wants this update done, or gone on with. */
  | { readonly kind: 'ordered'; readonly order: UpdateOrder; readonly boot: BootStatus }
  | { readonly kind: 'accepted'; readonly target: UpdateTarget; readonly way: 'delta' | 'image'; readonly time: number }
  /** What is ordered runs already. */
  | { readonly kind: 'present'; readonly minimumVersion: FirmwareVersion; readonly sha256: string }
  | { readonly kind: 'failed'; readonly failure: Failure }
  /** The image lies on disk, whole and verified. */
  | { readonly kind: 'downloaded' }
  /** What had been downloaded is not there any more. */
  | { readonly kind: 'payload-lost' }
  | { readonly kind: 'installed' }
  | { readonly kind: 'activated' }
  | { readonly kind: 'passed' }
  | { readonly kind: 'confirmed' }
  | {
      readonly kind: 'attested';
      readonly details: Readonly<Record<string, string>>;
      readonly sha256: string | undefined;
    }
  | { readonly kind: 'cancelled'; readonly order: UpdateOrder };

/**
 * What is to be done next. Each step may be done again; all but `discard` and `revert` answer with an event, and `reboot`
 * with the next start.
 */
export type UpdateStep =
  | 'check'
  | 'download'
  | 'install'
  | 'activate'
  | 'reboot'
  | 'test'
  | 'confirm'
  | 'revert'
  | 'attest'
  | 'discard';

export interface Plan {
  /** On disk before the first step is done. */
  readonly state: UpdateState;
  /** In order; only the last of them answers. */
  readonly steps: readonly UpdateStep[];
}

/** Self-tests that may begin before the image counts as one that does not stay up. */
export const MAX_TESTS = 3;
/** Times that the boot loader is told again, when it has forgotten what it was told. */
export const MAX_ACTIVATIONS = 3;

/**
 * Decides what an update does next. Pure: it knows the disk and the boot loader only by what it is told.
 *
 * INVARIANTS
 * - An order is begun only where no other is past its point of no return.
 * - The boot loader is told of a slot only after `installed`, and a slot is confirmed only after `passed` in that slot.
 * - Only what runs says whether an update has succeeded: the phase says how to understand it.
 */
export function planUpdate(state: UpdateState, event: UpdateEvent): Plan {
  const { phase } = state;
  const to = (next: UpdatePhase, ...steps: UpdateStep[]): Plan => ({ state: { ...state, phase: next }, steps });
  const stay = (...steps: UpdateStep[]): Plan => ({ state, steps });
  switch (event.kind) {
    case 'started':
      return started(state, event.boot);
    case 'ordered':
      return ordered(state, event.order, event.boot);
    case 'cancelled':
      return isGivenUpFreely(phase) && isSameOrder(phase.order, event.order)
        ? to(ended(phase.order, CANCELLED), 'discard')
        : stay();
    case 'accepted':
      if (phase.name !== 'checking') return stay();
      return {
        state: {
          ...state,
          knownTime: Math.max(state.knownTime, event.time),
          phase: { name: 'downloading', order: phase.order, target: event.target, way: event.way },
        },
        steps: ['download'],
      };
    case 'present': {
      if (phase.name !== 'checking') return stay();
      const floor = higher(state.floor, event.minimumVersion);
      return {
        state: { ...state, floor, phase: confirmed(phase.order, event.sha256) },
        steps: ['attest'],
      };
    }
    case 'failed':
      return failed(state, event.failure);
    case 'downloaded':
      return phase.name === 'downloading'
        ? to({ name: 'installing', order: phase.order, target: phase.target }, 'install')
        : stay();
    case 'payload-lost':
      return phase.name === 'installing'
        ? to({ name: 'downloading', order: phase.order, target: phase.target, way: 'image' }, 'download')
        : stay();
    case 'installed':
      return phase.name === 'installing' ? to(activating(phase, 1), 'activate') : stay();
    case 'activated':
      return phase.name === 'activating' ? to({ ...phase, name: 'rebooting' }, 'discard', 'reboot') : stay();
    case 'passed':
      return phase.name === 'testing'
        ? to({ name: 'confirming', order: phase.order, target: phase.target }, 'confirm')
        : stay();
    case 'confirmed':
      if (phase.name !== 'confirming') return stay();
      return {
        state: {
          ...state,
          floor: higher(state.floor, phase.target.minimumVersion),
          phase: confirmed(phase.order, phase.target.sha256),
        },
        steps: ['attest'],
      };
    case 'attested':
      return phase.name === 'concluding' ? to(concluded(phase, event), 'discard') : stay();
  }
}

const CANCELLED: Failure = { reason: 'CANCELLED', detail: 'the job was cancelled before the new firmware was tried' };

type Ordered = Exclude<UpdatePhase, { name: 'idle' }>;
type Targeted = Extract<UpdatePhase, { target: UpdateTarget }>;

function isGivenUpFreely(
  phase: UpdatePhase,
): phase is Extract<Ordered, { name: 'checking' | 'downloading' | 'installing' }> {
  return phase.name === 'checking' || phase.name === 'downloading' || phase.name === 'installing';
}

function ended(order: UpdateOrder, failure: Failure): UpdatePhase {
  return { name: 'ended', order, status: 'failed', details: { ...failure } };
}

function confirmed(order: UpdateOrder, expected: string): UpdatePhase {
  return { name: 'concluding', order, stage: 'confirmed', expected };
}

type Concluding = Extract<UpdatePhase, { name: 'concluding' }>;

function concluded(phase: Concluding, { details, sha256 }: Extract<UpdateEvent, { kind: 'attested' }>): UpdatePhase {
  const { expected, order } = phase;
  if (expected !== undefined && sha256 !== undefined && sha256 !== expected) {
    // It was confirmed, and yet it does not run: the boot loader has gone back since.
    const failure = {
      reason: 'BOOT_LOOP',
      detail: 'the new firmware was confirmed, but does not run any more',
    } as const;
    return { name: 'ended', order, status: 'failed', details: { ...details, ...failure, stage: 'rolled-back' } };
  }
  const status = phase.failure === undefined ? 'succeeded' : phase.stage === 'refused' ? 'rejected' : 'failed';
  return {
    name: 'ended',
    order,
    status,
    details: { ...details, ...phase.failure, stage: phase.stage },
    ...(status === 'succeeded' && { confirmed: expected }),
  };
}

function activating(phase: Targeted, tries: number): UpdatePhase {
  return { name: 'activating', order: phase.order, target: phase.target, tries };
}

function higher(floor: FirmwareVersion | undefined, other: FirmwareVersion): FirmwareVersion {
  return floor !== undefined && compareFirmware(floor, other) > 0 ? floor : other;
}

function ordered(state: UpdateState, order: UpdateOrder, boot: BootStatus): Plan {
  const { phase } = state;
  const begin: Plan = { state: { ...state, phase: { name: 'checking', order } }, steps: ['discard', 'check'] };
  if (phase.name === 'idle') return boot.confirmed ? begin : { state, steps: [] };
  if (!isSameOrder(phase.order, order)) {
    const isFree = isGivenUpFreely(phase) || phase.name === 'ended';
    return isFree && boot.confirmed ? begin : { state, steps: [] };
  }
  if (phase.name === 'checking') return { state, steps: ['check'] };
  if (phase.name === 'downloading') return { state, steps: ['download'] };
  if (phase.name === 'installing') return { state, steps: ['install'] };
  return { state, steps: [] };
}

function failed(state: UpdateState, failure: Failure): Plan {
  const { phase } = state;
  const conclude = (stage: 'refused' | 'downloading' | 'installing'): Plan => ({
    state: { ...state, phase: { name: 'concluding', order: (phase as Ordered).order, failure, stage } },
    steps: ['discard', 'attest'],
  });
  switch (phase.name) {
    case 'checking':
      return conclude('refused');
    case 'downloading':
      if (phase.way === 'delta') return { state: { ...state, phase: { ...phase, way: 'image' } }, steps: ['download'] };
      return conclude('downloading');
    case 'installing':
    case 'activating':
      return conclude('installing');
    case 'testing':
      return revert(state, phase, failure);
    default:
      return { state, steps: [] };
  }
}

function revert(state: UpdateState, { order, target }: Targeted, failure: Failure): Plan {
  return { state: { ...state, phase: { name: 'reverting', order, target, failure } }, steps: ['revert', 'reboot'] };
}

/** Recovery: what was left at any point of it, by a crash or by a reboot that was meant. */
function started(state: UpdateState, boot: BootStatus): Plan {
  const { phase } = state;
  if ('target' in phase) {
    return boot.running === phase.target.slot ? onTarget(state, phase, boot) : offTarget(state, phase, boot);
  }
  if (!boot.confirmed) {
    // A confirmation that the boot loader has forgotten is repeated. Any other trial is nobody's: it ends.
    const isKnown = phase.name === 'ended' && phase.confirmed !== undefined && phase.confirmed === boot.image?.sha256;
    const isDecided = phase.name === 'concluding' && phase.stage === 'confirmed';
    if (isKnown || isDecided) return { state, steps: isDecided ? ['confirm', 'attest'] : ['confirm'] };
    return { state, steps: ['revert', 'reboot'] };
  }
  if (phase.name === 'concluding') return { state, steps: ['attest'] };
  return { state, steps: phase.name === 'ended' ? ['discard'] : [] };
}

function onTarget(state: UpdateState, phase: Targeted, boot: BootStatus): Plan {
  const { order, target } = phase;
  const to = (next: UpdatePhase, ...steps: UpdateStep[]): Plan => ({ state: { ...state, phase: next }, steps });
  switch (phase.name) {
    case 'confirming':
      return { state, steps: ['confirm'] };
    case 'reverting':
      if (!boot.confirmed) return { state, steps: ['revert', 'reboot'] };
      // The other slot does not boot any more, so the boot loader has settled on this one: the failure stays the truth.
      return to({ name: 'concluding', order, failure: phase.failure, stage: 'testing' }, 'attest');
    case 'testing': {
      const detail = `the new firmware was started ${phase.tests} times and did not end its self-test`;
      if (phase.tests >= MAX_TESTS) return revert(state, phase, { reason: 'BOOT_LOOP', detail });
      return to({ ...phase, tests: phase.tests + 1 }, 'test');
    }
    case 'downloading':
    case 'installing':
      if (boot.confirmed) {
        // The slot that ran before does not boot any more: the one that was to be written is all there is.
        const failure: Failure = { reason: 'INSTALL_FAILED', detail: `slot ${boot.running} boots by itself meanwhile` };
        return to({ name: 'concluding', order, failure, stage: 'installing' }, 'attest');
      }
      // What is not the whole image has no business running: it is written anew.
      if (boot.image?.sha256 !== target.sha256) return { state, steps: ['revert', 'reboot'] };
      return to({ name: 'testing', order, target, tests: 1 }, 'test');
    case 'activating':
    case 'rebooting':
      return to({ name: 'testing', order, target, tests: 1 }, 'test');
  }
}

function offTarget(state: UpdateState, phase: Targeted, boot: BootStatus): Plan {
  const { order } = phase;
  const rolledBack = (failure: Failure): Plan => ({
    state: { ...state, phase: { name: 'concluding', order, failure, stage: 'rolled-back' } },
    steps: ['attest'],
  });
  const detail = `the new firmware did not stay up: slot ${boot.running} boots again`;
  switch (phase.name) {
    case 'downloading':
    case 'installing':
      return { state, steps: [] };
    case 'activating':
      return { state, steps: ['activate'] };
    case 'rebooting':
      if (boot.otherTrial === 'waiting') return { state, steps: ['reboot'] };
      if (boot.otherTrial === 'none' && phase.tries < MAX_ACTIVATIONS) {
        return { state: { ...state, phase: activating(phase, phase.tries + 1) }, steps: ['activate'] };
      }
      return rolledBack({ reason: 'BOOT_LOOP', detail });
    case 'testing':
    case 'confirming':
      return rolledBack({ reason: 'BOOT_LOOP', detail });
    case 'reverting':
      return rolledBack(phase.failure);
  }
}
