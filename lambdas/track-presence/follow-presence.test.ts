import type { PresenceEvent } from '@fleetwright/contracts';
import { look, type PresenceOutput, type PresenceState, takeEvent } from './follow-presence.ts';

const settings = { settle: 5_000, flapWindow: 600_000, flapLimit: 5, flapHold: 60_000, offlineBound: 3_600_000 };
const T = 1_700_000_000_000;
const HOUR = 3_600_000;

const link = (version: number, at: number) => ({ thingName: 'pump', sessionId: `s${version}`, version, at });
const connect = (version: number, at: number): PresenceEvent => ({ kind: 'connected', ...link(version, at) });
const disconnect = (version: number, at: number): PresenceEvent => ({
  kind: 'disconnected',
  ...link(version, at),
  reason: 'CONNECTION_LOST',
});
const will = (at: number): PresenceEvent => ({ kind: 'will', thingName: 'pump', at });

/** Plays events at their arrival and looks when they are due, as the queue would. */
function play(...steps: readonly (readonly [arrival: number, event: PresenceEvent] | readonly [until: number])[]) {
  let state: PresenceState | undefined;
  let dueAt: number | undefined;
  const outputs: PresenceOutput[] = [];
  const take = (step: ReturnType<typeof takeEvent>): void => {
    if (step === undefined) return;
    state = step.state;
    dueAt = step.dueAt;
    outputs.push(...step.outputs);
  };
  for (const [time, event] of steps) {
    while (state !== undefined && dueAt !== undefined && dueAt <= time) take(look(state, settings, dueAt));
    if (event !== undefined) take(takeEvent(state, event, settings, time));
  }
  return { state, outputs, statuses: outputs.flatMap((out) => (out.kind === 'shadow' ? [out.shadow.status] : [])) };
}

test('a connection shows at once, its loss after the wait, each with the time of its event', () => {
  const { outputs } = play([T, connect(0, T)], [T + 9_100, disconnect(0, T + 9_000)], [T + 14_099]);
  expect(outputs).toHaveLength(1);
  const { outputs: all } = play([T, connect(0, T)], [T + 9_100, disconnect(0, T + 9_000)], [T + 14_100]);
  expect(all).toEqual([
    { kind: 'shadow', shadow: { status: 'online', since: T, reason: '', flapping: false } },
    { kind: 'shadow', shadow: { status: 'offline', since: T + 9_000, reason: 'CONNECTION_LOST', flapping: false } },
  ]);
});

test('a device that is back within the wait was never offline', () => {
  const back = play([T, connect(0, T)], [T + 10, disconnect(0, T + 10)], [T + 900, connect(1, T + 900)], [T + HOUR]);
  expect(back.statuses).toEqual(['online']);
});

// IoT developer guide, "Lifecycle events": messages may come twice and out of order.
test('the order of arrival and repetitions do not matter', () => {
  const events = [connect(0, T), disconnect(0, T + 1_000), connect(1, T + 2_000), disconnect(1, T + 3_000)];
  for (const order of [
    [0, 1, 2, 3],
    [3, 2, 1, 0],
    [2, 3, 0, 1],
    [1, 0, 3, 2],
    [3, 3, 0, 0, 2, 1, 3],
  ]) {
    const steps = order.map((at, index) => [T + 4_000 + index, events[at] as PresenceEvent] as const);
    const { state, statuses } = play(...steps, [T + 60_000]);
    expect([order, state?.shown?.status, state?.link.version]).toEqual([order, 'offline', 1]);
    expect(statuses.filter((status) => status === 'offline')).toHaveLength(1);
  }
});

test('a disconnect that overtakes the next connect does not put a device offline', () => {
  const { state } = play(
    [T, connect(0, T)],
    [T + 2_000, connect(1, T + 2_000)],
    [T + 2_100, disconnect(0, T + 1_900)],
    [T + HOUR],
  );
  expect(state?.shown?.status).toBe('online');
});

test('versions that begin anew after an hour away are followed by their time', () => {
  const { statuses } = play(
    [T, connect(41, T)],
    [T + 1_000, disconnect(41, T + 1_000)],
    [T + 2 * HOUR, connect(0, T + 2 * HOUR)],
    [T + 2 * HOUR + 50, disconnect(41, T + 1_000)],
    [T + 3 * HOUR],
  );
  expect(statuses).toEqual(['online', 'offline', 'online']);
});

test('a last will stands in for a disconnect that never comes', () => {
  const { outputs, state } = play([T, connect(0, T)], [T + 90_000, will(T + 90_000)], [T + 96_000]);
  expect(outputs.at(-1)).toMatchObject({ shadow: { status: 'offline', since: T + 90_000, reason: 'LAST_WILL' } });
  expect(state?.shown?.status).toBe('offline');
});

test('the will of an old connection, published when the device is back already, does not put it offline', () => {
  const { statuses } = play(
    [T, connect(0, T)],
    [T + 60_000, connect(1, T + 60_000)],
    [T + 60_200, will(T + 60_200)],
    [T + HOUR],
  );
  expect(statuses).toEqual(['online']);
});

test('a device that flaps is shown as flapping and held, and settles to what it is when it is calm', () => {
  const steps: (readonly [number, PresenceEvent])[] = [];
  for (let version = 0; version < 8; version++) {
    const at = T + version * 10_000;
    steps.push([at, connect(version, at)], [at + 4_000, disconnect(version, at + 4_000)]);
  }
  const { outputs, statuses } = play(...steps, [T + HOUR]);
  // Four times there and gone until it counts as flapping, then that, then how it ended: not sixteen.
  expect(statuses).toHaveLength(10);
  expect(outputs.filter((out) => out.kind === 'shadow' && out.shadow.flapping)).toHaveLength(1);
  const shadows = outputs.flatMap((out) => (out.kind === 'shadow' ? [out.shadow] : []));
  expect(shadows.at(-1)).toMatchObject({ status: 'offline', flapping: false, since: T + 74_000 });
});

test('a device that stays away is an alert, once, cleared when it is back', () => {
  const away = play(
    [T, connect(0, T)],
    [T, disconnect(0, T)],
    [T + 2 * HOUR],
    [T + 3 * HOUR, { ...connect(0, T + 3 * HOUR), sessionId: 'next' } as PresenceEvent],
  );
  const alerts = away.outputs.flatMap((out) => (out.kind === 'alert' ? [out.alert] : []));
  expect(alerts).toMatchObject([
    { state: 'raised', kind: 'offline', alertId: `offline/pump/${T}`, since: T, at: T + HOUR },
    { state: 'cleared', alertId: `offline/pump/${T}` },
  ]);
});
