import { type DeviceClock, sleep } from '../../clock.ts';
import { reasonOf } from '../../errors.ts';
import type { DeviceLink } from '../../feature.ts';
import type { SelfTest } from '../update-ports.ts';

export interface HealthCheck {
  /** For the report of a failure. */
  readonly name: string;
  /** Resolves when all is well; rejects, saying why, when it is not (yet). */
  check(signal: AbortSignal): Promise<void>;
}

export interface ConnectedSelfTestOptions {
  readonly link: Pick<DeviceLink, 'connected'>;
  readonly clock: DeviceClock;
  /** Sends something that the cloud acknowledges. */
  report(): Promise<void>;
  /** Of the application. */
  readonly checks: readonly HealthCheck[];
  /** ms between two attempts of what does not pass. @default 2000 */
  readonly interval?: number;
}

const INTERVAL = 2_000;

/**
 * The firmware is good when it connects, the cloud acknowledges what it says, and every check of the application passes. What
 * does not pass is asked again until the self-test's time is over; the failure names what it was.
 */
export function connectedSelfTest(options: ConnectedSelfTestOptions): SelfTest {
  const { checks, clock, interval = INTERVAL, link, report } = options;
  return {
    async run(signal) {
      const questions: readonly HealthCheck[] = [
        { name: 'connection', check: async () => requireConnected(link) },
        { name: 'report', check: report },
        ...checks,
      ];
      for (const { check, name } of questions) {
        let failure = 'no answer';
        for (;;) {
          const answered = new AbortController();
          const outcome = await Promise.race([settled(check(signal)), aborted(signal, answered.signal)]);
          answered.abort();
          if (outcome === undefined) break;
          failure = outcome === ABORTED ? failure : outcome;
          if (signal.aborted) return { passed: false, detail: `${name}: ${failure}` };
          await sleep(clock, interval, signal);
          if (signal.aborted) return { passed: false, detail: `${name}: ${failure}` };
        }
      }
      return { passed: true };
    },
  };
}

const ABORTED = 'its time was over';

function requireConnected({ connected }: Pick<DeviceLink, 'connected'>): void {
  if (!connected) throw new Error('there is no connection');
}

/** Undefined, or why not. */
async function settled(check: Promise<void>): Promise<string | undefined> {
  try {
    await check;
    return undefined;
  } catch (error) {
    return reasonOf(error);
  }
}

/** @param unneeded aborts when nobody waits for it any more */
function aborted(signal: AbortSignal, unneeded: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(ABORTED);
    else signal.addEventListener('abort', () => resolve(ABORTED), { once: true, signal: unneeded });
  });
}
