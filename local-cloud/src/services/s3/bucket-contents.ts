import { SortedKeys } from './key-order.ts';
import { NULL_VERSION, type ObjectRecord } from './object-record.ts';

/** The versions of a bucket's objects, in memory. */
export class BucketContents {
  readonly keys = new SortedKeys();
  /** Newest first. */
  readonly #versions = new Map<string, ObjectRecord[]>();

  get isEmpty(): boolean {
    return this.#versions.size === 0;
  }

  /** Newest first; empty for an unknown key. */
  versions(key: string): readonly ObjectRecord[] {
    return this.#versions.get(key) ?? [];
  }

  /** The newest version, which may be a delete marker. */
  latest(key: string): ObjectRecord | undefined {
    return this.#versions.get(key)?.[0];
  }

  version(key: string, versionId: string): ObjectRecord | undefined {
    return this.#versions.get(key)?.find((record) => record.versionId === versionId);
  }

  nullVersion(key: string): ObjectRecord | undefined {
    return this.version(key, NULL_VERSION);
  }

  /** Puts a version in its place by order. */
  add(record: ObjectRecord): void {
    const versions = this.#versions.get(record.key);
    if (versions === undefined) {
      this.#versions.set(record.key, [record]);
      this.keys.add(record.key);
      return;
    }
    const index = versions.findIndex((one) => one.order < record.order);
    versions.splice(index === -1 ? versions.length : index, 0, record);
  }

  remove(record: ObjectRecord): void {
    const versions = this.#versions.get(record.key);
    const index = versions?.indexOf(record) ?? -1;
    if (versions === undefined || index === -1) return;
    versions.splice(index, 1);
    if (versions.length > 0) return;
    this.#versions.delete(record.key);
    this.keys.delete(record.key);
  }

  *all(): IterableIterator<ObjectRecord> {
    for (const versions of this.#versions.values()) yield* versions;
  }
}
