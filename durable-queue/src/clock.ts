/** Time as a port. The device agent's clock has this shape. */
export interface QueueClock {
  /** ms since the Unix epoch, as the device believes */
  now(): number;
  after(milliseconds: number, task: () => void): { cancel(): void };
}

/** The machine's own. A pending sync keeps no process alive: `close` does what is left. */
export const systemClock: QueueClock = {
  now: () => Date.now(),
  after(milliseconds, task) {
    const handle = setTimeout(task, milliseconds);
    handle.unref();
    return { cancel: () => clearTimeout(handle) };
  },
};
