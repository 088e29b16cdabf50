import { accessSync, constants, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { CloudError, messageOf } from './core/errors.ts';

/**
 * The directory that holds a local cloud's state. One cloud at a time: the file `cloud.lock` names the process that
 * has it; the lock of a process that is gone is taken over.
 */
export class DataDirectory {
  readonly path: string;
  readonly #lock: string;

  /** @throws CloudError `DATA_DIRECTORY_UNUSABLE`, `DATA_DIRECTORY_LOCKED` */
  constructor(path: string) {
    this.path = resolve(path);
    this.#lock = join(this.path, 'cloud.lock');
    try {
      mkdirSync(this.path, { recursive: true, mode: 0o700 });
      accessSync(this.path, constants.R_OK | constants.W_OK | constants.X_OK);
    } catch (error) {
      throw unusable(this.path, error);
    }
    this.#acquire();
  }

  file(name: string): string {
    return join(this.path, name);
  }

  write(name: string, content: string): void {
    writeFileSync(this.file(name), content, { mode: 0o600 });
  }

  release(): void {
    rmSync(this.#lock, { force: true });
  }

  #acquire(): void {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        writeFileSync(this.#lock, String(process.pid), { flag: 'wx', mode: 0o600 });
        return;
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw unusable(this.path, error);
        const holder = lockHolder(this.#lock);
        if (holder !== undefined) {
          throw new CloudError(
            'DATA_DIRECTORY_LOCKED',
            `${this.path} is in use by a local cloud (process ${holder}). Stop it, or choose another --data-dir.`,
          );
        }
        rmSync(this.#lock, { force: true });
      }
    }
    throw new CloudError('DATA_DIRECTORY_LOCKED', `${this.path} was taken by another local cloud just now`);
  }
}

function unusable(path: string, error: unknown): CloudError {
  return new CloudError(
    'DATA_DIRECTORY_UNUSABLE',
    `cannot use the data directory ${path}: ${messageOf(error)}. Free space or permissions, or choose another --data-dir.`,
    { cause: error },
  );
}

/** Process id of a living holder. */
function lockHolder(lock: string): number | undefined {
  if (!existsSync(lock)) return undefined;
  const pid = Number(readFileSync(lock, 'utf8'));
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined;
  }
}
