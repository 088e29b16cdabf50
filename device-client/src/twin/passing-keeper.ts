import { type Json, type JsonObject, sameJson } from './json-merge.ts';
import type { ShadowKeeper } from './shadow-keeper.ts';
import type { ShadowStateStore } from './shadow-state.ts';

/**
 * A shadow whose desired state is another program's to judge: it is kept, and told when it changes; what that program
 * says is reported.
 *
 * INVARIANT: the last desired state that was heard is on disk, also for a program that starts without a connection.
 */
export class PassingKeeper implements ShadowKeeper {
  readonly #store: ShadowStateStore;
  readonly #onDesired: (desired: JsonObject) => void;

  constructor(store: ShadowStateStore, onDesired: (desired: JsonObject) => void) {
    this.#store = store;
    this.#onDesired = onDesired;
  }

  get view(): JsonObject {
    return this.#store.current.own;
  }

  get managed(): ReadonlySet<string> {
    return new Set(Object.keys(this.#store.current.own));
  }

  async start(): Promise<void> {}

  async adopt(desired: JsonObject): Promise<void> {
    const { current } = this.#store;
    if (sameJson(current.desired, desired)) return;
    this.#store.write({ ...current, desired });
    this.#onDesired(desired);
  }

  release(): Promise<void> {
    return this.adopt({});
  }

  report(own: Readonly<Record<string, Json>>): void {
    this.#store.report(own);
  }
}
