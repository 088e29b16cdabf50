import { eventually } from '../support/eventually.ts';
import { busiestSecond, runOutage, storedNumbers } from '../support/outage.ts';
import { startTestPlatform, type TestPlatform } from '../support/platform.ts';

const OUTAGE = 180_000;
/** An hour at a sample a second. */
const BACKLOG = 3_600;

let platform: TestPlatform;

beforeAll(async () => {
  platform = await startTestPlatform();
}, 120_000);
afterAll(() => platform?.stop());

test.each([
  ['messages as full as they get', 500],
  ['so many messages that the limits matter', 2],
])(
  'an outage of three minutes with the backlog of an hour is made up for, in order and within limits: %s',
  async (_, samplesPerMessage) => {
    const account = await runOutage({
      platform,
      serialNumber: `OUT-${samplesPerMessage}`.padEnd(8, '0'),
      outage: OUTAGE,
      backlog: BACKLOG,
      samplesPerMessage,
      patience: 120_000,
      restart: samplesPerMessage === 2,
    });
    const all = Array.from({ length: BACKLOG }, (_each, number) => number);
    expect(account.sent[0]).toMatch(/^event /);
    expect(account.numbers).toEqual(all);
    expect([...account.acknowledged].sort()).toEqual([...account.sent].sort());
    expect(busiestSecond(account.sentAt)).toBeLessThanOrEqual(100);
    await eventually(
      'all samples in the store',
      async () => (await storedNumbers(platform, account.thingName)).length >= BACKLOG,
      60_000,
    );
    expect(await storedNumbers(platform, account.thingName)).toEqual(all);
    expect((await platform.ledger.read()).deadLetters).toBe(0);
  },
  OUTAGE + 240_000,
);
