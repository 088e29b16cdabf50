import { brokenInvariants } from '../../bench/verify/part.ts';
import { runParts } from '../../bench/verify/run-parts.ts';

/** Samples of the long runs of `npm run verify`: the same code with less of everything, and nothing judged by time. */
test('a small fleet under load loses no sample, and what was acknowledged survives kill -9 and is stored once', async () => {
  const results = await runParts(['load', 'kill'], 'sample', 1);
  expect(brokenInvariants(results)).toEqual([]);
  const [load, kill] = results;
  expect(load?.figures['rows stored']).toBeGreaterThan(0);
  expect(kill?.figures.kills).toBe(2);
  expect(kill?.figures['samples acknowledged']).toBeGreaterThan(0);
}, 300_000);
