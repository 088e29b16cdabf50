import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { open, type RootDatabase } from 'lmdb';
import { CloudError, messageOf } from './errors.ts';

/**
 * State of the cloud on disk, in one LMDB environment.
 *
 * - {@link Collection}: small control-plane state (things, roles, stacks). Held in memory, written behind.
 * - {@link DurableLog}: high-rate bytes (publishes to be routed, queue messages). Only on disk.
 *
 * INVARIANTS
 * - Writes become visible to readers of this process at once, and reach the disk in the order they were made.
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

export interface DurableLog {
  /** Appends and returns an id that grows by one with each append, across restarts. */
  append(value: Uint8Array): number;
  get(id: number): Buffer | undefined;
  remove(id: number): void;
  /** Oldest first; `from` is inclusive. */
  entries(from?: number): Iterable<[number, Buffer]>;
}

/**
 * Opens or makes the environment below `directory`. `onFailure` is called once, when the disk refuses a write; what
 * this process holds in memory may from then on differ from the disk, so the cloud must end.
 */
export function openStore(directory: string, onFailure: (error: CloudError) => void = () => {}): Store {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const root = open({ path: join(directory, 'state.lmdb'), maxDbs: 256, encoding: 'binary', mapSize: 1 << 30 });
  const collections = new Map<string, Collection<unknown>>();
  const logs = new Map<string, DurableLog>();
  const failure = new WriteFailure(directory, onFailure);
  return {
    collection<V>(name: string): Collection<V> {
      const known = collections.get(name);
      if (known !== undefined) return known as Collection<V>;
      const created = openCollection<V>(root, `collection/${name}`, failure);
      collections.set(name, created as Collection<unknown>);
      return created;
    },
    log(name) {
      let log = logs.get(name);
      if (log === undefined) {
        log = openLog(root, `log/${name}`, failure);
        logs.set(name, log);
      }
      return log;
    },
    durable: () => failure.orElse(root.flushed as Promise<unknown>),
    async close() {
      if (failure.error === undefined) await failure.orElse(root.flushed as Promise<unknown>).catch(() => {});
      await root.close();
    },
  };
}

/** Remembers the first write that the disk refused. LMDB neither resolves nor rejects what waits for a flush then. */
class WriteFailure {
  error: CloudError | undefined;
  readonly watch = (error: unknown): void => this.#fail(error);
  readonly #directory: string;
  readonly #onFailure: (error: CloudError) => void;
  readonly #failed: Promise<never>;
  #reject: (error: CloudError) => void = () => {};

  constructor(directory: string, onFailure: (error: CloudError) => void) {
    this.#directory = directory;
    this.#onFailure = onFailure;
    this.#failed = new Promise((_resolve, reject) => {
      this.#reject = reject;
    });
    this.#failed.catch(() => {});
  }

  async orElse(work: Promise<unknown>): Promise<void> {
    if (this.error !== undefined) throw this.error;
    await Promise.race([work, this.#failed]);
    if (this.error !== undefined) throw this.error;
  }

  #fail(error: unknown): void {
    if (this.error !== undefined) return;
    this.error = new CloudError(
      'DATA_DIRECTORY_UNUSABLE',
      `the data directory ${this.#directory} takes no more writes (${causeOf(error)}). Is the disk full?`,
      { cause: error },
    );
    this.#reject(this.error);
    this.#onFailure(this.error);
  }
}

/** LMDB rejects with a general message; its `commitError` says what happened. */
function causeOf(error: unknown): string {
  return messageOf((error as { commitError?: unknown } | undefined)?.commitError ?? error);
}

function openCollection<V>(root: RootDatabase, name: string, failure: WriteFailure): Collection<V> {
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
      memory.set(key, value);
      disk.put(key, JSON.stringify(value)).catch(failure.watch);
    },
    delete(key) {
      if (!memory.delete(key)) return false;
      disk.remove(key).catch(failure.watch);
      return true;
    },
    keys: () => memory.keys(),
    values: () => memory.values(),
    entries: () => memory.entries(),
  };
}

function openLog(root: RootDatabase, name: string, failure: WriteFailure): DurableLog {
  const disk = root.openDB<Buffer, number>({ name, encoding: 'binary', keyEncoding: 'uint32' });
  const counter = root.openDB<string, string>({ name: `${name}/next`, encoding: 'string' });
  /** Ids are reserved in blocks, so that a restart never hands out an id twice even when the log was emptied. */
  const block = 65_536;
  let next = Number(counter.get('next') ?? 1);
  let reserved = next;
  return {
    append(value) {
      if (next >= reserved) {
        reserved = next + block;
        counter.put('next', String(reserved)).catch(failure.watch);
      }
      const id = next++;
      disk.put(id, Buffer.isBuffer(value) ? value : Buffer.from(value)).catch(failure.watch);
      return id;
    },
    get: (id) => disk.get(id),
    remove(id) {
      disk.remove(id).catch(failure.watch);
    },
    *entries(from = 0) {
      for (const { key, value } of disk.getRange({ start: from })) yield [key, Buffer.from(value)];
    },
  };
}
