import { closeSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { beginOf } from '../lifecycle/process-register.ts';
import { NucleusError } from '../nucleus-error.ts';

/**
 * One nucleus for a root directory. The lock of a process that is no more is taken over.
 * @returns gives it back
 * @throws NucleusError `LOCKED`, `STATE_UNUSABLE`
 */
export function lockRoot(root: string): () => void {
  const file = join(root, 'nucleus.lock');
  for (let attempt = 0; attempt < 2; attempt++) {
    try {
      mkdirSync(root, { recursive: true, mode: 0o700 });
      const handle = openSync(file, 'wx', 0o600);
      writeSync(handle, JSON.stringify({ pid: process.pid, begun: beginOf(process.pid) }));
      closeSync(handle);
      return () => rmSync(file, { force: true });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        const reason = error instanceof Error ? error.message : String(error);
        throw new NucleusError('STATE_UNUSABLE', `${root} cannot be used: ${reason}`, { cause: error });
      }
      const holder = holderOf(file);
      if (holder !== undefined) throw new NucleusError('LOCKED', `${root} is in use by process ${holder}`);
      rmSync(file, { force: true });
    }
  }
  throw new NucleusError('LOCKED', `${root} is being taken by another process`);
}

function holderOf(file: string): number | undefined {
  try {
    const { begun, pid } = JSON.parse(readFileSync(file, 'utf8')) as { pid: number; begun?: string };
    process.kill(pid, 0);
    return begun === beginOf(pid) ? pid : undefined;
  } catch {
    return undefined;
  }
}
