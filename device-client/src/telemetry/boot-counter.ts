import { DeviceError } from '../errors.ts';
import type { StateDirectory } from '../state-directory.ts';

/**
 * Raises the persisted boot counter. Sequence numbers begin anew with each boot, so the counter must be on disk
 * before the first message of the boot is sent.
 */
export function nextBootId(state: StateDirectory): number {
  const kept = state.read('boot-count');
  const previous = kept === undefined ? 0 : Number(kept);
  if (!Number.isSafeInteger(previous) || previous < 0) {
    throw new DeviceError('STATE_UNUSABLE', `${state.file('boot-count')} holds '${kept?.trim()}', not a number`);
  }
  state.write('boot-count', `${previous + 1}\n`);
  return previous + 1;
}
