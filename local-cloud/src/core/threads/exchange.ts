import { restoreError } from './carried-error.ts';
import type { Outcome } from './messages.ts';

/** Questions that wait for an answer from the other side of a message channel. */
export class Exchange {
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #last = 0;
  #broken: Error | undefined;

  /** `send` posts the question under the id it is given. @throws what the other side threw */
  ask<T>(send: (id: number) => void): Promise<T> {
    if (this.#broken !== undefined) return Promise.reject(this.#broken);
    this.#last += 1;
    const id = this.#last;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      try {
        send(id);
      } catch (error) {
        this.#waiting.delete(id);
        reject(error);
      }
    });
  }

  answered(id: number, outcome: Outcome): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    if (outcome.ok) waiting?.resolve(outcome.value);
    else waiting?.reject(restoreError(outcome.error));
  }

  /** The other side is gone: nothing will be answered any more. */
  break(error: Error): void {
    this.#broken ??= error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}
