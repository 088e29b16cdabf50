import { runAccount } from '../../conformance/account/run-account.ts';

test('the local cloud shows every behaviour that is checked on real accounts too', async () => {
  const results = await runAccount(false, () => {});
  expect(results.filter(({ passed }) => !passed)).toEqual([]);
  expect(results.length).toBeGreaterThan(25);
}, 300_000);
