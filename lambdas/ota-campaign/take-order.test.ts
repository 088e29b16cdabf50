import { type CampaignRecord, campaignSettingsSchema, type ReleaseRecord } from '@fleetwright/contracts';
import type { Tracked } from '../shared/tracked-state.ts';
import type { CampaignOutput } from './model.ts';
import { type OrderPorts, takeOrder } from './take-order.ts';

const NOW = 1_800_000_000_000;
const ID = 'mwq31twm-bc2d';
const defaults = campaignSettingsSchema.parse({
  canary: { percent: 5, atLeast: 1 },
  waves: [25, 100],
  successPercent: 95,
  healthPercent: 95,
  soakSeconds: 1_800,
  abort: { failurePercent: 20, minimumEnded: 1 },
  rollout: { maximumPerMinute: 50 },
  inProgressMinutes: 60,
  waveSeconds: 604_800,
  retries: 1,
  maintenanceWindows: [],
  unknownHardware: 'exclude',
  requireProof: true,
});

function world(release: Partial<ReleaseRecord> = {}) {
  const kept = new Map<string, Tracked<CampaignRecord, CampaignOutput>>();
  const looks: number[] = [];
  const ports: OrderPorts = {
    now: () => NOW,
    load: async (key) => kept.get(key),
    async save(key, expected, tracked) {
      if ((kept.get(key)?.revision ?? 0) !== expected) return false;
      kept.set(key, tracked);
      return true;
    },
    tell: async () => {},
    arrange: async (_key, dueAt) => void looks.push(dueAt),
    release: async (version) =>
      version === '1.1.0'
        ? ({ version, state: 'ready', manifestSha256: 'f', expiresAt: NOW + 1, ...release } as ReleaseRecord)
        : undefined,
  };
  const create = (over: object = {}) =>
    takeOrder({ order: 'create', campaignId: ID, version: '1.1.0', settings: {}, by: 'ann', ...over }, defaults, ports);
  const order = (what: 'pause' | 'resume' | 'abort', campaignId = ID) =>
    takeOrder({ order: what, campaignId, by: 'ann' }, defaults, ports);
  return { kept, looks, create, order };
}

test('a campaign begins with the settings of its stage under its own, and with a look at once', async () => {
  const { create, looks } = world();
  const answer = await create({ settings: { soakSeconds: 5 } });
  expect(answer).toMatchObject({
    ok: true,
    campaign: { status: 'planning', createdBy: 'ann', settings: { ...defaults, soakSeconds: 5 } },
  });
  expect(looks).toEqual([NOW + 1_000]);
});

test('an order whose answer was lost may come again', async () => {
  const { create, looks, order } = world();
  await create();
  expect(await create()).toMatchObject({ ok: true });
  expect(looks).toHaveLength(1);
  await order('pause');
  expect(await order('pause')).toMatchObject({ ok: true, campaign: { status: 'paused' } });
});

test.each([
  ['firmware that was never released', { version: '9.9.9' }, {}, 'UNKNOWN_RELEASE'],
  ['firmware that is not signed yet', {}, { state: 'signing' as const }, 'UNKNOWN_RELEASE'],
  ['firmware that has expired', {}, { expiresAt: NOW }, 'NOT_POSSIBLE'],
])('no campaign begins with %s', async (_what, over, release, reason) => {
  const { create, kept } = world(release);
  expect(await create(over)).toMatchObject({ ok: false, reason });
  expect(kept.size).toBe(0);
});

test('what is aborted is not resumed, and what was never there is not known', async () => {
  const { create, order } = world();
  await create();
  await order('abort');
  expect(await order('resume')).toMatchObject({ ok: false, reason: 'NOT_POSSIBLE' });
  expect(await order('pause', 'mwq31twm-0000')).toMatchObject({ ok: false, reason: 'UNKNOWN_CAMPAIGN' });
});
