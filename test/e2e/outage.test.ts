import { busiestSecond, runOutage, storedNumbers } from '../support/outage.ts';
import { eventually, startTestPlatform, type TestPlatform } from '../support/platform.ts';

let platform: TestPlatform;

beforeAll(async () => {
  platform = await startTestPlatform();
}, 60_000);
afterAll(() => platform?.stop());

test('what a device takes during an outage, and before a restart in it, arrives once, in order, alarms first', async () => {
  const backlog = 600;
  const account = await runOutage({
    platform,
    serialNumber: 'OUT-0001',
    outage: 8_000,
    backlog,
    samplesPerMessage: 4,
    patience: 40_000,
    restart: true,
  });
  const all = Array.from({ length: backlog }, (_, number) => number);
  expect(account.sent[0]).toBe('event 2 1');
  expect(account.numbers).toEqual(all);
  expect([...account.acknowledged].sort()).toEqual([...account.sent].sort());
  const ofBoot = (boot: number) => account.sent.filter((text) => text.startsWith(`telemetry ${boot} `));
  expect(ofBoot(1)).toEqual(ofBoot(1).map((_, index) => `telemetry 1 ${index + 1}`));
  expect(ofBoot(2)).toEqual(ofBoot(2).map((_, index) => `telemetry 2 ${index + 1}`));
  expect(ofBoot(1).length + ofBoot(2).length).toBe(backlog / 4);
  expect(busiestSecond(account.sentAt)).toBeLessThanOrEqual(100);
  expect(account.refusedConnections).toBeGreaterThan(0);
  await eventually('all samples in the store', async () => {
    const stored = await storedNumbers(platform, account.thingName);
    return stored.length >= backlog && stored;
  });
  expect(await storedNumbers(platform, account.thingName)).toEqual(all);
  expect((await platform.ledger.read()).deadLetters).toBe(0);
}, 90_000);
