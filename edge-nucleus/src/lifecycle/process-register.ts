import { readFileSync } from 'node:fs';
import { readStateFile, writeStateFile } from '../state/state-file.ts';

/**
 * Which process groups components run in, on disk: a nucleus that was killed leaves them behind, and the next one ends them
 * before it starts any. A group is known by its number and the time that its leader began, so that nobody else's is ended.
 */
export class ProcessRegister {
  readonly #file: string;
  readonly #groups = new Map<number, string>();

  constructor(file: string) {
    this.#file = file;
  }

  /** Ends what an earlier nucleus has left. @returns how many groups */
  endLeftovers(): number {
    const before = readStateFile(this.#file);
    let ended = 0;
    for (const [pid, begun] of Object.entries((before ?? {}) as Record<string, string>)) {
      if (beginOf(Number(pid)) !== begun) continue;
      try {
        process.kill(-Number(pid), 'SIGKILL');
        ended++;
      } catch {
        // It has just ended by itself.
      }
    }
    if (before !== undefined) writeStateFile(this.#file, {});
    return ended;
  }

  note(pid: number, alive: boolean): void {
    const begun = alive ? beginOf(pid) : undefined;
    if (begun === undefined) this.#groups.delete(pid);
    else this.#groups.set(pid, begun);
    writeStateFile(this.#file, Object.fromEntries(this.#groups));
  }
}

/** Field `starttime` of proc(5), and the boot that it counts from; undefined: no such process, or no `/proc`. */
export function beginOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
    // The name, in parentheses, may hold anything; the state follows it as field 3.
    return `${boot} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`;
  } catch {
    return undefined;
  }
}
