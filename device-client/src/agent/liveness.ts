/**
 * Whether the agent goes about its work: each of its loops says when it will be heard of next. A connection that stands is
 * watched by MQTT's keep-alive; while there is none, somebody must be trying, waiting for the time, or provisioning.
 */
export class Liveness {
  readonly #monotonic: () => number;
  readonly #patience: number;
  #due: number;

  /** @param patience ms between the end of a connection, or the start, and the first sign */
  constructor(patience: number, monotonic: () => number = () => performance.now()) {
    this.#monotonic = monotonic;
    this.#patience = patience;
    this.#due = monotonic() + patience;
  }

  /** A sign of life, and how many ms the next one may take. */
  sign(within: number): void {
    this.#due = this.#monotonic() + within;
  }

  /** Looks whether the sign that is due has come. */
  isAlive(connected: boolean): boolean {
    if (connected) this.sign(this.#patience);
    return this.#monotonic() <= this.#due;
  }
}
