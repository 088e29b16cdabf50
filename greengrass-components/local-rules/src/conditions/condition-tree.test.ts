import type { FieldValue } from '@fleetwright/contracts';
import { type RulesInput, rulesSchema } from '../rules-schema.ts';
import { buildTree, type Truth } from './condition-tree.ts';
import { Inputs } from './inputs.ts';

const T0 = 1_000_000;

function tree(when: unknown, more: object = {}) {
  const rules = rulesSchema.parse({ rule: { when, whenUnknown: 'hold', ...more } } as RulesInput);
  const { rule } = rules;
  if (rule === undefined) throw new Error('no rule');
  const inputs = new Inputs();
  const node = buildTree(rule.when, rule, inputs);
  const put = (
    series: string,
    value: number | boolean,
    now: number,
    quality: FieldValue['quality'] = 'good',
    age = 0,
  ) => inputs.take({ series, value, quality, time: T0 + now - age }, T0 + now, now);
  return { inputs, node, put };
}

test.each<[Truth, Truth, Truth, Truth]>([
  [true, true, true, true],
  [true, false, false, true],
  [true, undefined, undefined, true],
  [false, undefined, false, undefined],
  [undefined, undefined, undefined, undefined],
  [false, false, false, false],
])('%s and %s: all is %s, any is %s', (left, right, all, any) => {
  const conditions = [
    { series: 'a', is: true },
    { series: 'b', is: true },
  ];
  for (const [operator, expected] of [
    ['all', all],
    ['any', any],
  ] as const) {
    const { node, put } = tree({ [operator]: conditions });
    if (left !== undefined) put('a', left, 0);
    if (right !== undefined) put('b', right, 0);
    expect(node.find(0).truth).toBe(expected);
    const negated = tree({ not: { [operator]: conditions } });
    if (left !== undefined) negated.put('a', left, 0);
    if (right !== undefined) negated.put('b', right, 0);
    expect(negated.node.find(0).truth).toBe(expected === undefined ? undefined : !expected);
  }
});

test('a limit is left only when the value is well inside', () => {
  const { node, put } = tree({ series: 'a', above: 80, below: 10, hysteresis: 5 });
  const truths = [80, 80.1, 76, 75, 76, 9, 14, 15, 16].map((value, now) => {
    put('a', value, now);
    return node.find(now).truth;
  });
  expect(truths).toEqual([false, true, true, false, false, true, true, false, false]);
});

test('a duration is without a break, and its end is told in advance', () => {
  const { node, put } = tree({ series: 'a', above: 80, for: 2_000 });
  put('a', 81, 0);
  expect(node.find(0)).toEqual({ truth: false, until: 2_000 });
  put('a', 79, 1_000);
  expect(node.find(1_000).truth).toBe(false);
  put('a', 81, 1_500);
  expect(node.find(1_500)).toEqual({ truth: false, until: 3_500 });
  expect(node.find(3_500)).toEqual({ truth: true, until: 11_500 });
});

test('nobody knows of what was never seen, is bad, uncertain or old', () => {
  const { node, put } = tree({ series: 'a', above: 80 }, { staleAfter: 1_000 });
  expect(node.find(0).truth).toBeUndefined();
  put('a', 90, 0);
  expect(node.find(999)).toEqual({ truth: true, until: 1_000 });
  expect(node.find(1_000).truth).toBeUndefined();
  put('a', 90, 2_000, 'bad');
  expect(node.find(2_000).truth).toBeUndefined();
  put('a', 90, 3_000, 'uncertain');
  expect(node.find(3_000).truth).toBeUndefined();
  // A value that was measured some time ago is as old as it is.
  put('a', 90, 4_000, 'good', 600);
  expect(node.find(4_399).truth).toBe(true);
  expect(node.find(4_400).truth).toBeUndefined();
  const using = tree({ series: 'a', above: 80 }, { uncertain: 'use' });
  using.put('a', 90, 0, 'uncertain');
  expect(using.node.find(0).truth).toBe(true);
});

test('a value that is older than the newest is left out, unless the clock was set back', () => {
  const { inputs, put } = tree({ series: 'a', above: 80 });
  put('a', 1, 10_000);
  expect(put('a', 2, 10_001, 'good', 5_000)).toBe(false);
  expect(inputs.take({ series: 'a', value: 3, quality: 'good', time: 5 }, 5, 10_002)).toBe(true);
  expect(inputs.of('a')?.value).toBe(3);
});

test('an anomaly counts for as long as it is told, by its score', () => {
  const { inputs, node } = tree({ anomaly: 'a', score: 0.8, within: 1_000 });
  expect(node.find(0).truth).toBe(false);
  inputs.anomaly('a', 0.9, 0);
  inputs.anomaly('a', 0.5, 500);
  expect(node.find(999)).toEqual({ truth: true, until: 1_000 });
  expect(node.find(1_000).truth).toBe(false);
});

test('a verdict counts until it is old, of any model or of one', () => {
  const { inputs, node } = tree({ inference: 'pump', staleAfter: 1_000 });
  const one = tree({ inference: 'pump', model: 'wear', is: 'normal' });
  expect(node.find(0).truth).toBeUndefined();
  inputs.verdict({ model: 'other', subject: 'pump', verdict: 'alarm' }, 0);
  one.inputs.verdict({ model: 'other', subject: 'pump', verdict: 'alarm' }, 0);
  expect(node.find(500).truth).toBe(true);
  expect(node.find(1_000).truth).toBeUndefined();
  expect(one.node.find(0).truth).toBeUndefined();
  one.inputs.verdict({ model: 'wear', subject: 'pump', verdict: 'normal' }, 0);
  expect(one.node.find(0).truth).toBe(true);
  one.inputs.verdict({ model: 'wear', subject: 'pump', verdict: 'unknown' }, 1);
  expect(one.node.find(1).truth).toBeUndefined();
});

test('rules are refused with all problems, each at its place', () => {
  const read = rulesSchema.safeParse({
    'High Pressure': {},
    'no-safe-side': { when: { series: 'a', above: 1 } },
    deep: {
      when: { all: [{ any: [{ series: 'a' }, { series: 'B', above: 'x' }] }, { not: { wrong: 1 } }], also: 1 },
      whenUnknown: 'end',
    },
    twice: {
      when: { series: 'a', is: true },
      whenUnknown: 'end',
      begin: [
        { source: 's', point: 'p', value: 1 },
        { source: 's', point: 'p', value: 2, retryEvery: 9_000 },
      ],
    },
  });
  expect(read.success).toBe(false);
  const places = (read.error?.issues ?? []).map(({ path }) => path.join('.'));
  expect(places).toEqual(
    expect.arrayContaining([
      'High Pressure',
      'no-safe-side.whenUnknown',
      'deep.when',
      'deep.when.all.0.any.0',
      'deep.when.all.0.any.1.series',
      'deep.when.all.0.any.1.above',
      'deep.when.all.1.not',
      'twice.begin.1.retryEvery',
    ]),
  );
  expect(
    rulesSchema.safeParse({
      twice: {
        when: { series: 'a', is: true },
        whenUnknown: 'end',
        begin: [1, 2].map((value) => ({ source: 's', point: 'p', value })),
      },
    }).error?.issues[0]?.message,
  ).toBe('writes s/p twice');
});
