import { type RulesInput, rulesSchema } from '../rules-schema.ts';
import { type Decision, RuleEngine } from './rule-engine.ts';

const T0 = 1_000_000;

function make(rules: RulesInput) {
  const engine = new RuleEngine();
  const at = (now: number) => ({ wall: T0 + now, now });
  engine.set(rulesSchema.parse(rules), at(0));
  engine.look(at(0));
  const put = (now: number, values: Record<string, number | boolean>, quality: 'good' | 'bad' = 'good'): Decision[] =>
    engine.values(
      Object.entries(values).map(([series, value]) => ({ series, value, quality, time: T0 + now })),
      at(now),
    );
  const look = (now: number) => engine.look(at(now));
  return { at, engine, look, put };
}

const shown = (decisions: readonly Decision[]) =>
  decisions.map(({ forbidden, rule, state, writes }) =>
    [
      `${rule} ${state}`,
      ...writes.map(({ action }) => `${action.point}=${action.value}`),
      ...forbidden.map(({ action, by }) => `${action.point}=${action.value} forbidden by ${by}`),
    ].join(', '),
  );
const write = (point: string, value: number | boolean) => ({ source: 'plc', point, value });
const HOT = { when: { series: 'a', above: 80 }, whenUnknown: 'hold' };

test('a rule begins and ends with its condition, each for its time, and writes', () => {
  const { engine, look, put } = make({
    hot: { ...HOT, for: 1_000, endFor: 500, begin: [write('fan', true)], end: [write('fan', false)] },
  });
  expect(put(0, { a: 81 })).toEqual([]);
  expect(engine.deadline).toBe(1_000);
  expect(look(999)).toEqual([]);
  expect(shown(look(1_000))).toEqual(['hot begun, fan=true']);
  expect(put(1_100, { a: 85 })).toEqual([]);
  expect(put(1_200, { a: 70 })).toEqual([]);
  expect(put(1_300, { a: 85 })).toEqual([]);
  expect(put(1_400, { a: 70 })).toEqual([]);
  expect(engine.deadline).toBe(1_900);
  const [ended] = look(1_900);
  expect(shown([ended as Decision])).toEqual(['hot ended, fan=false']);
  expect(ended?.inputs).toEqual({ a: 70 });
});

test.each([
  ['begin', ['rule begun']],
  ['end', []],
  ['hold', []],
] as const)('what was never known goes to the safe side after its patience: %s', (whenUnknown, expected) => {
  const { engine, look } = make({ rule: { when: { series: 'a', above: 80 }, whenUnknown, staleAfter: 1_000 } });
  expect(look(999)).toEqual([]);
  expect(engine.deadline).toBe(whenUnknown === 'hold' ? 1_000 : 1_000);
  expect(shown(look(1_000))).toEqual(expected);
});

test.each([
  ['begin', []],
  ['end', ['rule ended']],
  ['hold', []],
] as const)('a rule that has begun and loses its input: %s', (whenUnknown, expected) => {
  const { engine, look, put } = make({ rule: { when: { series: 'a', above: 80 }, whenUnknown, staleAfter: 1_000 } });
  expect(shown(put(5_000, { a: 90 }))).toEqual(['rule begun']);
  expect(engine.deadline).toBe(6_000);
  expect(shown(look(6_000))).toEqual(expected);
});

test('a bad value is unknown at once', () => {
  const { put } = make({ rule: { when: { series: 'a', above: 80 }, whenUnknown: 'begin' } });
  put(20_000, { a: 1 });
  expect(shown(put(20_001, { a: 1 }, 'bad'))).toEqual(['rule begun']);
});

test('while an interlock holds, rules of less priority do not write its points; those of more, and its own, do', () => {
  const { put } = make({
    stop: {
      priority: 100,
      when: { series: 'stop', is: true },
      whenUnknown: 'begin',
      begin: [write('pump', false)],
      interlock: { forbids: [{ source: 'plc', point: 'pump' }] },
    },
    level: { ...HOT, begin: [write('pump', true), write('lamp', true)], end: [write('pump', false)] },
    manual: { priority: 200, when: { series: 'm', is: true }, whenUnknown: 'end', begin: [write('pump', true)] },
  });
  expect(shown(put(1, { stop: true, a: 90 }))).toEqual([
    'stop begun, pump=false',
    'level begun, lamp=true, pump=true forbidden by stop',
  ]);
  expect(shown(put(2, { m: true }))).toEqual(['manual begun, pump=true']);
  expect(shown(put(3, { a: 1 }))).toEqual(['level ended, pump=false forbidden by stop']);
  expect(shown(put(4, { stop: false }))).toEqual(['stop ended']);
  expect(shown(put(5, { a: 90 }))).toEqual([
    'level begun, lamp=true, pump=true'.replace('lamp=true, pump=true', 'pump=true, lamp=true'),
  ]);
});

test('an interlock that begins claims its points from writes under way', () => {
  const { put } = make({
    stop: {
      priority: 7,
      when: { series: 'stop', is: true },
      whenUnknown: 'begin',
      interlock: { forbids: [{ source: 'plc', point: 'pump' }] },
    },
  });
  expect(put(1, { stop: true })[0]?.claims).toEqual([{ point: 'plc/pump', priority: 7 }]);
  expect(put(2, { stop: false })[0]?.claims).toEqual([]);
});

test('afterwards, what was forbidden is made up for where it is wanted and still meant', () => {
  const rules = (afterwards: 'nothing' | 'resume'): RulesInput => ({
    stop: {
      priority: 10,
      when: { series: 'stop', is: true },
      whenUnknown: 'begin',
      end: [write('lamp', false)],
      interlock: { forbids: ['pump', 'fan'].map((point) => ({ source: 'plc', point })), afterwards },
    },
    level: { ...HOT, begin: [write('pump', true)], end: [write('pump', false)] },
    air: { when: { series: 'b', above: 0 }, whenUnknown: 'hold', begin: [write('fan', true)] },
  });
  const run = (afterwards: 'nothing' | 'resume') => {
    const { put } = make(rules(afterwards));
    put(1, { stop: true, a: 90, b: 1 });
    // Its end writes nothing, so that its begin is not meant any more.
    put(2, { b: 0 });
    return shown(put(3, { stop: false }));
  };
  expect(run('nothing')).toEqual(['stop ended, lamp=false']);
  expect(run('resume')).toEqual(['stop ended, lamp=false, pump=true']);
});

test('what was forbidden before a restart is made up for after it', () => {
  const engine = new RuleEngine();
  const rules = rulesSchema.parse({
    stop: {
      priority: 10,
      when: { series: 'stop', is: true },
      whenUnknown: 'begin',
      interlock: { forbids: [{ source: 'plc', point: 'pump' }], afterwards: 'resume' },
    },
    level: { ...HOT, begin: [write('pump', true)] },
  });
  const kept = new Map([
    ['stop', { state: 'begun' as const, forbidden: [] }],
    ['level', { state: 'begun' as const, forbidden: [{ point: 'plc/pump', by: 'stop' }] }],
    ['gone', { state: 'begun' as const, forbidden: [] }],
  ]);
  expect(shown(engine.set(rules, { wall: T0, now: 0 }, kept))).toEqual(['gone ended']);
  const value = { series: 'stop', value: false, quality: 'good' as const, time: T0 + 1 };
  expect(engine.forbids('plc/pump', 0)).toBe(true);
  expect(shown(engine.values([value], { wall: T0 + 1, now: 1 }))).toEqual(['stop ended, pump=true']);
});

test('of two rules that write one point at the same moment, the one of more priority does', () => {
  const { put } = make({
    b: { ...HOT, priority: 1, begin: [write('valve', 1)] },
    a: { ...HOT, begin: [write('valve', 2)] },
    c: { ...HOT, begin: [write('valve', 3)] },
  });
  expect(shown(put(1, { a: 90 }))).toEqual([
    'b begun, valve=1',
    'a begun, valve=2 forbidden by b',
    'c begun, valve=3 forbidden by b',
  ]);
});

test('a rule that chatters stays begun until there is room again', () => {
  const { engine, look, put } = make({ hot: { ...HOT, limit: { begins: 3, per: 10_000 } } });
  const changes: string[] = [];
  for (let now = 0; now < 9_000; now += 100) {
    changes.push(...shown(put(now, { a: now % 200 === 0 ? 90 : 10 })).map((text) => `${now} ${text}`));
  }
  expect(changes).toEqual(['0 hot begun', '100 hot ended', '200 hot begun', '300 hot ended', '400 hot begun']);
  put(9_100, { a: 10 });
  expect(engine.deadline).toBe(10_000);
  expect(shown(look(10_000))).toEqual(['hot ended']);
});

test('changed rules keep their state, removed ones end without writing, others go on', () => {
  const { at, engine, put } = make({
    keeps: { ...HOT, for: 1_000 },
    changes: { ...HOT, end: [write('x', 0)] },
    goes: { ...HOT, end: [write('y', 0)] },
  });
  put(0, { a: 90 });
  const changed = rulesSchema.parse({
    keeps: { ...HOT, for: 1_000 },
    changes: { when: { series: 'a', above: 95 }, whenUnknown: 'hold', end: [write('x', 1)] },
  });
  expect(shown(engine.set(changed, at(500)))).toEqual(['goes ended']);
  expect(shown(engine.look(at(500)))).toEqual(['changes ended, x=1']);
  expect(shown(engine.look(at(1_000)))).toEqual(['keeps begun']);
});
