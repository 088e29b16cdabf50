import { runUpdateCrashes } from './testing/run-update-crashes.ts';

test('wherever an update is stopped, the device boots what was verified, comes to an end and tells the truth once', async () => {
  // Every point, with one way of losing what was not flushed; `npm run test:long` takes all of them.
  const report = await runUpdateCrashes({
    kinds: ['torn'],
    onScenario: (name, points, crashes) =>
      process.stdout.write(`update: ${name}: ${points} crash points, ${crashes} crashes\n`),
  });
  process.stdout.write(`update: ${report.points} crash points, ${report.crashes} crashes checked\n`);
  expect(report.failures.slice(0, 20)).toEqual([]);
  expect(report.points).toBeGreaterThan(1_500);
}, 600_000);

test('an update that is stopped again while it recovers comes to its end as well', async () => {
  const report = await runUpdateCrashes({ kinds: ['lost', 'torn'], stride: 54, secondCrashes: 6 });
  process.stdout.write(`update: ${report.crashes} crashes of a recovery checked\n`);
  expect(report.failures.slice(0, 20)).toEqual([]);
}, 600_000);
