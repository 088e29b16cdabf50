import type { Collection, Store } from '../../../core/store.ts';

/**
 * A collection with its keys in order, as listings page through them. The order is made again only after a key came
 * or went, so that a run of creations costs nothing until the next listing.
 */
export class Table<V> {
  readonly #records: Collection<V>;
  readonly #orderOf: ((record: V) => string) | undefined;
  #sorted: readonly string[] | undefined;

  /** `orderOf` gives what listings sort by, where that is not the key; it must end in the key and never change. */
  constructor(store: Store, name: string, orderOf?: (record: V) => string) {
    this.#records = store.collection<V>(name);
    this.#orderOf = orderOf;
  }

  get size(): number {
    return this.#records.size;
  }

  get(key: string): V | undefined {
    return this.#records.get(key);
  }

  has(key: string): boolean {
    return this.#records.has(key);
  }

  put(key: string, record: V): void {
    if (!this.#records.has(key)) this.#sorted = undefined;
    this.#records.put(key, record);
  }

  delete(key: string): boolean {
    const known = this.#records.delete(key);
    if (known) this.#sorted = undefined;
    return known;
  }

  values(): IterableIterator<V> {
    return this.#records.values();
  }

  /** What listings sort by, ascending. */
  sortedKeys(): readonly string[] {
    if (this.#sorted === undefined) {
      const orderOf = this.#orderOf;
      const keys = orderOf === undefined ? [...this.#records.keys()] : [...this.#records.values()].map(orderOf);
      this.#sorted = keys.sort();
    }
    return this.#sorted;
  }
}

/** Order of creation: 15 digits of milliseconds, then the name. */
export function creationOrder(creationDate: number, name: string): string {
  return `${String(creationDate).padStart(15, '0')}/${name}`;
}

/** Name in a key of {@link creationOrder}. */
export function nameInCreationOrder(key: string): string {
  return key.slice(16);
}
