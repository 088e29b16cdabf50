import type { Store } from '../../../core/store.ts';

interface Step {
  act(): void;
  fail(error: unknown): void;
}

/**
 * Runs steps in the order they were asked for, each once everything written before it is on disk. Those of one turn of
 * the event loop share a commit.
 */
export class DurableOrder {
  readonly #store: Store;
  #batch: Step[] | undefined;
  #before: Promise<unknown> = Promise.resolve();

  constructor(store: Store) {
    this.#store = store;
  }

  /** Resolves with what `act` gives. Rejects when the disk refuses the write, or with what `act` throws. */
  run<T>(act: () => T | Promise<T>): Promise<T> {
    this.#batch ??= this.#begin();
    const batch = this.#batch;
    return new Promise<T>((resolve, reject) => {
      const step = (): void => {
        try {
          resolve(act());
        } catch (error) {
          reject(error);
        }
      };
      batch.push({ act: step, fail: reject });
    });
  }

  #begin(): Step[] {
    const batch: Step[] = [];
    setImmediate(() => {
      this.#batch = undefined;
      const durable = this.#store.durable();
      this.#before = Promise.allSettled([durable, this.#before]).then(([written]) => {
        for (const step of batch) {
          if (written.status === 'fulfilled') step.act();
          else step.fail(written.reason);
        }
      });
    });
    return batch;
  }
}
