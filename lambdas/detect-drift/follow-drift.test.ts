import type { TwinChange } from '@fleetwright/contracts';
import { driftingPaths } from './compare-sections.ts';
import { type DriftState, judge, takeChange } from './follow-drift.ts';

const settings = { raiseAfter: 1_000, clearAfter: 500 };
const T = 1_000_000;

function change(version: number, desired: object, reported: object, receivedAt = T + version): TwinChange {
  return {
    kind: 'changed',
    thingName: 'pump',
    shadowName: 'config',
    version,
    madeAt: Math.floor(receivedAt / 1_000),
    receivedAt,
    desired: desired as TwinChange['desired'],
    reported: reported as TwinChange['reported'],
  };
}

function state(...changes: TwinChange[]): DriftState {
  const result = changes.reduce<DriftState | undefined>(
    (known, next) => takeChange(known, next, settings, next.receivedAt)?.state ?? known,
    undefined,
  );
  if (result === undefined) throw new Error('no state');
  return result;
}

// IoT developer guide, "Device Shadow service documents": delta state and arrays.
test.each([
  ['a value that is not reported', { a: 1 }, {}, ['a']],
  ['a value that is reported otherwise', { a: 1 }, { a: 2 }, ['a']],
  ['a value inside an object', { a: { b: 1, c: 2 } }, { a: { b: 1, c: 3 } }, ['a.c']],
  ['a list, as a whole', { a: [1, 2] }, { a: [2, 1] }, ['a']],
  ['an object for a value', { a: { b: 1 } }, { a: 1 }, ['a']],
  ['nothing for what is reported besides', { a: 1 }, { a: 1, b: 2 }, []],
  ['nothing for equal lists of objects', { a: [{ b: 1 }] }, { a: [{ b: 1 }] }, []],
  ['a value whose name objects inherit', { constructor: 1 }, {}, ['constructor']],
])('drift is %s', (_name, desired, reported, paths) => {
  expect(driftingPaths(desired as never, reported as never)).toEqual(paths);
});

test('drift is looked at when it has lasted long enough, and is an alert then', () => {
  const first = takeChange(undefined, change(1, { a: 1 }, {}), settings, T + 1);
  expect(first).toMatchObject({ outputs: [], dueAt: T + 1 + settings.raiseAfter });
  const drifting = state(change(1, { a: 1 }, {}));
  expect(judge(drifting, settings, T + 1_000).outputs).toEqual([]);
  const raised = judge(drifting, settings, T + 1_001);
  expect(raised.outputs).toEqual([
    {
      version: 1,
      kind: 'drift',
      state: 'raised',
      alertId: `drift/pump/config/${T + 1}`,
      thingName: 'pump',
      shadowName: 'config',
      since: T + 1,
      at: T + 1_001,
      paths: ['a'],
    },
  ]);
  expect(judge(raised.state, settings, T + 9_999).outputs).toEqual([]);
});

test('what drifts counts from its own beginning, not from that of something else', () => {
  const other = state(change(1, { a: 1 }, {}), change(2, { a: 1, b: 1 }, { a: 1 }, T + 900));
  expect(judge(other, settings, T + 1_001)).toMatchObject({ outputs: [], dueAt: T + 900 + settings.raiseAfter });
});

test('an alert is cleared when nothing has drifted for a while; drift in between keeps it without a second alert', () => {
  const raised = judge(state(change(1, { a: 1 }, {})), settings, T + 2_000).state;
  const calm = takeChange(raised, change(2, { a: 1 }, { a: 1 }, T + 3_000), settings, T + 3_000);
  expect(calm).toMatchObject({ outputs: [], dueAt: T + 3_500 });
  const again = takeChange(calm?.state, change(3, { a: 2 }, { a: 1 }, T + 3_100), settings, T + 3_100);
  expect(again).toMatchObject({ outputs: [], state: { alert: { since: T + 1 } } });
  expect(judge(again?.state as DriftState, settings, T + 9_000).outputs).toEqual([]);
  const settled = takeChange(again?.state, change(4, { a: 2 }, { a: 2 }, T + 9_000), settings, T + 9_000);
  const cleared = judge(settled?.state as DriftState, settings, T + 9_500);
  expect(cleared.outputs).toMatchObject([{ state: 'cleared', alertId: `drift/pump/config/${T + 1}` }]);
  expect(cleared.state.alert).toBeUndefined();
});

test('duplicates and older versions change nothing, in whatever order they come', () => {
  const changes = [
    change(1, { a: 1 }, {}),
    change(2, { a: 1 }, { a: 1 }),
    change(3, { a: 2 }, { a: 1 }),
    change(4, { a: 2 }, { a: 2 }),
  ];
  const orders = permutations([0, 1, 2, 3]);
  for (const order of orders) {
    const shuffled = order.flatMap((at) => [changes[at], changes[at]] as TwinChange[]);
    expect(state(...shuffled)).toMatchObject({ version: 4, drifting: {} });
  }
  expect(takeChange(state(...changes), changes[0] as TwinChange, settings, T)).toBeUndefined();
});

test('a deleted shadow does not drift; an older change that comes after the deletion does not revive it', () => {
  const drifting = state(change(1, { a: 1 }, {}));
  const deletion: TwinChange = { ...change(1, {}, {}, T + 50), kind: 'deleted' };
  const gone = takeChange(drifting, deletion, settings, T + 50)?.state as DriftState;
  expect(gone.drifting).toEqual({});
  expect(takeChange(gone, deletion, settings, T + 60)).toBeUndefined();
  expect(takeChange(gone, change(1, { a: 1 }, {}), settings, T + 60)).toBeUndefined();
});

// IoT developer guide, "Using shadows": the version of a deleted shadow begins anew after 48 hours.
test('a shadow that begins anew with a lower version days later is followed again', () => {
  const old = state(change(70, { a: 1 }, { a: 1 }));
  const next = takeChange(old, change(1, { a: 2 }, {}, T + 49 * 3_600_000), settings, T + 49 * 3_600_000);
  expect(next?.state).toMatchObject({ version: 1, drifting: { a: T + 49 * 3_600_000 } });
});

function permutations<X>(items: readonly X[]): X[][] {
  if (items.length < 2) return [[...items]];
  return items.flatMap((item, at) =>
    permutations(items.filter((_, other) => other !== at)).map((rest) => [item, ...rest]),
  );
}
