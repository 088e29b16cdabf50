import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DeviceError } from '../errors.ts';
import { linuxMachine } from '../jobs/handlers/reboot.ts';
import type { Disk } from '../update/disk/disk.ts';
import { launchedFrom, REBOOT_EXIT_CODE } from '../update/launcher/slot-environment.ts';
import { DirectorySlots } from '../update/slots/directory-slots.ts';
import { RaucSlots } from '../update/slots/rauc-slots.ts';
import type { RunCommand } from '../update/slots/run-command.ts';
import type { SlotSystem } from '../update/slots/slot-system.ts';
import { SwupdateSlots } from '../update/slots/swupdate-slots.ts';
import type { Reboot } from '../update/update-ports.ts';
import type { AgentConfig } from './agent-config.ts';

export interface UpdateSlotsOptions {
  readonly config: AgentConfig;
  readonly disk: Disk;
  /** Of the process. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Words that the kernel was booted with (`proc(5)`, `/proc/cmdline`). @default read */
  readonly kernelWords?: readonly string[];
  /** @default runs it */
  readonly run?: RunCommand;
  /** Ends the agent with an exit code, for a reason. */
  readonly end: (exitCode: number, why: string) => void;
}

export interface UpdateSlots {
  readonly slots: SlotSystem;
  readonly reboot: Reboot;
}

const NOTES = 'slots';

/**
 * The slots that the settings choose, and what restarts into them. Undefined for a program that is to be updated by the
 * launcher and was not started by it.
 * @throws DeviceError `INPUT_INVALID`
 */
export function updateSlots(options: UpdateSlotsOptions): UpdateSlots | undefined {
  const { config, disk, end, environment, run } = options;
  const { adapter, factoryImage, notesDirectory, rauc, swupdate } = config.updates;
  if (adapter === 'directory') {
    const from = launchedFrom(environment);
    if (from === undefined) return undefined;
    return {
      slots: new DirectorySlots({ disk, root: from.root, running: from.slot }),
      reboot: { reboot: (why) => end(REBOOT_EXIT_CODE, why) },
    };
  }
  const machine = linuxMachine(config.jobs.rebootCommand);
  const reboot: Reboot = { reboot: () => machine.reboot(new AbortController().signal) };
  const common = {
    disk,
    directory: notesDirectory ?? join(config.stateDirectory, NOTES),
    ...(factoryImage !== undefined && { factoryImage }),
    ...(run !== undefined && { run }),
  };
  if (adapter === 'rauc') return { slots: new RaucSlots({ ...common, slotClass: rauc.slotClass }), reboot };
  const { program, publicKeyFile, slots = [] } = swupdate;
  return {
    slots: new SwupdateSlots({
      ...common,
      running: runningSlot(slots, options.kernelWords ?? kernelWords()),
      selections: Object.fromEntries(slots.map(({ name, selection }) => [name, selection])),
      program,
      ...(publicKeyFile !== undefined && { publicKey: publicKeyFile }),
    }),
    reboot,
  };
}

function runningSlot(
  slots: readonly { readonly name: string; readonly kernelWord: string }[],
  words: readonly string[],
): string {
  const [running, ...more] = slots.filter(({ kernelWord }) => words.includes(kernelWord));
  if (running !== undefined && more.length === 0) return running.name;
  const known = slots.map(({ kernelWord }) => kernelWord).join(', ');
  throw new DeviceError(
    'INPUT_INVALID',
    `updates.swupdate.slots: not one of ${known} is what the kernel was booted with`,
  );
}

function kernelWords(): readonly string[] {
  return readFileSync('/proc/cmdline', 'utf8').split(/\s+/);
}
