import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Puts a file in place whole, or not at all: after a kill or a loss of power it has its old content or the new. */
export async function replaceFile(path: string, bytes: Uint8Array | string): Promise<void> {
  const fresh = `${path}.new`;
  const file = await open(fresh, 'w', 0o600);
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(fresh, path);
  await syncDirectory(dirname(path));
}

/** Moves a directory that has been written to its place. What is there already goes. */
export async function placeDirectory(fresh: string, path: string): Promise<void> {
  await syncDirectory(fresh);
  await rm(path, { recursive: true, force: true });
  await rename(fresh, path);
  await syncDirectory(dirname(path));
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
