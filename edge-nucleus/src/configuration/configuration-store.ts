import { join } from 'node:path';
import * as z from 'zod';
import { NucleusError } from '../nucleus-error.ts';
import { readStateFile, removeStateFile, writeStateFile } from '../state/state-file.ts';
import { changedLeaves, pointerOf } from './changed-leaves.ts';
import { type Configuration, isObject, mergeObjects, setAt, valueAt } from './merge-configuration.ts';

type ChangeListener = (keyPath: readonly string[]) => void;

const stored = z.object({ configuration: z.record(z.string(), z.json()), times: z.record(z.string(), z.number()) });

interface Entry {
  readonly configuration: Configuration;
  /** ms of the last change by JSON pointer of the leaf */
  readonly times: Readonly<Record<string, number>>;
}

/** A leaf was changed later than the update says that it was made. */
export class StaleUpdate extends Error {
  override readonly name = 'StaleUpdate';
}

/**
 * The configuration of each component, on disk before it counts.
 *
 * INVARIANT: listeners hear of a change only when it is what a restart would find.
 */
export class ConfigurationStore {
  readonly #directory: string;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Map<string, Set<{ readonly path: readonly string[]; readonly task: ChangeListener }>>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** Undefined: no such component has been deployed. @throws NucleusError `STATE_UNUSABLE` */
  get(component: string): Configuration | undefined {
    return this.#entry(component)?.configuration;
  }

  /** Takes the place of what there was. @param time ms since the epoch */
  set(component: string, configuration: Configuration, time: number): void {
    this.#change(component, configuration, time);
  }

  /**
   * Lays an object over the one at `path`, which is made where it is missing.
   * @param time ms since the epoch when the update was made
   * @throws StaleUpdate, NucleusError `COMPONENT_UNKNOWN`, `CONFIGURATION_INVALID` when there is something else than an object at `path`
   */
  merge(component: string, path: readonly string[], value: Configuration, time: number): void {
    const entry = this.#entry(component);
    if (entry === undefined) throw new NucleusError('COMPONENT_UNKNOWN', `${component} is not deployed`);
    const before = valueAt(entry.configuration, path);
    if (before !== undefined && !isObject(before)) {
      throw new NucleusError('CONFIGURATION_INVALID', `${pointerOf(path)} holds no object`);
    }
    const merged = mergeObjects(isObject(before) ? before : {}, value);
    const next = setAt(entry.configuration, path, merged);
    this.#change(component, next as Configuration, time, entry.times);
  }

  remove(component: string): void {
    removeStateFile(this.#file(component));
    this.#entries.delete(component);
  }

  /** Called with the path of each leaf at or below `path` that has changed or gone. @returns stops it */
  onChange(component: string, path: readonly string[], task: ChangeListener): () => void {
    const listener = { path, task };
    const listeners = this.#listeners.get(component) ?? new Set();
    this.#listeners.set(component, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && this.#listeners.get(component) === listeners) this.#listeners.delete(component);
    };
  }

  #change(component: string, next: Configuration, time: number, guard?: Readonly<Record<string, number>>): void {
    const before = this.#entry(component);
    const changed = changedLeaves(before?.configuration ?? {}, next);
    if (before !== undefined && changed.length === 0) return;
    const times: Record<string, number> = {};
    const pointers = changed.map(pointerOf);
    for (const pointer of pointers) {
      if (guard !== undefined && (guard[pointer] ?? 0) > time) {
        throw new StaleUpdate(`${pointer} was changed later than the timestamp of this update`);
      }
    }
    const fresh = new Set(pointers);
    for (const [pointer, at] of Object.entries(before?.times ?? {})) if (!fresh.has(pointer)) times[pointer] = at;
    for (const [index, path] of changed.entries()) {
      if (valueAt(next, path) !== undefined) times[pointers[index] as string] = time;
    }
    const entry: Entry = { configuration: next, times };
    writeStateFile(this.#file(component), entry);
    this.#entries.set(component, entry);
    for (const path of changed) this.#tell(component, path);
  }

  #tell(component: string, changed: readonly string[]): void {
    for (const { path, task } of [...(this.#listeners.get(component) ?? [])]) {
      // A place that is replaced from above has changed as well.
      const shared = Math.min(path.length, changed.length);
      if (path.slice(0, shared).every((key, at) => key === changed[at])) task(changed);
    }
  }

  #entry(component: string): Entry | undefined {
    const known = this.#entries.get(component);
    if (known !== undefined) return known;
    const file = this.#file(component);
    const value = readStateFile(file);
    if (value === undefined) return undefined;
    const read = stored.safeParse(value);
    if (!read.success) throw new NucleusError('STATE_UNUSABLE', `${file} is no stored configuration`);
    this.#entries.set(component, read.data as Entry);
    return read.data as Entry;
  }

  #file(component: string): string {
    return join(this.#directory, `${component}.json`);
  }
}
