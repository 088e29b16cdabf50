import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { CloudError, messageOf } from './errors.ts';
import type { DurableLog } from './journal/durable-log.ts';
import { Journal } from './journal/journal.ts';

export type { DurableLog } from './journal/durable-log.ts';

/**
 * State of the cloud on disk.
 *
 * - {@link Collection}: small control-plane state (things, roles, stacks). Held in memory, written behind, in LMDB.
 * - {@link DurableLog}: high-rate bytes (publishes to be routed, queue messages). Only on disk, in a {@link Journal}.
 *
 * INVARIANTS
 * - Writes become visible to readers of this process at once. Those to collections reach the disk in the order they were
 *   made, and so do those to logs; between the two there is no order but what `durable()` makes.
 * - Everything written before a call of `durable()` survives `kill -9` and power loss once it resolves.
 *   Writes of one event-loop turn share one commit (group commit).
 */
export interface Store {
  /** The same name returns the same collection. Values must survive JSON. */
  collection<V>(name: string): Collection<V>;
  log(name: string): DurableLog;
  /** @throws CloudError `DATA_DIRECTORY_UNUSABLE` once a write has failed: nothing may be acknowledged any more */
  durable(): Promise<void>;
  close(): Promise<void>;
}

export interface Collection<V> {
  readonly size: number;
  get(key: string): V | undefined;
  has(key: string): boolean;
  put(key: string, value: V): void;
  delete(key: string): boolean;
  keys(): IterableIterator<string>;
  values(): IterableIterator<V>;
  /** In order of first insertion within a run, key order after a restart. */
  entries(): IterableIterator<[string, V]>;
}

/**
 * Opens or makes the store below `directory`. `onFailure` is called once, when the disk refuses a write; what this
 * process holds in memory may from then on differ from the disk, so the cloud must end.
 *
 * @throws CloudError `DATA_DIRECTORY_UNUSABLE` for a damaged journal
 */
export function openStore(directory: string, onFailure: (error: CloudError) => void = () => {}): Store {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const root = open({ path: join(directory, 'state.lmdb'), maxDbs: 256, encoding: 'binary', mapSize: 1 << 30 });
  const failure = new WriteFailure(directory, onFailure);
  const journal = new Journal(join(directory, 'journal'), failure);
  const flush = new CollectionFlush(root, failure);
  const collections = new Map<string, Collection<unknown>>();
  return {
    collection<V>(name: string): Collection<V> {
      const known = collections.get(name);
      if (known !== undefined) return known as Collection<V>;
      const created = openCollection<V>(root, `collection/${name}`, flush);
      collections.set(name, created as Collection<unknown>);
      return created;
    },
    log: (name) => journal.log(name),
    durable() {
      if (failure.error !== undefined) return Promise.reject(failure.error);
      const logs = journal.durable();
      const flushed = flush.durable();
      return flushed === undefined ? logs : Promise.all([logs, flushed]).then(() => {});
    },
    async close() {
      await Promise.allSettled([journal.close(), flush.durable()]);
      await root.close();
    },
  };
}

/** Remembers the first write that the disk refused, and tells it to all who wait. */
class WriteFailure {
  error: CloudError | undefined;
  readonly #directory: string;
  readonly #onFailure: (error: CloudError) => void;
  readonly #waiting = new Set<(error: CloudError) => void>();

  constructor(directory: string, onFailure: (error: CloudError) => void) {
    this.#directory = directory;
    this.#onFailure = onFailure;
  }

  /** Settles with `work`, or rejects as soon as a write has failed. */
  orElse(work: PromiseLike<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.add(reject);
      work.then(
        () => {
          this.#waiting.delete(reject);
          if (this.error === undefined) resolve();
          else reject(this.error);
        },
        (error: unknown) => {
          this.#waiting.delete(reject);
          reject(this.report(error));
        },
      );
    });
  }

  readonly report = (error: unknown): CloudError => {
    if (this.error !== undefined) return this.error;
    const failure = new CloudError(
      'DATA_DIRECTORY_UNUSABLE',
      `the data directory ${this.#directory} takes no more writes (${causeOf(error)}). Is the disk full?`,
      { cause: error },
    );
    this.error = failure;
    for (const reject of this.#waiting) reject(failure);
    this.#waiting.clear();
    this.#onFailure(failure);
    return failure;
  };
}

/** LMDB rejects with a general message; its `commitError` says what happened. */
function causeOf(error: unknown): string {
  return messageOf((error as { commitError?: unknown } | undefined)?.commitError ?? error);
}

/** Commits of the collections. LMDB neither resolves nor rejects what waits for a flush once one has failed. */
class CollectionFlush {
  readonly #root: RootDatabase;
  readonly #failure: WriteFailure;
  #dirty = false;
  #flushing: Promise<void> | undefined;

  constructor(root: RootDatabase, failure: WriteFailure) {
    this.#root = root;
    this.#failure = failure;
  }

  written(write: Promise<boolean>): void {
    this.#dirty = true;
    write.catch(this.#failure.report);
  }

  /** Undefined when all that was written is on disk. */
  durable(): Promise<void> | undefined {
    if (this.#dirty) {
      this.#dirty = false;
      const own = this.#failure.orElse(this.#root.flushed as Promise<unknown>).finally(() => {
        if (this.#flushing === own) this.#flushing = undefined;
      });
      this.#flushing = own;
    }
    return this.#flushing;
  }
}

function openCollection<V>(root: RootDatabase, name: string, flush: CollectionFlush): Collection<V> {
  const disk = root.openDB<string, string>({ name, encoding: 'string' });
  const memory = new Map<string, V>();
  for (const { key, value } of disk.getRange()) memory.set(String(key), JSON.parse(value) as V);
  return {
    get size() {
      return memory.size;
    },
    get: (key) => memory.get(key),
    has: (key) => memory.has(key),
    put(key, value) {
      // The disk may refuse the key; what it refuses must not be in memory either.
      const written = disk.put(key, JSON.stringify(value));
      memory.set(key, value);
      flush.written(written);
    },
    delete(key) {
      if (!memory.delete(key)) return false;
      flush.written(disk.remove(key));
      return true;
    },
    keys: () => memory.keys(),
    values: () => memory.values(),
    entries: () => memory.entries(),
  };
}
