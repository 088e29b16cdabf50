import { performance } from 'node:perf_hooks';
import type { ComponentClock } from './component.ts';

/** Longest delay that Node.js keeps (documentation of `setTimeout`). ms */
const MAX_DELAY = 2_147_483_647;

export const systemClock: ComponentClock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(milliseconds, task) {
    const handle = setTimeout(task, Math.min(Math.max(0, milliseconds), MAX_DELAY));
    return { cancel: () => clearTimeout(handle) };
  },
};
