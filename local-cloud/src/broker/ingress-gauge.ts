/** A connection that can be kept from reading. */
export interface Holdable {
  releaseIngress(): void;
}

/**
 * Bytes of publishes that were taken in and are not acknowledged yet, of all connections. Above the limit, connections
 * that publish are held until half of it is left, so that a slow rules engine slows its publishers down instead of
 * filling memory.
 */
export class IngressGauge {
  readonly #limit: number;
  readonly #held = new Set<Holdable>();
  #bytes = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** True when `connection` must be held now; it is released by a later {@link subtract}. */
  add(bytes: number, connection: Holdable): boolean {
    this.#bytes += bytes;
    if (this.#bytes <= this.#limit) return false;
    this.#held.add(connection);
    return true;
  }

  subtract(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#held.size === 0 || this.#bytes > this.#limit / 2) return;
    const held = [...this.#held];
    this.#held.clear();
    for (const connection of held) connection.releaseIngress();
  }
}
