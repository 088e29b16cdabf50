import type { Collection, Store } from '../../../core/store.ts';

const SEPARATOR = '\n';
const NONE: ReadonlyMap<string, never> = new Map<string, never>();

/**
 * A many-to-many relation between names, kept in one collection and indexed from both sides, so that looking one
 * side up does not depend on how many pairs there are. Neither side may hold a line feed.
 */
export class Relation<V> {
  readonly #pairs: Collection<V>;
  readonly #byLeft = new Map<string, Map<string, V>>();
  readonly #byRight = new Map<string, Map<string, V>>();

  constructor(store: Store, name: string) {
    this.#pairs = store.collection<V>(name);
    for (const [key, value] of this.#pairs.entries()) {
      const at = key.indexOf(SEPARATOR);
      this.#index(key.slice(0, at), key.slice(at + 1), value);
    }
  }

  get(left: string, right: string): V | undefined {
    return this.#byLeft.get(left)?.get(right);
  }

  has(left: string, right: string): boolean {
    return this.#byLeft.get(left)?.has(right) === true;
  }

  add(left: string, right: string, value: V): void {
    this.#pairs.put(left + SEPARATOR + right, value);
    this.#index(left, right, value);
  }

  remove(left: string, right: string): boolean {
    if (!this.#pairs.delete(left + SEPARATOR + right)) return false;
    unindex(this.#byLeft, left, right);
    unindex(this.#byRight, right, left);
    return true;
  }

  rightsOf(left: string): ReadonlyMap<string, V> {
    return this.#byLeft.get(left) ?? NONE;
  }

  leftsOf(right: string): ReadonlyMap<string, V> {
    return this.#byRight.get(right) ?? NONE;
  }

  #index(left: string, right: string, value: V): void {
    entryOf(this.#byLeft, left).set(right, value);
    entryOf(this.#byRight, right).set(left, value);
  }
}

function entryOf<V>(index: Map<string, Map<string, V>>, key: string): Map<string, V> {
  let entry = index.get(key);
  if (entry === undefined) {
    entry = new Map();
    index.set(key, entry);
  }
  return entry;
}

function unindex<V>(index: Map<string, Map<string, V>>, key: string, other: string): void {
  const entry = index.get(key);
  entry?.delete(other);
  if (entry?.size === 0) index.delete(key);
}
