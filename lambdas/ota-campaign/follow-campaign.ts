import { type CampaignRecord, FINAL_CAMPAIGN_STATUSES, type Wave } from '@fleetwright/contracts';
import type { Step } from '../shared/tracked-state.ts';
import { type CampaignEvent, type CampaignOutput, type CampaignStep, POLL_DEFAULT, SOON } from './model.ts';
import { changeWave, currentWave, isOver, stop, wavesOf } from './waves.ts';

/**
 * How a campaign goes on. Pure; what it asks for is done elsewhere, at least once.
 *
 * INVARIANTS
 * - Wave n + 1 is not begun before wave n has passed: enough successes with proof, and enough healthy devices after its soak.
 * - A campaign that is not `running` begins no job.
 * - An event that was taken in already, or that is about a wave or attempt that is over, changes nothing.
 * - What is stopped or aborted never runs again.
 */
export function followCampaign(
  state: CampaignRecord,
  event: CampaignEvent,
  now: number,
  poll: number = POLL_DEFAULT,
): CampaignStep | undefined {
  const next = taken(state, event, now);
  if (next === undefined) return undefined;
  const changed = { ...next.state, changedAt: now };
  return { state: changed, outputs: next.outputs, dueAt: dueAt(changed, event, now, poll) };
}

type Change = Pick<Step<CampaignRecord, CampaignOutput>, 'state' | 'outputs'>;

function taken(state: CampaignRecord, event: CampaignEvent, now: number): Change | undefined {
  switch (event.kind) {
    case 'searched':
      return takeSearched(state, event);
    case 'gathered':
      return takeGathered(state, event, now);
    case 'observed':
      return takeObserved(state, event, now);
    case 'health':
      return takeHealth(state, event);
    case 'pause':
      return pause(state);
    case 'resume':
      return resume(state);
    case 'abort':
      return FINAL_CAMPAIGN_STATUSES.has(state.status) ? undefined : stop(state, 'aborted', 'ORDERED');
  }
}

function takeSearched(state: CampaignRecord, event: Extract<CampaignEvent, { kind: 'searched' }>): Change | undefined {
  if (isOver(state) || state.waves.length > 0 || event.page !== state.planPage) return undefined;
  const { planToken: _done, ...rest } = state;
  const next: CampaignRecord = {
    ...rest,
    planPage: state.planPage + 1,
    compatible: state.compatible + event.compatible,
    canaries: state.canaries + event.canaries,
    excluded: state.excluded + event.excluded,
    ...(event.token !== undefined && { planToken: event.token }),
  };
  if (event.token !== undefined) return { state: next, outputs: [] };
  const waves = wavesOf(next);
  if (waves.length === 0) return stop(next, 'stopped', 'NO_DEVICES');
  return { state: { ...next, waves, status: next.status === 'paused' ? 'paused' : 'running' }, outputs: [] };
}

function takeGathered(
  state: CampaignRecord,
  event: Extract<CampaignEvent, { kind: 'gathered' }>,
  now: number,
): Change | undefined {
  const current = currentWave(state);
  if (current === undefined || !concerns(current, event) || current.wave.phase !== 'gathering') return undefined;
  if (state.status !== 'running') return undefined;
  if (!event.complete) return { state, outputs: [] };
  if (now >= state.releaseExpiresAt) return stop(state, 'stopped', 'RELEASE_EXPIRED');
  const { attempt } = current.wave;
  const startedAt = current.wave.startedAt ?? now;
  // Everybody had the release before the pause, or is gone: there is nobody to make a job for.
  if (event.devices === 0) return { state: changeWave(state, { phase: 'closing', startedAt }), outputs: [] };
  return {
    state: changeWave(state, { phase: 'rolling', startedAt }),
    outputs: [{ kind: 'start-job', wave: current.index, attempt }],
  };
}

function takeObserved(
  state: CampaignRecord,
  event: Extract<CampaignEvent, { kind: 'observed' }>,
  now: number,
): Change | undefined {
  const current = currentWave(state);
  if (current === undefined || !concerns(current, event)) return undefined;
  const { phase } = current.wave;
  if (phase !== 'rolling' && phase !== 'closing') return undefined;
  const seen = changeWave(state, { counts: event.counts });
  if (isOver(state)) {
    if (event.open > 0) return { state: seen, outputs: [] };
    return { state: changeWave(seen, { phase: 'failed' }), outputs: [{ kind: 'clean-up' }] };
  }
  if (event.job === 'ABORTED' || overThreshold(state, event.counts)) return stop(seen, 'stopped', 'ABORT_THRESHOLD');
  if (event.job === 'CANCELED' && phase === 'rolling') return stop(seen, 'stopped', 'JOB_CANCELED');
  if (state.status === 'paused') return { state: seen, outputs: [] };
  if (current.wave.reopening === true) {
    const { reopening: _over, ...wave } = current.wave;
    const again: Wave = { ...wave, counts: event.counts, phase: 'gathering', attempt: wave.attempt + 1 };
    return {
      state: { ...seen, waves: seen.waves.map((one, at) => (at === current.index ? again : one)) },
      outputs: [],
    };
  }
  if (event.open === 0) return judgeWave(seen, event.counts, now);
  const late = now >= (current.wave.startedAt ?? now) + state.settings.waveSeconds * 1_000;
  if (phase === 'rolling' && late) {
    return {
      state: changeWave(seen, { phase: 'closing' }),
      outputs: [{ kind: 'cancel-jobs', wave: current.index, reason: 'WAVE_TIME_OVER' }],
    };
  }
  return { state: seen, outputs: [] };
}

/** Everybody in the wave has ended. */
function judgeWave(state: CampaignRecord, { succeeded, failed }: Wave['counts'], now: number): Change {
  const ended = succeeded + failed;
  if (ended === 0 || (succeeded / ended) * 100 < state.settings.successPercent || succeeded === 0) {
    return stop(state, 'stopped', 'SUCCESS_TOO_LOW');
  }
  return {
    state: changeWave(state, { phase: 'soaking', soakUntil: now + state.settings.soakSeconds * 1_000 }),
    outputs: [],
  };
}

function takeHealth(state: CampaignRecord, event: Extract<CampaignEvent, { kind: 'health' }>): Change | undefined {
  const current = currentWave(state);
  if (current === undefined || !concerns(current, event) || current.wave.phase !== 'soaking') return undefined;
  if (state.status !== 'running') return undefined;
  const { checked, healthy } = event;
  const seen = changeWave(state, { health: { checked, healthy } });
  if (checked === 0 || (healthy / checked) * 100 < state.settings.healthPercent) {
    return stop(seen, 'stopped', 'HEALTH_TOO_LOW');
  }
  const passed = changeWave(seen, { phase: 'passed' });
  if (current.index < state.waves.length - 1) return { state: passed, outputs: [] };
  return {
    state: { ...passed, status: 'succeeded' },
    outputs: [{ kind: 'clean-up' }, { kind: 'ended', status: 'succeeded' }],
  };
}

function pause(state: CampaignRecord): Change | undefined {
  if (state.status !== 'planning' && state.status !== 'running') return undefined;
  const paused: CampaignRecord = { ...state, status: 'paused' };
  const current = currentWave(state);
  if (current?.wave.phase !== 'rolling') return { state: paused, outputs: [] };
  return {
    state: changeWave(paused, { phase: 'closing' }),
    outputs: [{ kind: 'cancel-jobs', wave: current.index, reason: 'PAUSED' }],
  };
}

function resume(state: CampaignRecord): Change | undefined {
  if (state.status !== 'paused') return undefined;
  const resumed: CampaignRecord = { ...state, status: state.waves.length === 0 ? 'planning' : 'running' };
  if (currentWave(state)?.wave.phase !== 'closing') return { state: resumed, outputs: [] };
  return { state: changeWave(resumed, { reopening: true }), outputs: [] };
}

/** The threshold of the jobs themselves does not see successes without proof, and counts each attempt alone. */
function overThreshold({ settings }: CampaignRecord, { succeeded, failed }: Wave['counts']): boolean {
  const ended = succeeded + failed;
  const { failurePercent, minimumEnded } = settings.abort;
  return ended >= minimumEnded && (failed / ended) * 100 >= failurePercent;
}

function concerns(
  current: { readonly index: number; readonly wave: Wave },
  event: { readonly wave: number; readonly attempt: number },
): boolean {
  return event.wave === current.index && event.attempt === current.wave.attempt;
}

/** When the campaign is looked at next; undefined when only an order can change it. */
function dueAt(state: CampaignRecord, event: CampaignEvent, now: number, poll: number): number | undefined {
  const phase = currentWave(state)?.wave.phase;
  if (phase === 'rolling' || phase === 'closing') {
    if (state.status === 'paused' && event.kind === 'observed' && event.open === 0) return undefined;
    return event.kind === 'observed' && event.more ? now + SOON : now + poll;
  }
  if (state.status === 'planning') return now + SOON;
  if (state.status !== 'running') return undefined;
  if (phase === 'gathering') return now + SOON;
  const { soakUntil } = currentWave(state)?.wave ?? {};
  return Math.max(now + SOON, soakUntil ?? 0);
}
