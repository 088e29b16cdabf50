import { createHash } from 'node:crypto';
import { MAX_MANIFEST_BYTES } from '@fleetwright/contracts';
import { type Disk, readFileIfThere, removeIfThere, replaceFile } from './disk/disk.ts';

export const IMAGE_FILE = 'image.part';
export const DELTA_FILE = 'delta.part';
const MANIFEST_FILE = 'manifest';

/** What an update keeps on disk beside its state, until it ends: a verified manifest and what is downloaded by it. */
export class UpdateFiles {
  readonly disk: Disk;
  readonly directory: string;

  constructor(disk: Disk, directory: string) {
    this.disk = disk;
    this.directory = directory;
  }

  get imagePath(): string {
    return `${this.directory}/${IMAGE_FILE}`;
  }

  get deltaPath(): string {
    return `${this.directory}/${DELTA_FILE}`;
  }

  /** @returns the digest by which {@link manifest} finds it again */
  async keepManifest(bytes: Uint8Array): Promise<string> {
    await this.disk.makeDirectory(this.directory);
    await replaceFile(this.disk, this.directory, MANIFEST_FILE, bytes);
    return sha256(bytes);
  }

  /** Undefined where it is not there, or not whole. */
  async manifest(digest: string): Promise<Buffer | undefined> {
    const bytes = await readFileIfThere(this.disk, `${this.directory}/${MANIFEST_FILE}`, MAX_MANIFEST_BYTES);
    return bytes !== undefined && sha256(bytes) === digest ? bytes : undefined;
  }

  async discard(): Promise<void> {
    for (const name of [IMAGE_FILE, DELTA_FILE, MANIFEST_FILE]) {
      await removeIfThere(this.disk, `${this.directory}/${name}`);
    }
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
