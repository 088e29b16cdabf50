import { join } from 'node:path';
import type { QueueClock } from './clock.ts';
import { QueueError, reasonOf, systemCode } from './errors.ts';
import { LOCK_NAME } from './file-names.ts';
import { type FileSystem, readWhole, writeFully } from './file-system.ts';
import type { ProcessPort } from './process-port.ts';

export interface LockPorts {
  readonly fileSystem: FileSystem;
  readonly process: ProcessPort;
  readonly clock: QueueClock;
  readonly random: () => number;
}

/** ms that a process gets to write its name into the lock that it has made */
const NAMING_TIME = 200;
const ATTEMPTS = 4;

/**
 * Keeps a second instance out of a directory. The lock names its process, so that one that a killed process left is
 * taken over. It holds among processes that see each other's ids: not across containers that share a volume.
 */
export class DirectoryLock {
  readonly #path: string;
  readonly #fileSystem: FileSystem;

  private constructor(path: string, fileSystem: FileSystem) {
    this.#path = path;
    this.#fileSystem = fileSystem;
  }

  /** @throws QueueError `LOCKED`, `DIRECTORY_UNUSABLE` */
  static async take(directory: string, ports: LockPorts): Promise<DirectoryLock> {
    const path = join(directory, LOCK_NAME);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      if (await made(path, directory, ports)) return new DirectoryLock(path, ports.fileSystem);
      const holder = await holderOf(path, ports);
      if (holder === undefined) continue;
      if (ports.process.isAlive(holder)) throw locked(directory, holder);
      await discard(path, holder, directory, ports);
    }
    throw new QueueError('LOCKED', `${directory}: others keep taking the lock`);
  }

  async release(): Promise<void> {
    await this.#fileSystem.remove(this.#path);
  }
}

async function made(path: string, directory: string, { fileSystem, process }: LockPorts): Promise<boolean> {
  try {
    const file = await fileSystem.create(path);
    try {
      await writeFully(file, Buffer.from(`${process.self}\n`), 0);
    } catch (error) {
      // A full disk does not keep the queue from being drained: an empty lock keeps out whom it can for a moment.
      if (systemCode(error) !== 'ENOSPC' && systemCode(error) !== 'EDQUOT') throw error;
    } finally {
      await file.close();
    }
    return true;
  } catch (error) {
    if (systemCode(error) === 'EEXIST') return false;
    throw new QueueError('DIRECTORY_UNUSABLE', `cannot lock ${directory}: ${reasonOf(error)}`, { cause: error });
  }
}

/** What the lock says; empty when it says nothing even after a while. Undefined when it is gone. */
async function holderOf(path: string, { clock, fileSystem }: LockPorts): Promise<string | undefined> {
  try {
    const text = (await readWhole(fileSystem, path)).toString();
    if (text.endsWith('\n')) return text.trimEnd();
    await new Promise<void>((resolve) => void clock.after(NAMING_TIME, resolve));
    return (await readWhole(fileSystem, path)).toString().trimEnd();
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Moves the lock of a dead process away; one that somebody else took meanwhile goes back. */
async function discard(path: string, holder: string, directory: string, ports: LockPorts): Promise<void> {
  const { fileSystem, random } = ports;
  const aside = `${path}.${random().toString(16)}`;
  try {
    await fileSystem.rename(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  const moved = (await readWhole(fileSystem, aside)).toString().trimEnd();
  if (moved !== holder) {
    await fileSystem.rename(aside, path);
    throw locked(directory, moved);
  }
  await fileSystem.remove(aside);
}

function locked(directory: string, holder: string): QueueError {
  return new QueueError('LOCKED', `${directory} is in use by process ${holder.split(' ')[0]}`);
}
