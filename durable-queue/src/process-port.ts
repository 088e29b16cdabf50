import { readFileSync } from 'node:fs';

/** Who holds a lock, as a port. */
export interface ProcessPort {
  /** Names this process so that no other, later or earlier, has the same name. One line. */
  readonly self: string;
  /** Whether the process of that name still runs. */
  isAlive(name: string): boolean;
}

/** `pid start boot`: an id is given again, but not with the same start time within the same boot (proc_pid_stat(5)). */
export const thisProcess: ProcessPort = {
  self: nameOf(process.pid) ?? `${process.pid} - -`,
  isAlive(name) {
    const [pid = '', start] = name.split(' ');
    if (!/^\d+$/.test(pid)) return false;
    if (start !== '-') return nameOf(Number(pid)) === name;
    // A system without /proc: an id that was given again looks alive, which refuses rather than shares.
    try {
      process.kill(Number(pid), 0);
      return true;
    } catch (error) {
      return (error as NodeJS.ErrnoException).code === 'EPERM';
    }
  },
};

function nameOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    if (state === 'Z' || state === 'X') return undefined;
    return `${pid} ${fields[19]} ${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
  } catch {
    return undefined;
  }
}
