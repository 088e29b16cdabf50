import type { ComponentClock } from '../../shared/src/component.ts';

/** Resolves after the time, or when the signal aborts. */
export function pause(clock: ComponentClock, milliseconds: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted || milliseconds <= 0) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      timer.cancel();
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = clock.after(milliseconds, done);
    signal.addEventListener('abort', done, { once: true });
  });
}
