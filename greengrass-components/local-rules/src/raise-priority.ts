import { constants, setPriority } from 'node:os';

/**
 * Goes before others where the processor is short: threads that this process begins later inherit it. Only where the operating system
 * lets the component's user (setpriority(2), `RLIMIT_NICE`); elsewhere everything stays as it is.
 */
export function raisePriority(): void {
  try {
    setPriority(constants.priority.PRIORITY_ABOVE_NORMAL);
  } catch {
    // A core may well not allow it.
  }
}
