import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join } from 'node:path';
import { MAX_MODEL_MANIFEST_BYTES, MODEL_MANIFEST_FILE, MODEL_SIGNATURES_FILE } from '@fleetwright/contracts';
import { ModelRefusal } from './model-refusal.ts';

const MAX_SIGNATURES_BYTES = 16_384;

/** Exact bytes of what vouches for a model. */
export interface ModelPapers {
  readonly manifest: Buffer;
  readonly signatures: Buffer;
}

/** @throws ModelRefusal `NOT_READABLE` */
export async function readPapers(directory: string): Promise<ModelPapers> {
  return {
    manifest: await readPlainFile(directory, MODEL_MANIFEST_FILE, MAX_MODEL_MANIFEST_BYTES),
    signatures: await readPlainFile(directory, MODEL_SIGNATURES_FILE, MAX_SIGNATURES_BYTES),
  };
}

/**
 * Reads a plain file: no link, no device, nothing beyond the limit, whatever grows meanwhile.
 * @param name without a path in it @throws ModelRefusal `NOT_READABLE`
 */
export async function readPlainFile(directory: string, name: string, most: number): Promise<Buffer> {
  if (!/^[a-z0-9][a-z0-9._-]*$/.test(name)) throw new ModelRefusal('NOT_READABLE', `${name} is no plain file name`);
  let file: FileHandle;
  try {
    // Without O_NONBLOCK the opening of a pipe would wait for somebody to write.
    file = await open(join(directory, name), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ModelRefusal('NOT_READABLE', `${name}: ${code === 'ELOOP' ? 'is a link' : code}`, { cause: error });
  }
  try {
    const stats = await file.stat();
    if (!stats.isFile()) throw new ModelRefusal('NOT_READABLE', `${name} is no plain file`);
    if (stats.size > most) throw new ModelRefusal('NOT_READABLE', `${name} has ${stats.size} bytes of ${most}`);
    const bytes = Buffer.alloc(stats.size);
    let at = 0;
    while (at < bytes.length) {
      const { bytesRead } = await file.read(bytes, at, bytes.length - at, at);
      if (bytesRead === 0) throw new ModelRefusal('NOT_READABLE', `${name} became shorter while it was read`);
      at += bytesRead;
    }
    return bytes;
  } finally {
    await file.close();
  }
}
