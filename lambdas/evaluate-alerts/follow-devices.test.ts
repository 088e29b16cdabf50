import { alertRulesSchema, type DeviceAlertState, type TelemetryAlert } from '@fleetwright/contracts';
import type { Tracked } from '../shared/tracked-state.ts';
import { DeviceFollower } from './follow-devices.ts';
import type { DeviceSamples } from './read-samples.ts';

const T = 1_700_000_000_000;
const rules = alertRulesSchema.parse({ hot: { measure: 'temperature', above: { raise: 80, clear: 70 } } });

function device(thingName: string, values: readonly number[], from = 0): DeviceSamples {
  const samples = values.map((temperature, at) => ({
    time: T + (from + at) * 1_000,
    channel: 'telemetry',
    values: { temperature },
  }));
  return { thingName, rules, samples, messageIds: [`${thingName}-${from}`] };
}

/** A table and a topic that several followers share, as invocations side by side do. */
function world() {
  const table = new Map<string, Tracked<DeviceAlertState, TelemetryAlert>>();
  const told: string[] = [];
  const ids = new Set<string>();
  const calls = { load: 0, save: 0 };
  const faults: { tell?: Error | undefined; save?: Error | undefined } = {};
  let now = T;
  const follower = () =>
    new DeviceFollower(
      {
        async load(key) {
          calls.load++;
          return table.get(key);
        },
        async save(key, expected, tracked) {
          if (faults.save !== undefined) throw faults.save;
          calls.save++;
          if ((table.get(key)?.revision ?? 0) !== expected) return false;
          table.set(key, tracked);
          return true;
        },
        async tell(_key, alert) {
          if (faults.tell !== undefined) throw faults.tell;
          told.push(`${alert.thingName} ${alert.state}`);
          ids.add(`${alert.alertId} ${alert.state}`);
        },
      },
      () => now,
      () => {},
    );
  return { calls, faults, follower, ids, told, pass: (ms: number) => (now += ms) };
}

test('a calm device is read once a minute and never written', async () => {
  const { calls, follower, pass, told } = world();
  const own = follower();
  for (let second = 0; second < 180; second++) {
    await own.follow([device('a', [20], second)]);
    pass(1_000);
  }
  expect(calls).toEqual({ load: 3, save: 0 });
  expect(told).toEqual([]);
});

test('an alert is written and published once, and costs nothing while it stands', async () => {
  const { calls, follower, told } = world();
  const own = follower();
  await own.follow([device('a', [20, 81])]);
  const { load, save } = calls;
  for (let at = 2; at < 50; at++) await own.follow([device('a', [85], at)]);
  expect(told).toEqual(['a raised']);
  expect(calls).toEqual({ load, save });
});

test('another invocation that remembers the device as calm clears what this one raised, within a minute', async () => {
  const { follower, pass, told } = world();
  const [left, right] = [follower(), follower()];
  await right.follow([device('a', [20])]);
  await left.follow([device('a', [81], 1)]);
  await right.follow([device('a', [20], 2)]);
  expect(told).toEqual(['a raised']);
  pass(60_001);
  await right.follow([device('a', [20], 62)]);
  expect(told).toEqual(['a raised', 'a cleared']);
});

test('two invocations that see the same message tell of one alert, by its id', async () => {
  const { follower, ids } = world();
  await Promise.all([follower().follow([device('a', [81])]), follower().follow([device('a', [81])])]);
  expect(ids.size).toBe(1);
});

test('an alert that could not be published is published when its message comes again, to whomever', async () => {
  const { faults, follower, told } = world();
  faults.tell = new Error('no network');
  const first = await follower().follow([device('a', [81]), device('b', [20])]);
  expect(first.failed).toEqual(['a-0']);
  faults.tell = undefined;
  expect((await follower().follow([device('a', [81])])).failed).toEqual([]);
  expect(told).toEqual(['a raised']);
});

test('a state that could not be kept is nothing: its message comes again', async () => {
  const { faults, follower, told } = world();
  const own = follower();
  await own.follow([device('a', [20])]);
  faults.save = new Error('throttled');
  expect((await own.follow([device('a', [81], 1)])).failed).toEqual(['a-1']);
  faults.save = undefined;
  await own.follow([device('a', [81], 1)]);
  expect(told).toEqual(['a raised']);
});
