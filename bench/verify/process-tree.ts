import { readdirSync, readFileSync } from 'node:fs';

/** A process, told from a later one with the same id by its start time (Linux's `/proc`, proc_pid_stat(5)). */
export interface ProcessMark {
  readonly pid: number;
  /** clock ticks since boot */
  readonly started: string;
  readonly command: string;
}

/** `root` and everything below it, now. */
export function processTree(root: number): ProcessMark[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    const stat = statOf(Number(name));
    if (stat !== undefined) children.set(stat.parent, [...(children.get(stat.parent) ?? []), Number(name)]);
  }
  const marks: ProcessMark[] = [];
  const visit = (pid: number): void => {
    const stat = statOf(pid);
    if (stat !== undefined) marks.push({ pid, started: stat.started, command: stat.command });
    for (const child of children.get(pid) ?? []) visit(child);
  };
  visit(root);
  return marks;
}

/** Those of `marks` that still run. A zombie, dead but not waited for, does not run. */
export function survivors(marks: readonly ProcessMark[]): ProcessMark[] {
  return marks.filter(({ pid, started }) => {
    const stat = statOf(pid);
    return stat !== undefined && stat.started === started && stat.state !== 'Z' && stat.state !== 'X';
  });
}

/** Memory of its own that the process holds now: no mapped files, such as the store's. bytes */
export function ownMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/^RssAnon:\s+(\d+)/m.exec(status)?.[1] ?? Number.NaN) * 1024;
}

interface Stat {
  readonly state: string;
  readonly parent: number;
  readonly started: string;
  readonly command: string;
}

function statOf(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
    const command = text.slice(text.indexOf('(') + 1, text.lastIndexOf(')'));
    return { state: fields[0] as string, parent: Number(fields[1]), started: fields[19] as string, command };
  } catch {
    return undefined;
  }
}
