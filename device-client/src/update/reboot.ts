import { commandRunner, type RunCommand } from './slots/run-command.ts';
import type { Reboot } from './update-ports.ts';

/** Restarts the machine, by a command like `['systemctl', 'reboot']`. */
export function commandReboot(command: readonly string[], run: RunCommand = commandRunner()): Reboot {
  return {
    async reboot() {
      await run(command);
    },
  };
}
