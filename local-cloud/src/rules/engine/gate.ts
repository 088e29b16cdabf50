/** What the rules engine holds at most before publishers wait. */
export interface GateLimits {
  readonly messages: number;
  readonly bytes: number;
}

/** Counts messages under way; over the limit, newcomers wait their turn. */
export class Gate {
  readonly #limits: GateLimits;
  #waiting: { readonly bytes: number; readonly admit: () => void }[] = [];
  #messages = 0;
  #bytes = 0;

  constructor(limits: GateLimits) {
    this.#limits = limits;
  }

  get messages(): number {
    return this.#messages;
  }

  /** Lets a message in at once (Undefined), or gives a promise of its turn. Each entry is matched by one `leave`. */
  enter(bytes: number): Promise<void> | undefined {
    if (!this.#full && this.#waiting.length === 0) {
      this.force(bytes);
      return undefined;
    }
    return new Promise((admit) => this.#waiting.push({ bytes, admit }));
  }

  /** Lets a message in whatever the count. */
  force(bytes: number): void {
    this.#messages++;
    this.#bytes += bytes;
  }

  leave(bytes: number): void {
    this.#messages--;
    this.#bytes -= bytes;
    let admitted = 0;
    for (; !this.#full; admitted++) {
      const next = this.#waiting[admitted];
      if (next === undefined) break;
      this.force(next.bytes);
      next.admit();
    }
    if (admitted > 0) this.#waiting = this.#waiting.slice(admitted);
  }

  get #full(): boolean {
    return this.#messages >= this.#limits.messages || this.#bytes >= this.#limits.bytes;
  }
}
