import { lifeRulesSchema, type Point } from '@fleetwright/contracts';
import { type LifePorts, lifeOf, stretchOf } from './estimate-life.ts';

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;
const life = {
  pump: lifeRulesSchema.parse({
    bearing: { measure: 'vibration', direction: 'rising', endOfLife: 7, lookbackDays: 10 },
    battery: { channel: 'health', measure: 'battery_permille', direction: 'falling', endOfLife: 100, unit: 'permille' },
  }),
};

function ports(asked: unknown[] = [], deviceType = 'pump'): LifePorts {
  return {
    now: () => NOW,
    findDevice: async () => ({ ok: true, deviceType }),
    history: {
      recent: async () => ({}),
      async medians(...query) {
        asked.push(query);
        if (query[1] === 'health') return [];
        return Array.from({ length: 200 }, (_, at): Point => [NOW - (200 - at) * HOUR, 5 + (at - 200) * 0.005]);
      },
    },
  };
}

test('each part is estimated from its own measure, over its own time', async () => {
  const asked: unknown[] = [];
  const result = await lifeOf({ thingName: 'p1' }, life, ports(asked));
  expect(asked).toEqual([
    ['p1', 'telemetry', 'vibration', NOW - 240 * HOUR, 3_600],
    ['p1', 'health', 'battery_permille', NOW - 720 * HOUR, 5_220],
  ]);
  if (!result.ok) throw new Error(result.message);
  const [bearing, battery] = result.parts;
  expect(bearing).toMatchObject({ name: 'bearing', status: 'estimated' });
  if (bearing?.status === 'estimated') expect(bearing.days).toBeCloseTo(2 / 0.12, 6);
  expect(battery).toMatchObject({ name: 'battery', status: 'not-enough-evidence', unit: 'permille' });
});

test('a type of which nothing wears is refused with what to configure', async () => {
  expect(await lifeOf({ thingName: 'v' }, life, ports([], 'valve'))).toMatchObject({
    reason: 'NO_RULE',
    message: 'nothing is known to wear of valve: configure remainingLife.valve',
  });
  expect(await lifeOf({}, life, ports())).toMatchObject({ ok: false, reason: 'INVALID' });
});

test.each([
  [30, 3, 5_220],
  [10, 3, 3_600],
  [365, 30, 63_120],
  [1, 0.01, 180],
])('%i days back and at least %d: values of %i s', (lookback, least, seconds) => {
  expect(stretchOf(lookback, least)).toBe(seconds);
});
