import type { Store } from '../core/store.ts';

/**
 * One commit for everything written in one turn of the event loop.
 *
 * INVARIANTS
 * - The promise of `request()` resolves only when everything written before the call is on disk.
 * - Turns are pipelined: a turn asks for its commit without waiting for the one before.
 */
export class CommitGroup {
  readonly #store: Store;
  #current: Promise<void> | undefined;

  constructor(store: Store) {
    this.#store = store;
  }

  request(): Promise<void> {
    this.#current ??= this.#begin();
    return this.#current;
  }

  #begin(): Promise<void> {
    const commit = new Promise<void>((resolve, reject) => {
      // By then the poll phase is over, and with it every write that this turn's packets cause.
      setImmediate(() => {
        this.#current = undefined;
        this.#store.durable().then(resolve, reject);
      });
    });
    // Whoever waits hears of a failure; a commit that nobody waits for must not end the process.
    commit.catch(() => {});
    return commit;
  }
}
