import * as fs from 'node:fs';
import { promisify } from 'node:util';
import type { FileSystem, OpenFile } from './file-system.ts';

const open = promisify(fs.open);
const close = promisify(fs.close);
const fsync = promisify(fs.fsync);
const fdatasync = promisify(fs.fdatasync);
const ftruncate = promisify(fs.ftruncate);
const fstat = promisify(fs.fstat);

/** The machine's disk. */
export const nodeFileSystem: FileSystem = {
  async makeDirectory(path) {
    await fs.promises.mkdir(path, { recursive: true, mode: 0o700 });
  },
  list: (path) => fs.promises.readdir(path),
  create: async (path) => new NodeFile(await open(path, 'wx+', 0o600)),
  open: async (path) => new NodeFile(await open(path, 'r+')),
  remove: (path) => fs.promises.unlink(path),
  rename: (from, to) => fs.promises.rename(from, to),
  async syncDirectory(path) {
    const descriptor = await open(path, 'r');
    try {
      await fsync(descriptor);
    } finally {
      await close(descriptor);
    }
  },
};

/** Plain descriptors: a file handle's own promises cost more, and it is closed when it is collected. */
class NodeFile implements OpenFile {
  readonly #descriptor: number;

  constructor(descriptor: number) {
    this.#descriptor = descriptor;
  }

  write(bytes: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.write(this.#descriptor, bytes, 0, bytes.length, position, (error, written) => {
        if (error === null) resolve(written);
        else reject(error);
      });
    });
  }

  read(into: Uint8Array, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.read(this.#descriptor, into, 0, into.length, position, (error, read) => {
        if (error === null) resolve(read);
        else reject(error);
      });
    });
  }

  async size(): Promise<number> {
    return (await fstat(this.#descriptor)).size;
  }

  truncate(length: number): Promise<void> {
    return ftruncate(this.#descriptor, length);
  }

  /** fdatasync(2) also brings the length to disk, which reading the data back needs. */
  sync(): Promise<void> {
    return fdatasync(this.#descriptor);
  }

  close(): Promise<void> {
    return close(this.#descriptor);
  }
}
