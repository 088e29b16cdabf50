import { type CampaignRecord, campaignSettingsSchema, FINAL_CAMPAIGN_STATUSES } from '@fleetwright/contracts';
import { followCampaign } from './follow-campaign.ts';
import type { CampaignEvent, CampaignOutput } from './model.ts';
import { currentWave } from './waves.ts';

const settings = campaignSettingsSchema.parse({
  canary: { percent: 10, atLeast: 1 },
  waves: [50, 100],
  successPercent: 90,
  healthPercent: 90,
  soakSeconds: 600,
  abort: { failurePercent: 50, minimumEnded: 2 },
  rollout: { maximumPerMinute: 10 },
  inProgressMinutes: 60,
  waveSeconds: 3_600,
  retries: 0,
  maintenanceWindows: [],
  unknownHardware: 'exclude',
  requireProof: true,
});

const NOW = 1_000_000;

function campaign(over: Partial<CampaignRecord> = {}): CampaignRecord {
  return {
    campaignId: 'mwq31twm-bc2d',
    version: '1.1.0',
    manifestSha256: 'ab',
    settings,
    status: 'planning',
    releaseExpiresAt: NOW + 365 * 86_400_000,
    planPage: 0,
    compatible: 0,
    canaries: 0,
    excluded: 0,
    waves: [],
    createdBy: 'test',
    createdAt: NOW,
    changedAt: NOW,
    ...over,
  };
}

/** Takes events one after the other, a second apart; collects what is asked for. */
class Run {
  state: CampaignRecord;
  now = NOW;
  dueAt: number | undefined;
  readonly outputs: CampaignOutput[] = [];
  constructor(state = campaign()) {
    this.state = state;
  }
  take(event: CampaignEvent): boolean {
    this.now += 1_000;
    const step = followCampaign(this.state, event, this.now);
    if (step === undefined) return false;
    this.state = step.state;
    this.dueAt = step.dueAt;
    this.outputs.push(...step.outputs);
    return true;
  }
  get phase() {
    return currentWave(this.state)?.wave.phase;
  }
  kinds() {
    return this.outputs.splice(0).map(({ kind }) => kind);
  }
}

const searched = (over: object = {}): CampaignEvent => ({
  kind: 'searched',
  page: 0,
  compatible: 20,
  canaries: 0,
  excluded: 3,
  ...over,
});
const gathered = (wave = 0, attempt = 1, devices = 2): CampaignEvent => ({
  kind: 'gathered',
  wave,
  attempt,
  devices,
  complete: true,
});
const observed = (over: object = {}): CampaignEvent => ({
  kind: 'observed',
  wave: 0,
  attempt: 1,
  job: 'ACTIVE',
  counts: { succeeded: 0, failed: 0, missed: 0 },
  open: 2,
  more: false,
  ...over,
});
const ended = (wave = 0, succeeded = 2, failed = 0, missed = 0): CampaignEvent =>
  observed({ wave, job: 'COMPLETED', open: 0, counts: { succeeded, failed, missed } });
const health = (wave = 0, healthy = 2, checked = 2): CampaignEvent => ({
  kind: 'health',
  wave,
  attempt: 1,
  checked,
  healthy,
});

function rolling(): Run {
  const run = new Run();
  run.take(searched());
  run.take(gathered());
  run.outputs.length = 0;
  return run;
}

test('from the search to the last wave, each begins only when the one before has passed', () => {
  const run = new Run();
  run.take(searched());
  expect(run.state.waves.map(({ size }) => size)).toEqual([2, 8, 10]);
  for (const wave of [0, 1, 2]) {
    expect([run.phase, run.kinds()]).toEqual(['gathering', []]);
    run.take(gathered(wave));
    expect([run.phase, run.outputs.splice(0)]).toEqual(['rolling', [{ kind: 'start-job', wave, attempt: 1 }]]);
    run.take(ended(wave));
    expect(run.phase).toBe('soaking');
    expect(run.dueAt).toBe(run.now + 600_000);
    run.take(health(wave));
  }
  expect(run.state.status).toBe('succeeded');
  expect(run.kinds()).toEqual(['clean-up', 'ended']);
  expect(run.dueAt).toBeUndefined();
});

test('a search of many pages adds up, and a page that comes twice counts once', () => {
  const run = new Run();
  run.take(searched({ token: 'x', compatible: 5 }));
  expect(run.take(searched({ token: 'x', compatible: 5 }))).toBe(false);
  run.take(searched({ page: 1, compatible: 2 }));
  expect(run.state).toMatchObject({ compatible: 7, excluded: 6, status: 'running', planPage: 2 });
  expect(run.state.waves.map(({ size }) => size)).toEqual([1, 3, 3]);
});

test.each([
  ['nobody', { compatible: 0 }, {}],
  ['no canary of a named group', { compatible: 9, canaries: 0 }, { canary: { group: 'g', percent: 5, atLeast: 1 } }],
])('with %s there is nothing to do', (_what, found, over) => {
  const run = new Run(campaign({ settings: { ...settings, ...over } }));
  run.take(searched(found));
  expect(run.state).toMatchObject({ status: 'stopped', reason: 'NO_DEVICES' });
});

test('the members of a named group are the canary', () => {
  const canary = { group: 'g', percent: 5, atLeast: 1 };
  const run = new Run(campaign({ settings: { ...settings, canary } }));
  run.take(searched({ canaries: 4 }));
  expect(run.state.waves.map(({ size }) => size)).toEqual([4, 6, 10]);
});

test.each([
  ['1 of 1 failed', { succeeded: 0, failed: 1 }, undefined],
  ['1 of 2 failed', { succeeded: 1, failed: 1 }, 'ABORT_THRESHOLD'],
  ['1 of 3 failed', { succeeded: 2, failed: 1 }, undefined],
])('failures stop a wave at the threshold, not before: %s', (_what, counts, reason) => {
  const run = rolling();
  run.take(observed({ counts: { missed: 0, ...counts } }));
  expect(run.state.reason).toBe(reason);
  expect(run.kinds()).toEqual(reason === undefined ? [] : ['cancel-jobs', 'ended']);
});

test('a stopped wave is followed until all who began have ended', () => {
  const run = rolling();
  run.take(observed({ job: 'ABORTED', open: 1, counts: { succeeded: 0, failed: 1, missed: 0 } }));
  expect(run.state).toMatchObject({ status: 'stopped', reason: 'ABORT_THRESHOLD' });
  expect([run.phase, run.dueAt]).toEqual(['closing', run.now + 30_000]);
  run.kinds();
  run.take(observed({ job: 'ABORTED', open: 0, counts: { succeeded: 1, failed: 1, missed: 0 } }));
  expect([run.phase, run.dueAt, run.kinds()]).toEqual(['failed', undefined, ['clean-up']]);
  expect(run.state.waves[0]?.counts.succeeded).toBe(1);
});

test.each([
  ['too few successes', ended(0, 8, 2), 'SUCCESS_TOO_LOW'],
  ['nobody at all', ended(0, 0, 0, 2), 'SUCCESS_TOO_LOW'],
  ['a job that somebody canceled', observed({ job: 'CANCELED' }), 'JOB_CANCELED'],
])('%s stop the campaign', (_what, event, reason) => {
  const run = rolling();
  run.take(event);
  expect(run.state).toMatchObject({ status: 'stopped', reason });
});

test('devices that were never reached are no failures', () => {
  const run = rolling();
  run.take(ended(0, 9, 1, 5));
  expect(run.phase).toBe('soaking');
});

test.each([
  [9, 10, 'running'],
  [8, 10, 'stopped'],
  [0, 0, 'stopped'],
])('with %d of %d healthy after the soak it is %s', (healthy, checked, status) => {
  const run = rolling();
  run.take(ended());
  run.take(health(0, healthy, checked));
  expect(run.state.status).toBe(status);
});

test('a wave that takes too long is closed, and judged by those who came', () => {
  const run = rolling();
  run.now += 3_600_000;
  run.take(observed({ counts: { succeeded: 1, failed: 0, missed: 0 }, open: 1 }));
  expect([run.phase, run.kinds()]).toEqual(['closing', ['cancel-jobs']]);
  run.take(observed({ job: 'CANCELED', open: 0, counts: { succeeded: 1, failed: 0, missed: 1 } }));
  expect(run.phase).toBe('soaking');
});

test('firmware that expires meanwhile goes to no further wave', () => {
  const run = new Run(campaign({ releaseExpiresAt: NOW + 1_500 }));
  run.take(searched());
  run.take(gathered());
  expect(run.state).toMatchObject({ status: 'stopped', reason: 'RELEASE_EXPIRED' });
  expect(run.kinds()).not.toContain('start-job');
});

test('a pause ends the job; after it a new one is made for those who have not begun', () => {
  const run = rolling();
  run.take({ kind: 'pause' });
  expect([run.state.status, run.phase, run.kinds()]).toEqual(['paused', 'closing', ['cancel-jobs']]);
  run.take(observed({ job: 'CANCELED', open: 1, counts: { succeeded: 1, failed: 0, missed: 0 } }));
  expect(run.phase).toBe('closing');
  run.take({ kind: 'resume' });
  expect(run.state.waves[0]?.reopening).toBe(true);
  run.take(observed({ job: 'CANCELED', open: 0, counts: { succeeded: 1, failed: 0, missed: 0 } }));
  expect([run.phase, run.state.waves[0]?.attempt]).toEqual(['gathering', 2]);
  run.take(gathered(0, 2, 1));
  expect(run.outputs.at(-1)).toEqual({ kind: 'start-job', wave: 0, attempt: 2 });
});

test('a pause in which all have ended leaves nobody to make a job for', () => {
  const run = rolling();
  run.take({ kind: 'pause' });
  run.take({ kind: 'resume' });
  run.take(observed({ job: 'CANCELED', open: 0, counts: { succeeded: 2, failed: 0, missed: 0 } }));
  run.kinds();
  run.take(gathered(0, 2, 0));
  expect([run.phase, run.kinds()]).toEqual(['closing', []]);
  run.take(observed({ attempt: 2, open: 0, counts: { succeeded: 2, failed: 0, missed: 0 } }));
  expect(run.phase).toBe('soaking');
});

test('a paused campaign is not promoted, however long its soak is over', () => {
  const run = rolling();
  run.take(ended());
  run.take({ kind: 'pause' });
  expect(run.dueAt).toBeUndefined();
  expect(run.take(health())).toBe(false);
  run.now += 3_600_000;
  run.take({ kind: 'resume' });
  expect(run.dueAt).toBe(run.now + 1_000);
  run.take(health());
  expect(run.state.waves[0]?.phase).toBe('passed');
});

test.each(['gathering', 'rolling', 'soaking'])('an abort while %s is for good', (phase) => {
  const run = new Run();
  run.take(searched());
  if (phase !== 'gathering') run.take(gathered());
  if (phase === 'soaking') run.take(ended());
  run.kinds();
  run.take({ kind: 'abort' });
  expect(run.state).toMatchObject({ status: 'aborted', reason: 'ORDERED' });
  expect(run.kinds()).toEqual([phase === 'rolling' ? 'cancel-jobs' : 'clean-up', 'ended']);
  for (const kind of ['resume', 'pause', 'abort'] as const) expect(run.take({ kind })).toBe(false);
});

/** What can happen to the first two waves, in any order and any number of times. */
const EVENTS: readonly CampaignEvent[] = [
  searched({ compatible: 4 }),
  gathered(0),
  gathered(0, 2, 1),
  gathered(0, 2, 0),
  gathered(1),
  observed(),
  observed({ job: 'CANCELED', open: 0 }),
  observed({ counts: { succeeded: 0, failed: 2, missed: 0 }, open: 0, job: 'COMPLETED' }),
  ended(0),
  ended(1),
  observed({ attempt: 2, open: 0, counts: { succeeded: 2, failed: 0, missed: 0 } }),
  health(0),
  health(0, 0),
  health(1),
  { kind: 'pause' },
  { kind: 'resume' },
  { kind: 'abort' },
];

test('whatever happens in whatever order, no invariant breaks', () => {
  const seen = new Set<string>();
  const open: CampaignRecord[] = [campaign()];
  let steps = 0;
  while (open.length > 0) {
    const state = open.pop() as CampaignRecord;
    for (const event of EVENTS) {
      const step = followCampaign(state, event, NOW);
      if (step === undefined) continue;
      steps++;
      const { outputs, state: next } = step;
      check(state, next, outputs);
      // The same event once more, as a queue delivers it, must keep to the rules as well.
      const again = followCampaign(next, event, NOW);
      if (again !== undefined) check(next, again.state, again.outputs);
      // Attempts without end are the same story over and over.
      if ((next.waves[0]?.attempt ?? 0) > 3) continue;
      const key = JSON.stringify(next);
      if (seen.has(key)) continue;
      seen.add(key);
      open.push(next);
    }
  }
  expect(seen.size).toBeGreaterThan(60);
  expect(steps).toBeGreaterThan(150);
});

function check(before: CampaignRecord, after: CampaignRecord, outputs: readonly CampaignOutput[]): void {
  // What is over stays over.
  if (FINAL_CAMPAIGN_STATUSES.has(before.status)) {
    expect([after.status, after.reason]).toEqual([before.status, before.reason]);
    expect(outputs.filter(({ kind }) => kind === 'start-job' || kind === 'ended')).toEqual([]);
  }
  for (const output of outputs) {
    if (output.kind !== 'start-job') continue;
    // Only a running campaign begins a job, only of its current wave, and only when all before it have passed.
    expect(before.status).toBe('running');
    expect(after.waves.slice(0, output.wave).every(({ phase }) => phase === 'passed')).toBe(true);
    expect(before.waves[output.wave]?.phase).toBe('gathering');
    expect(after.waves[output.wave]?.phase).toBe('rolling');
  }
  // A wave passes only out of its soak, in a running campaign, with enough healthy devices.
  for (const [index, wave] of after.waves.entries()) {
    if (wave.phase !== 'passed' || before.waves[index]?.phase === 'passed') continue;
    expect([before.waves[index]?.phase, before.status]).toEqual(['soaking', 'running']);
    expect((wave.health?.healthy ?? 0) / (wave.health?.checked ?? 1)).toBeGreaterThanOrEqual(0.9);
    expect(wave.counts.succeeded).toBeGreaterThan(0);
  }
  // Whoever leaves the way tells so exactly then.
  const over = FINAL_CAMPAIGN_STATUSES.has(after.status) && !FINAL_CAMPAIGN_STATUSES.has(before.status);
  expect(outputs.filter(({ kind }) => kind === 'ended')).toHaveLength(over ? 1 : 0);
  // A job that runs is canceled when its campaign leaves it.
  const left = before.waves.some(({ phase }) => phase === 'rolling') && (over || after.status === 'paused');
  if (left && after.status !== 'succeeded') expect(outputs.map(({ kind }) => kind)).toContain('cancel-jobs');
}
