import { runPart } from '../../bench/verify/run-part.ts';

/** A sample of the fuzz of `npm run verify`: the same generators and invariants, and no judgement by time. */
test('rubbish on every port, in every packet, request and payload leaves the cloud as it was', async () => {
  const result = await runPart('fuzz', 'sample', 1, () => {});
  expect(result.invariants.filter(({ held }) => !held)).toEqual([]);
  expect(result.figures['packets answered for certain']).toBeGreaterThan(0);
  expect(result.figures['dead letters read']).toBeGreaterThan(0);
}, 240_000);
