import { RESERVED_MEASURES, telemetryMessageSchema } from '@fleetwright/contracts';
import { telemetry } from './testing/queue-messages.ts';
import { isPlainlyValid, validateMessage } from './validate-message.ts';

/** Reproducible numbers in [0, 1) (mulberry32). */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const ODD = [
  undefined,
  null,
  true,
  '',
  'text',
  'x'.repeat(2049),
  -1,
  0,
  -0,
  1.5,
  1e300,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  2 ** 53,
  0xffff_ffff + 1,
  10n,
  [],
  {},
  new Date(0),
  new Map([['a', 1]]),
  Object.create(null),
];
const NAMES = ['temperature', 'Time', 'ts_x', 'site', '1a', 'a b', '__proto__', 'constructor', 'x'.repeat(65), ''];

test('the fast check accepts nothing that the schema refuses, and the schema leaves it as it is', () => {
  const random = seeded(42);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const maybe = <T>(value: T): unknown => (random() < 0.12 ? pick(ODD) : value);
  let accepted = 0;
  for (let round = 0; round < 20_000; round++) {
    const values: Record<string, unknown> = {};
    for (let n = Math.floor(random() * 4); n > 0; n--) {
      values[random() < 0.15 ? pick(NAMES) : `m${n}`] = maybe(random() < 0.5 ? random() * 100 : 'on');
    }
    const sample: Record<string, unknown> = { time: maybe(Math.floor(random() * 2e12)), values: maybe(values) };
    if (random() < 0.05) sample.more = 1;
    const payload: Record<string, unknown> = {
      version: maybe(1),
      bootId: maybe(1 + Math.floor(random() * 9)),
      sequence: maybe(1 + Math.floor(random() * 9)),
      samples: maybe(Array.from({ length: Math.floor(random() * 3) }, () => maybe(sample))),
    };
    if (random() < 0.05) payload.more = 1;
    const parsed = telemetryMessageSchema.safeParse(payload);
    const fast = isPlainlyValid(payload);
    if (fast) {
      accepted++;
      expect(parsed.success).toBe(true);
      expect(parsed.data).toEqual(payload);
    }
    expect(validateMessage(payload).ok).toBe(parsed.success);
  }
  expect(accepted).toBeGreaterThan(1_000);
});

test('an ordinary message takes the fast way', () => {
  expect(isPlainlyValid(telemetry({ samples: [{ time: 1, values: { a: 1, b: true, c: 'on' } }] }))).toBe(true);
});

test.each([...RESERVED_MEASURES, 'Site', 'ts_x', 'measure_value'])('the column name %s is refused', (name) => {
  const validation = validateMessage(telemetry({ samples: [{ time: 1, values: { [name]: 1 } }] }));
  expect(validation).toMatchObject({ ok: false, problem: expect.stringContaining('reserved') });
});

test.each([
  [{ samples: [] }, 'samples'],
  [{ sequence: 0 }, 'sequence'],
  [{ bootId: 0xffff_ffff + 1 }, 'bootId'],
  [{ version: 2 }, 'version'],
  [{ samples: [{ time: -1, values: { a: 1 } }] }, 'samples[0].time'],
  [{ samples: [{ time: 1, values: { a: [1] } }] }, 'samples[0].values.a'],
])('a wrong message is described by place: %j', (over, place) => {
  const validation = validateMessage({ ...telemetry(), ...over });
  expect(validation).toMatchObject({ ok: false, problem: expect.stringContaining(place) });
});
