/** Time as a port of the nucleus. */
export interface NucleusClock {
  /** ms since the Unix epoch */
  now(): number;
  after(milliseconds: number, task: () => void): { cancel(): void };
}

export const systemClock: NucleusClock = {
  now: () => Date.now(),
  after(milliseconds, task) {
    const handle = setTimeout(task, milliseconds);
    return { cancel: () => clearTimeout(handle) };
  },
};
