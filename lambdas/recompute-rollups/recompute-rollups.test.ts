import { ROLLUP_SLOT, ROLLUPS } from '@fleetwright/contracts';
import { planRuns, type Run } from './plan-runs.ts';
import { type RecomputePorts, recomputeRollups } from './recompute-rollups.ts';

const HOUR = ROLLUPS['1h'];
const NOON = Date.UTC(2026, 5, 1, 12);
const message = (messageId: string, ...slots: number[]) => ({
  messageId,
  body: JSON.stringify({ version: 1, slots }),
});

function world(over: Partial<RecomputePorts> = {}) {
  const runs: Run[] = [];
  const ports: RecomputePorts = {
    now: () => NOON,
    run: async (run) => void runs.push(run),
    onFailure: () => {},
    ...over,
  };
  return {
    runs,
    recompute: (...records: { messageId: string; body: string }[]) => recomputeRollups(records, 72, ports),
  };
}

test('a slot is made anew by a run of minutes at its end and one of hours at the end of its hour', () => {
  const slot = NOON - 5 * HOUR;
  expect(planRuns([slot, slot + ROLLUP_SLOT], NOON)).toEqual([
    { rollup: '1m', at: slot + ROLLUP_SLOT, slots: [slot] },
    { rollup: '1m', at: slot + 2 * ROLLUP_SLOT, slots: [slot + ROLLUP_SLOT] },
    { rollup: '1h', at: slot + HOUR, slots: [slot, slot + ROLLUP_SLOT] },
  ]);
});

test('a slot that is not over is made anew up to now; its hour is left to the regular runs', () => {
  const now = NOON + 25 * 60_000;
  expect(planRuns([NOON], now)).toEqual([{ rollup: '1m', at: now, slots: [NOON] }]);
  expect(planRuns([NOON - HOUR], now).map(({ rollup }) => rollup)).toEqual(['1m']);
  expect(planRuns([NOON - 2 * HOUR], now).map(({ rollup }) => rollup)).toEqual(['1m', '1h']);
});

test('slots that many messages name are made anew once', async () => {
  const { recompute, runs } = world();
  const slot = NOON - 10 * HOUR;
  const report = await recompute(...Array.from({ length: 50 }, (_, n) => message(`m${n}`, slot, slot + ROLLUP_SLOT)));
  expect(report).toEqual({ failed: [], runs: 3, beyondBound: 0 });
  expect(runs).toHaveLength(3);
});

test('slots older than a device may be offline are counted and left as they are', async () => {
  const { recompute, runs } = world();
  expect(await recompute(message('m', NOON - 73 * HOUR))).toEqual({ failed: [], runs: 0, beyondBound: 1 });
  expect(runs).toEqual([]);
});

test('messages whose runs were not accepted come again, the others do not', async () => {
  const bad = NOON - 10 * HOUR;
  const { recompute } = world({
    run: async ({ slots }) => {
      if (slots.includes(bad)) throw new Error('throttled');
    },
  });
  const report = await recompute(
    message('bad', bad),
    message('good', NOON - 20 * HOUR),
    message('both', bad, NOON - 20 * HOUR),
  );
  expect([...report.failed].sort()).toEqual(['bad', 'both']);
});

test.each(['', '{}', '{"version":1,"slots":[5]}', '{"version":2,"slots":[0]}'])(
  '%j is left to the dead letters',
  async (body) => {
    const { recompute } = world();
    expect((await recompute({ messageId: 'm', body })).failed).toEqual(['m']);
  },
);
