import { noLog } from '../device-session.ts';
import { ClockGuard } from './clock-guard.ts';
import { judgeClock, type ServerTime } from './judge-clock.ts';
import { OffsetClock } from './offset-clock.ts';

const NOW = Date.UTC(2027, 0, 15);
const DAY = 86_400_000;
const FLOOR = Date.UTC(2026, 10, 1);
const server = (time = NOW): ServerTime => ({
  time,
  uncertainty: 500,
  validFrom: NOW - 30 * DAY,
  validTo: NOW + 60 * DAY,
});

test.each([
  ['a right clock', NOW, server(), { kind: 'plausible', proven: true }],
  ['a right clock that nobody confirms', NOW, undefined, { kind: 'plausible', proven: false }],
  ['a clock of 1970', 0, server(), { kind: 'wrong', offset: NOW, blocksTls: true }],
  ['a clock of 1970 that nobody corrects', 0, undefined, { kind: 'lost' }],
  ['a clock that is a day late', NOW - DAY, server(), { kind: 'wrong', offset: DAY, blocksTls: false }],
  ['a clock beyond the end of the certificates', NOW + 90 * DAY, server(), { kind: 'wrong', blocksTls: true }],
  ['a server that lives before the agent was written', NOW, server(FLOOR - DAY), { kind: 'disputed' }],
  ['a server outside of its own certificates', NOW, server(NOW + 61 * DAY), { kind: 'disputed' }],
])('%s', (_name, now, answer, expected) => {
  expect(judgeClock({ now, floor: FLOOR, tolerance: 30_000, server: answer })).toMatchObject(expected);
});

interface World {
  time: number;
  server: ServerTime | undefined;
  asked: number;
  waited: number;
}

function guardOf(world: World, setSystem?: (time: number) => Promise<void>) {
  const system = {
    now: () => world.time,
    after: (milliseconds: number, task: () => void) => {
      world.waited += milliseconds;
      const handle = setTimeout(task, 5);
      return { cancel: () => clearTimeout(handle) };
    },
  };
  const corrected = new OffsetClock(system, () => 0);
  const proven: number[] = [];
  const guard = new ClockGuard({
    system,
    corrected,
    random: () => 0.5,
    log: noLog,
    tolerance: 30_000,
    floor: () => FLOOR,
    readServer: async () => {
      world.asked++;
      if (world.server === undefined) throw new Error('no network');
      return world.server;
    },
    setSystem,
    onProven: (time) => proven.push(time),
  });
  return { guard, corrected, proven };
}

const signal = () => new AbortController().signal;
const worldOf = (time: number, answer: ServerTime | undefined = server()): World => ({
  time,
  server: answer,
  asked: 0,
  waited: 0,
});

test('a clock that may be set is set, and TLS may be tried', async () => {
  const world = worldOf(0);
  const { corrected, guard, proven } = guardOf(world, async (time) => {
    world.time = time;
  });
  await guard.ready(signal());
  expect(world).toMatchObject({ time: NOW, asked: 1 });
  expect(corrected.offset).toBe(0);
  expect(proven).toEqual([NOW]);
});

test('a clock that may not be set is right for the process at once, and TLS waits until somebody sets it', async () => {
  const world = worldOf(0);
  const { corrected, guard } = guardOf(world, async () => {
    throw new Error('Operation not permitted');
  });
  let ready = false;
  const waiting = guard.ready(signal()).then(() => {
    ready = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(ready).toBe(false);
  expect(guard.verdict).toMatchObject({ kind: 'wrong', blocksTls: true });
  expect(corrected.now()).toBe(NOW);
  // It asks with growing pauses: not in a loop.
  expect(world.asked).toBeLessThan(4);
  world.time = NOW + 1_000;
  await waiting;
  expect(corrected.offset).toBe(0);
});

test('a clock that is hours off is corrected for the process, and the correction ends when the clock is right', async () => {
  const world = worldOf(NOW - 5 * 3_600_000);
  const { corrected, guard } = guardOf(world);
  expect(await guard.check(signal())).toBe(true);
  expect(corrected.now()).toBe(NOW);
  // Somebody sets the clock: what was corrected does not jump.
  world.time = NOW;
  expect(corrected.now()).toBe(NOW);
  expect(await guard.check(signal())).toBe(true);
  expect(corrected.offset).toBe(0);
});

test('without a network, a clock before the agent was written blocks, and a plausible one does not', async () => {
  expect(await guardOf({ ...worldOf(0), server: undefined }).guard.check(signal())).toBe(false);
  expect(await guardOf({ ...worldOf(NOW), server: undefined }).guard.check(signal())).toBe(true);
});

test('stopping ends the wait', async () => {
  const abort = new AbortController();
  const waiting = guardOf({ ...worldOf(0), server: undefined }).guard.ready(abort.signal);
  abort.abort();
  await waiting;
});
