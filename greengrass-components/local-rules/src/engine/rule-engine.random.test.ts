import { pointOf, type Rules, rulesSchema } from '../rules-schema.ts';
import { type Decision, RuleEngine } from './rule-engine.ts';

/** Random rules, values and silences. */

function draws(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const SERIES = ['a', 'b', 'c', 'd'];
const POINTS = ['p', 'q', 'r'];
const T0 = 1_000_000;

function randomRules(draw: () => number): Rules {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)] as T;
  const duration = (most: number): number => (draw() < 0.5 ? 0 : Math.floor(draw() * most));
  const condition = (depth: number): object => {
    const kind = draw();
    if (depth < 3 && kind < 0.2) return { all: [condition(depth + 1), condition(depth + 1)] };
    if (depth < 3 && kind < 0.4) return { any: [condition(depth + 1), condition(depth + 1)] };
    if (depth < 3 && kind < 0.5) return { not: condition(depth + 1) };
    if (kind < 0.6) return { anomaly: pick(SERIES), score: draw(), within: 1 + Math.floor(draw() * 300) };
    if (kind < 0.65) return { inference: pick(SERIES), staleAfter: 100 + Math.floor(draw() * 300) };
    return { series: pick(SERIES), above: draw() * 10, hysteresis: draw() * 3, for: duration(80) };
  };
  const actions = (): object[] =>
    POINTS.filter(() => draw() < 0.4).map((point) => ({ source: 's', point, value: Math.floor(draw() * 5) }));
  const rule = (): object => ({
    priority: Math.floor(draw() * 3),
    when: condition(0),
    for: duration(60),
    endFor: duration(60),
    staleAfter: 100 + Math.floor(draw() * 300),
    whenUnknown: pick(['begin', 'end', 'hold']),
    begin: actions(),
    end: actions(),
    ...(draw() < 0.4 && {
      interlock: { forbids: [{ source: 's', point: pick(POINTS) }], afterwards: pick(['nothing', 'resume']) },
    }),
    limit: { begins: 1 + Math.floor(draw() * 5), per: 1_000 },
  });
  return rulesSchema.parse(Object.fromEntries(Array.from({ length: 6 }, (_, index) => [`rule-${index}`, rule()])));
}

type Event = { readonly at: number; readonly feed: (engine: RuleEngine) => Decision[] };

function randomEvents(draw: () => number): Event[] {
  let now = 0;
  return Array.from({ length: 600 }, (): Event => {
    now += Math.floor(draw() ** 3 * 120);
    const at = now;
    const moment = { wall: T0 + at, now: at };
    const series = SERIES[Math.floor(draw() * SERIES.length)] as string;
    const kind = draw();
    if (kind < 0.1) {
      const score = draw();
      return { at, feed: (engine) => engine.anomaly({ series, score }, moment) };
    }
    if (kind < 0.15) {
      const verdict = draw() < 0.5 ? 'alarm' : draw() < 0.5 ? 'normal' : 'unknown';
      return { at, feed: (engine) => engine.verdict({ subject: series, model: 'm', verdict }, moment) };
    }
    const quality = draw() < 0.9 ? 'good' : 'bad';
    const value = { series, value: draw() * 10, quality, time: T0 + at } as const;
    return { at, feed: (engine) => engine.values([value], moment) };
  });
}

/** @param everyMoment looks at each ms, and not only when the engine asks for it */
function run(rules: Rules, events: readonly Event[], everyMoment: boolean): { at: number; decisions: Decision[] }[] {
  const engine = new RuleEngine();
  const made: { at: number; decisions: Decision[] }[] = [];
  const note = (at: number, decisions: Decision[]): void => {
    if (decisions.length > 0) made.push({ at, decisions });
  };
  engine.set(rules, { wall: T0, now: 0 });
  note(0, engine.look({ wall: T0, now: 0 }));
  let now = 0;
  for (const { at, feed } of [...events, { at: (events.at(-1)?.at ?? 0) + 5_000, feed: () => [] }]) {
    while (now < at) {
      now = everyMoment ? now + 1 : Math.max(now + 1, Math.min(at, Math.ceil(engine.deadline)));
      if (everyMoment || engine.deadline <= now) note(now, engine.look({ wall: T0 + now, now }));
    }
    note(at, feed(engine));
  }
  return made;
}

test.each(Array.from({ length: 15 }, (_, seed) => seed + 1))('the invariants of the rules hold (%i)', (seed) => {
  const draw = draws(seed);
  const rules = randomRules(draw);
  const events = randomEvents(draw);
  const made = run(rules, events, false);
  // Nothing falls due without being asked for.
  expect(run(rules, events, true)).toEqual(made);

  const states = new Map<string, string>();
  const begins = new Map<string, number[]>();
  for (const { at, decisions } of made) {
    for (const { rule, state } of decisions) {
      expect(state).not.toBe(states.get(rule) ?? 'ended');
      states.set(rule, state);
      if (state === 'begun') begins.set(rule, [...(begins.get(rule) ?? []), at]);
    }
    const points = decisions.flatMap(({ writes }) => writes.map(({ action }) => pointOf(action)));
    expect(new Set(points).size).toBe(points.length);
    for (const { action, priority } of decisions.flatMap(({ writes }) => writes)) {
      const holding = Object.entries(rules).filter(
        ([name, { interlock, priority: own }]) =>
          states.get(name) === 'begun' &&
          own > priority &&
          interlock?.forbids.some((each) => pointOf(each) === pointOf(action)) === true,
      );
      expect(holding).toEqual([]);
    }
  }
  for (const [rule, times] of begins) {
    const { begins: most, per } = rules[rule]?.limit ?? { begins: 0, per: 0 };
    for (const [index, at] of times.entries()) {
      // One more may begin as soon as the oldest of the others is out of its time.
      const before = times[index - most];
      if (before !== undefined) expect(at - before).toBeGreaterThanOrEqual(per);
    }
  }
});
