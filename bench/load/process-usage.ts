import { readdirSync, readFileSync } from 'node:fs';

/** CPU time and peak memory of a process and its descendants, from Linux's `/proc` (proc(5)). */
export interface ProcessUsage {
  /** user and system time, µs */
  readonly cpuMicroseconds: number;
  /** sum of resident sets now, bytes */
  readonly residentBytes: number;
}

/** Kernel ticks a second as `/proc` reports them: USER_HZ is 100 on every Linux architecture that Node supports. */
const USER_HZ = 100;

export function processUsage(pid: number): ProcessUsage {
  const family = [pid, ...descendants(pid)];
  let cpuMicroseconds = 0;
  let residentBytes = 0;
  for (const member of family) {
    try {
      const fields = statFields(member);
      // utime, stime, and those of children that were waited for (fields 14 to 17 of proc_pid_stat(5)).
      const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
      cpuMicroseconds += (ticks * 1_000_000) / USER_HZ;
      const status = readFileSync(`/proc/${member}/status`, 'utf8');
      residentBytes += Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024;
    } catch {
      // The process has ended since it was listed.
    }
  }
  return { cpuMicroseconds, residentBytes };
}

/** Fields of `/proc/<pid>/stat` after the command name, which may hold spaces. */
function statFields(pid: number): string[] {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function descendants(root: number): number[] {
  const parents = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(statFields(Number(name))[1]);
      parents.set(parent, [...(parents.get(parent) ?? []), Number(name)]);
    } catch {
      // Ended since it was listed.
    }
  }
  const found: number[] = [];
  const visit = (pid: number): void => {
    for (const child of parents.get(pid) ?? []) {
      found.push(child);
      visit(child);
    }
  };
  visit(root);
  return found;
}
