import type { NucleusClock } from '../../clock.ts';
import type { NucleusLog } from '../../log.ts';
import { CloudUnreachable } from './greengrass-cloud.ts';

/** ms between two attempts; the nucleus waits a minute each time */
const FIRST_DELAY = 1_000;
const MAX_DELAY = 60_000;

/** Does it again for as long as the cloud cannot be reached: a core may be offline for days. @throws what else is thrown; the signal's reason */
export async function persist<T>(
  task: () => Promise<T>,
  { clock, log }: { readonly clock: NucleusClock; readonly log: NucleusLog },
  signal: AbortSignal,
): Promise<T> {
  for (let delay = FIRST_DELAY; ; delay = Math.min(2 * delay, MAX_DELAY)) {
    signal.throwIfAborted();
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof CloudUnreachable)) throw error;
      log('info', 'the cloud cannot be reached', { reason: error.message, nextAttemptIn: delay });
      await pause(clock, delay, signal);
    }
  }
}

function pause(clock: NucleusClock, delay: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = clock.after(delay, end);
    signal.addEventListener('abort', end, { once: true });
  });
}
