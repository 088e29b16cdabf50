import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { MODEL_MANIFEST_FILE, MODEL_SIGNATURES_FILE } from '@fleetwright/contracts';
import { ModelRefusal } from './model-refusal.ts';
import { placeDirectory } from './replace-file.ts';
import { type ModelExpectations, type VerifiedModel, verifyModel } from './verify-model.ts';

/**
 * Models that have been accepted, in the component's own directory: what a model runs from does not go away with the component
 * that brought it.
 */
export class ModelStore {
  readonly #directory: string;
  /** What is kept and not in the state yet. */
  readonly #fresh = new Set<string>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Until it is {@link released}, {@link prune} leaves it alone. */
  async keep({ bytes, digest, manifest, papers }: VerifiedModel): Promise<void> {
    this.#fresh.add(digest);
    const fresh = join(this.#directory, `${digest}.new`);
    await rm(fresh, { recursive: true, force: true });
    await mkdir(fresh, { recursive: true, mode: 0o700 });
    const write = (name: string, content: Uint8Array) =>
      writeFile(join(fresh, name), content, { mode: 0o600, flush: true });
    await write(MODEL_MANIFEST_FILE, papers.manifest);
    await write(MODEL_SIGNATURES_FILE, papers.signatures);
    await write(manifest.file.name, bytes);
    await placeDirectory(fresh, join(this.#directory, digest));
  }

  /** Verified again: the disk, and the trusted keys, may have changed. @throws ModelRefusal */
  async read(digest: string, expected: ModelExpectations): Promise<VerifiedModel> {
    const model = await verifyModel(join(this.#directory, digest), expected);
    if (model.digest !== digest)
      throw new ModelRefusal('WRONG_FILE', 'another manifest lies where this model was kept');
    return model;
  }

  /** From now on the state says whether a model stays. */
  released(digest: string): void {
    this.#fresh.delete(digest);
  }

  /** Removes what is neither among these nor fresh. */
  async prune(digests: ReadonlySet<string>): Promise<void> {
    const there = await readdir(this.#directory).catch(() => []);
    for (const name of there) {
      if (!digests.has(name) && !this.#fresh.has(name.replace(/\.new$/, '')))
        await rm(join(this.#directory, name), { recursive: true, force: true });
    }
  }
}
