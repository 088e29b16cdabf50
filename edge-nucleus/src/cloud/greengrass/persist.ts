import type { NucleusClock } from '../../clock.ts';
import type { NucleusLog } from '../../log.ts';
import { CloudUnreachable, CoreNotAllowed } from './greengrass-cloud.ts';

/** ms between two attempts; AWS' nucleus waits a minute each time */
const FIRST_DELAY = 1_000;
const MAX_DELAY = 60_000;
/** ms for which a refusal may be one of a policy that is on its way; AWS' nucleus fails at once */
const POLICY_PATIENCE = 600_000;

/**
 * Does it again for as long as the cloud cannot be reached: a core may be offline for days. A refusal by the core's policy counts only
 * after a while: "Changes made to a policy can take anywhere between 6 and 8 minutes to become effective" (AWS IoT developer guide,
 * `iot-policies`), and a core that has just registered may be given a deployment before.
 * @throws what else is thrown; the signal's reason
 */
export async function persist<T>(
  task: () => Promise<T>,
  { clock, log }: { readonly clock: NucleusClock; readonly log: NucleusLog },
  signal: AbortSignal,
): Promise<T> {
  const begin = clock.now();
  for (let delay = FIRST_DELAY; ; delay = Math.min(2 * delay, MAX_DELAY)) {
    signal.throwIfAborted();
    try {
      return await task();
    } catch (error) {
      const isRefused = error instanceof CoreNotAllowed && clock.now() - begin < POLICY_PATIENCE;
      if (!(error instanceof CloudUnreachable) && !isRefused) throw error;
      log(isRefused ? 'warn' : 'info', 'the cloud is asked again', { reason: error.message, nextAttemptIn: delay });
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
