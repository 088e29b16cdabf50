import { type CampaignRecord, FINAL_CAMPAIGN_STATUSES, type Wave } from '@fleetwright/contracts';
import type { CampaignOutput, StopReason } from './model.ts';

export function isOver({ status }: CampaignRecord): boolean {
  return FINAL_CAMPAIGN_STATUSES.has(status);
}

/** The first wave that has not passed; undefined before there are waves and after the last has passed. */
export function currentWave({ waves }: CampaignRecord): { index: number; wave: Wave } | undefined {
  const index = waves.findIndex(({ phase }) => phase !== 'passed');
  const wave = waves[index];
  return wave === undefined ? undefined : { index, wave };
}

/** Changes the current wave. */
export function changeWave(state: CampaignRecord, change: Partial<Wave>): CampaignRecord {
  const current = currentWave(state);
  if (current === undefined) return state;
  return { ...state, waves: state.waves.map((wave, at) => (at === current.index ? { ...wave, ...change } : wave)) };
}

/** Sizes: the canary, then what each share adds. A wave that would add nobody is left out. */
export function wavesOf({ settings, compatible, canaries }: CampaignRecord): Wave[] {
  const { group, percent, atLeast } = settings.canary;
  const first = group === undefined ? Math.min(compatible, Math.max(atLeast, share(compatible, percent))) : canaries;
  if (first === 0) return [];
  const sizes = [first];
  let reached = first;
  for (const part of settings.waves) {
    const size = share(compatible, part) - reached;
    if (size <= 0) continue;
    sizes.push(size);
    reached += size;
  }
  return sizes.map((size) => ({
    size,
    phase: 'gathering',
    attempt: 1,
    counts: { succeeded: 0, failed: 0, missed: 0 },
  }));
}

function share(all: number, percent: number): number {
  return Math.ceil((all * percent) / 100);
}

/** Ends a campaign before its time: no device begins any more; those that are at it may end. */
export function stop(
  state: CampaignRecord,
  status: 'stopped' | 'aborted',
  reason: StopReason,
): { state: CampaignRecord; outputs: CampaignOutput[] } {
  const ended: CampaignRecord = { ...state, status, reason };
  const current = currentWave(state);
  const told: CampaignOutput = { kind: 'ended', status, reason };
  const phase = current?.wave.phase;
  if (current === undefined) return { state: ended, outputs: [{ kind: 'clean-up' }, told] };
  if (phase === 'rolling' || phase === 'closing') {
    return {
      state: changeWave(ended, { phase: 'closing' }),
      outputs: [{ kind: 'cancel-jobs', wave: current.index, reason }, told],
    };
  }
  return { state: changeWave(ended, { phase: 'failed' }), outputs: [{ kind: 'clean-up' }, told] };
}
