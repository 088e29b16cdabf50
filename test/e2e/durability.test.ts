import type { PartResult } from '../../bench/verify/part.ts';
import { runPart } from '../../bench/verify/run-part.ts';

/** Samples of the long runs of `npm run verify`: the same code with less of everything, and no judgement by time. */
const SEED = 1;

const broken = ({ invariants }: PartResult) => invariants.filter(({ held }) => !held);

test('what was acknowledged survives kill -9 of the cloud, and is stored once', async () => {
  const result = await runPart('kill', 'sample', SEED, () => {});
  expect(broken(result)).toEqual([]);
  expect(result.figures.kills).toBe(2);
  expect(result.figures['samples acknowledged']).toBeGreaterThan(0);
}, 240_000);

test('a small fleet under load loses no sample', async () => {
  const result = await runPart('load', 'sample', SEED, () => {});
  expect(broken(result)).toEqual([]);
  expect(result.figures['rows stored']).toBeGreaterThan(0);
}, 240_000);
