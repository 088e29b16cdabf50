import { DeviceError } from '../../errors.ts';
import { type DirectorySlotName, isSlotName } from '../slots/slot-layout.ts';

/** How the launcher tells the program that it starts which slot it is. */
const SLOT_VARIABLE = 'FLEETWRIGHT_SLOT';
const ROOT_VARIABLE = 'FLEETWRIGHT_SLOTS';

/** The program asks its launcher for another boot by ending with this code. */
export const REBOOT_EXIT_CODE = 77;

export function slotVariables(slot: DirectorySlotName, root: string): Record<string, string> {
  return { [SLOT_VARIABLE]: slot, [ROOT_VARIABLE]: root };
}

/** The environment of a program: the launcher's own, and what tells the program its slot. */
export function programEnvironment(variables: Readonly<Record<string, string>>): Record<string, string | undefined> {
  return { ...process.env, ...variables };
}

export interface LaunchedFrom {
  readonly slot: DirectorySlotName;
  /** Directory of the slots. */
  readonly root: string;
}

/** Undefined for a program that no launcher has started. @throws DeviceError `INPUT_INVALID` for half of it */
export function launchedFrom(environment: Readonly<Record<string, string | undefined>>): LaunchedFrom | undefined {
  const { [ROOT_VARIABLE]: root, [SLOT_VARIABLE]: slot } = environment;
  if (root === undefined && slot === undefined) return undefined;
  if (root === undefined || !isSlotName(slot)) {
    throw new DeviceError(
      'INPUT_INVALID',
      `${SLOT_VARIABLE} must be a or b, and ${ROOT_VARIABLE} the slots' directory`,
    );
  }
  return { slot, root };
}
