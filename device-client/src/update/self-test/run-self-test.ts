import { type DeviceClock, sleep } from '../../clock.ts';
import { reasonOf } from '../../errors.ts';
import type { SelfTest, SelfTestResult } from '../update-ports.ts';

/** ms in which a test that is told that its time is over may say what was missing */
const LAST_WORDS = 1_000;

/** Gives a self-test its time, and not more. Never rejects. */
export async function runSelfTest(
  selfTest: SelfTest,
  { clock, signal, time }: { clock: DeviceClock; time: number; signal: AbortSignal },
): Promise<SelfTestResult> {
  const over = new AbortController();
  const ended = new AbortController();
  const until = AbortSignal.any([signal, ended.signal]);
  const answered = Promise.resolve()
    .then(() => selfTest.run(AbortSignal.any([signal, over.signal])))
    .catch((error): SelfTestResult => ({ passed: false, detail: reasonOf(error) }));
  const late = sleep(clock, time, until).then(async (): Promise<SelfTestResult> => {
    over.abort();
    const silent: SelfTestResult = { passed: false, detail: `the self-test did not end within ${time} ms` };
    const words = await Promise.race([answered, sleep(clock, LAST_WORDS, until)]);
    return words === undefined || words.passed ? silent : words;
  });
  const result = await Promise.race([answered, late]);
  ended.abort();
  return result;
}
