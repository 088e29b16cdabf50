import { brokenInvariants } from '../../bench/verify/part.ts';
import { runParts } from '../../bench/verify/run-parts.ts';

/** A sample of the fuzz of `npm run verify`: the same generators and invariants, and nothing judged by time. */
test('rubbish on every port, in every packet, request and payload leaves the cloud as it was', async () => {
  const results = await runParts(['fuzz'], 'sample', 1);
  expect(brokenInvariants(results)).toEqual([]);
  const [fuzz] = results;
  expect(fuzz?.figures['packets answered for certain']).toBeGreaterThan(0);
  expect(fuzz?.figures['dead letters read']).toBeGreaterThan(0);
}, 240_000);
