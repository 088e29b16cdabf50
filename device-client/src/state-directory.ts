import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { DeviceError, reasonOf } from './errors.ts';

/**
 * What a device keeps on disk.
 *
 * INVARIANTS
 * - A file is either as before or whole: written aside, flushed, renamed, and the directory flushed.
 * - Directory 0700, files 0600: they hold the private key.
 */
export class StateDirectory {
  readonly path: string;

  /** @throws DeviceError `STATE_UNUSABLE` */
  constructor(path: string) {
    this.path = path;
    try {
      mkdirSync(path, { recursive: true, mode: 0o700 });
    } catch (error) {
      throw new DeviceError('STATE_UNUSABLE', `cannot use the state directory ${path}: ${reasonOf(error)}`, {
        cause: error,
      });
    }
  }

  file(name: string): string {
    return join(this.path, name);
  }

  /** A directory of its own below this one. @throws DeviceError `STATE_UNUSABLE` */
  directory(name: string): StateDirectory {
    return new StateDirectory(join(this.path, name));
  }

  list(): string[] {
    return readdirSync(this.path);
  }

  read(name: string): string | undefined {
    const file = this.file(name);
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined;
  }

  /** @throws DeviceError `STATE_UNUSABLE` */
  write(name: string, content: string): void {
    const file = this.file(name);
    const aside = `${file}.new`;
    try {
      const handle = openSync(aside, 'w', 0o600);
      try {
        writeSync(handle, content);
        fsyncSync(handle);
      } finally {
        closeSync(handle);
      }
      renameSync(aside, file);
      this.#flush();
    } catch (error) {
      throw new DeviceError('STATE_UNUSABLE', `cannot write ${file}: ${reasonOf(error)}`, { cause: error });
    }
  }

  /** Whether it was there or not. @throws DeviceError `STATE_UNUSABLE` */
  remove(name: string): void {
    const file = this.file(name);
    try {
      rmSync(file, { force: true });
      this.#flush();
    } catch (error) {
      throw new DeviceError('STATE_UNUSABLE', `cannot remove ${file}: ${reasonOf(error)}`, { cause: error });
    }
  }

  #flush(): void {
    const directory = openSync(this.path, 'r');
    try {
      fsyncSync(directory);
    } finally {
      closeSync(directory);
    }
  }
}
