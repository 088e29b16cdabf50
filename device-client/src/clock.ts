/** Time as a port of the agent. */
export interface DeviceClock {
  /** ms since the Unix epoch, as the device believes */
  now(): number;
  after(milliseconds: number, task: () => void): { cancel(): void };
}

export const systemClock: DeviceClock = {
  now: () => Date.now(),
  after(milliseconds, task) {
    const handle = setTimeout(task, milliseconds);
    return { cancel: () => clearTimeout(handle) };
  },
};

/** Resolves after `milliseconds`, or at once when `signal` aborts. */
export function sleep(clock: DeviceClock, milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve();
    const timer = clock.after(milliseconds, finish);
    function finish(): void {
      timer.cancel();
      signal?.removeEventListener('abort', finish);
      resolve();
    }
    signal?.addEventListener('abort', finish, { once: true });
  });
}
