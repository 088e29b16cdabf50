import { expect, test } from '@jest/globals';
import { ManualClock } from '../../shared/src/testing/manual-clock.ts';
import { TestLog } from '../../shared/src/testing/test-log.ts';
import type { SourceStatus } from './points/field-source.ts';
import { StatusReport } from './status-report.ts';

const good: SourceStatus = { state: 'good', answers: 1, failures: 0, dropped: 0 };
const silent: SourceStatus = { ...good, state: 'silent', problem: 'no answer in time' };

function bench(before: object = {}) {
  const clock = new ManualClock();
  const log = new TestLog();
  const updates: { time: number; reported: unknown }[] = [];
  const state = { statuses: {} as Record<string, SourceStatus>, up: true };
  const start = clock.now();
  const shadows = {
    get: async () => {
      if (!state.up) throw new Error('offline');
      return { state: { reported: before }, version: 1 };
    },
    update: async (_name: string, { reported }: { reported?: object }) => {
      if (!state.up) throw new Error('offline');
      return updates.push({ time: (clock.now() - start) / 1_000, reported });
    },
    onDesired: async () => ({ end: async () => {} }),
  };
  const report = new StatusReport(
    { clock, log, shadows },
    () => state.statuses,
    () => 30_000,
  );
  report.start();
  return { clock, log, report, state, updates };
}

test('states are reported when they change, and 30 s apart at least', async () => {
  const { clock, state, updates } = bench();
  state.statuses = { a: good, b: good };
  await clock.advance(5_000);
  state.statuses = { a: silent, b: good };
  await clock.advance(10_000);
  state.statuses = { a: good, b: silent };
  await clock.advance(100_000);
  expect(updates).toEqual([
    { time: 1, reported: { sources: { a: { state: 'good' }, b: { state: 'good' } } } },
    { time: 31, reported: { sources: { a: { state: 'good' }, b: { state: 'silent', problem: 'no answer in time' } } } },
  ]);
});

test('counts alone are no change', async () => {
  const { clock, state, updates } = bench();
  for (let answers = 0; answers < 200; answers++) {
    state.statuses = { a: { ...good, answers } };
    await clock.advance(1_000);
  }
  expect(updates).toHaveLength(1);
});

test('sources that are gone, and problems that are over, leave the shadow, also those of an earlier run', async () => {
  const { clock, state, updates } = bench({
    sources: { old: { state: 'good' }, a: { state: 'silent', problem: 'x' } },
  });
  state.statuses = { a: good, b: good };
  await clock.advance(40_000);
  state.statuses = { a: good };
  await clock.advance(40_000);
  expect(updates.map(({ reported }) => reported)).toEqual([
    { sources: { a: { state: 'good', problem: null }, b: { state: 'good' }, old: null } },
    { sources: { a: { state: 'good' }, b: null } },
  ]);
});

test('what cannot be reported is reported later, as it is then; the log says so once', async () => {
  const { clock, log, state, updates } = bench();
  state.up = false;
  state.statuses = { a: silent };
  await clock.advance(200_000);
  state.statuses = { a: good };
  state.up = true;
  await clock.advance(31_000);
  expect(updates.map(({ reported }) => reported)).toEqual([{ sources: { a: { state: 'good' } } }]);
  expect(log.messages('warn')).toHaveLength(1);
});

// source: AWS IoT Core endpoints and quotas, "Maximum size of a JSON state document" (8 KB)
test('two hundred sources with long problems fit into a shadow', async () => {
  const { clock, state, updates } = bench();
  const long = { ...silent, problem: 'x'.repeat(500) };
  const all = Array.from(
    { length: 200 },
    (_, at) => [`a-source-with-a-long-name-${at}`, at % 2 === 0 ? long : good] as const,
  );
  state.statuses = Object.fromEntries(all);
  await clock.advance(5_000);
  expect(updates).toHaveLength(1);
  expect(Buffer.byteLength(JSON.stringify(updates[0]?.reported))).toBeLessThan(8_192);
});
