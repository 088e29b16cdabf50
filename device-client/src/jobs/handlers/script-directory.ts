import { lstatSync, type Stats } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** Mode bits by which others than the owner may write. */
const OTHERS_WRITE = 0o022;
const STICKY = 0o1000;
const OWNER_EXECUTES = 0o100;

export class ScriptRefused extends Error {
  override readonly name = 'ScriptRefused';
}

/**
 * Path of an installed script.
 *
 * INVARIANT: nobody but `owner` can have put it there, or can change it before it runs: script, directory and all
 * directories above are the owner's (or root's) and not writable by others; the script is a plain file, no link. A
 * directory with the sticky bit, like `/tmp`, lets nobody replace what is another's.
 *
 * @param owner user id. @default 0
 * @throws ScriptRefused
 */
export function installedScript(directory: string, name: string, owner = 0): string {
  const path = join(resolve(directory), name);
  if (dirname(path) !== resolve(directory)) throw new ScriptRefused(`${name} is no name of a script`);
  const script = look(path);
  if (!script.isFile()) throw new ScriptRefused(`${path} is not a plain file`);
  if ((script.mode & OWNER_EXECUTES) === 0) throw new ScriptRefused(`${path} is not executable`);
  owned(path, script, owner);
  for (let above = dirname(path); ; above = dirname(above)) {
    const stats = look(above);
    if (!stats.isDirectory()) throw new ScriptRefused(`${above} is not a directory`);
    if (above === resolve(directory) || (stats.mode & STICKY) === 0) owned(above, stats, owner);
    else if (stats.uid !== 0 && stats.uid !== owner) throw new ScriptRefused(`${above} belongs to user ${stats.uid}`);
    if (above === dirname(above)) return path;
  }
}

function look(path: string): Stats {
  try {
    return lstatSync(path);
  } catch {
    throw new ScriptRefused(`${path} is not installed`);
  }
}

function owned(path: string, { mode, uid }: Stats, owner: number): void {
  if (uid !== owner && uid !== 0) throw new ScriptRefused(`${path} belongs to user ${uid}, not to ${owner}`);
  if ((mode & OTHERS_WRITE) !== 0) throw new ScriptRefused(`${path} can be written by others than its owner`);
}
