/** Lets many ordinary operations through at once, or one transaction alone. First come, first served. */
export class Gate {
  /** Ordinary operations under way. */
  readonly #shared = new Set<Promise<unknown>>();
  #exclusive: Promise<unknown> | undefined;
  #waiting: Promise<unknown> = Promise.resolve();

  async shared<T>(task: () => Promise<T>): Promise<T> {
    while (this.#exclusive !== undefined) await this.#exclusive;
    const running = task();
    const settled = running.catch(() => undefined);
    this.#shared.add(settled);
    try {
      return await running;
    } finally {
      this.#shared.delete(settled);
    }
  }

  exclusive<T>(task: () => Promise<T>): Promise<T> {
    const turn = this.#waiting.then(async () => {
      let open: () => void = () => {};
      this.#exclusive = new Promise<void>((resolve) => {
        open = resolve;
      });
      try {
        await Promise.all(this.#shared);
        return await task();
      } finally {
        this.#exclusive = undefined;
        open();
      }
    });
    this.#waiting = turn.catch(() => undefined);
    return turn;
  }
}
