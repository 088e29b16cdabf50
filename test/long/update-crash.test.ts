import { runUpdateCrashes } from '../../device-client/src/update/testing/run-update-crashes.ts';

test('wherever an update is stopped, whatever the disk has lost, the device comes to its end and tells the truth once', async () => {
  const report = await runUpdateCrashes({
    onScenario: (name, points, crashes) =>
      process.stdout.write(`update: ${name}: ${points} crash points, ${crashes} crashes\n`),
  });
  process.stdout.write(`update: ${report.points} crash points, ${report.crashes} crashes checked\n`);
  expect(report.failures.slice(0, 20)).toEqual([]);
}, 1_200_000);

test('an update that is stopped again while it recovers comes to its end as well', async () => {
  const report = await runUpdateCrashes({ kinds: ['lost', 'torn'], stride: 9, secondCrashes: 6 });
  process.stdout.write(`update: ${report.crashes} crashes of a recovery checked\n`);
  expect(report.failures.slice(0, 20)).toEqual([]);
}, 1_200_000);
