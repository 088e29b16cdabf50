import { chmod, readlink, statfs, symlink } from 'node:fs/promises';
import { nodeFileSystem } from '@fleetwright/durable-queue';
import type { Disk } from './disk.ts';

/** The machine's disk. */
export const nodeDisk: Disk = {
  ...nodeFileSystem,
  symlink: (target, path) => symlink(target, path),
  readLink: (path) => readlink(path),
  setMode: (path, mode) => chmod(path, mode),
  async freeBytes(path) {
    const { bavail, bsize } = await statfs(path);
    return bavail * bsize;
  },
};
