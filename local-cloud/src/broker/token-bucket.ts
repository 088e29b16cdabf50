/**
 * A rate per second with a burst of one second's worth. Time comes from the caller (ms), so that one reading of the
 * clock serves a whole chunk of packets.
 */
export class TokenBucket {
  readonly #perSecond: number;
  #tokens: number;
  #at: number;

  constructor(perSecond: number, now: number) {
    this.#perSecond = perSecond;
    this.#tokens = perSecond;
    this.#at = now;
  }

  /** Takes one token if there is one. */
  tryTake(now: number): boolean {
    if (this.#perSecond === Infinity) return true;
    this.#refill(now);
    if (this.#tokens < 1) return false;
    this.#tokens -= 1;
    return true;
  }

  /** Takes `amount`, on credit if need be. */
  take(amount: number, now: number): void {
    if (this.#perSecond === Infinity) return;
    this.#refill(now);
    this.#tokens -= amount;
  }

  /** ms until `amount` tokens are there; 0 when they are. */
  wait(amount: number, now: number): number {
    if (this.#perSecond === Infinity) return 0;
    this.#refill(now);
    return this.#tokens >= amount ? 0 : Math.ceil(((amount - this.#tokens) * 1000) / this.#perSecond);
  }

  #refill(now: number): void {
    if (now <= this.#at) return;
    this.#tokens = Math.min(this.#perSecond, this.#tokens + ((now - this.#at) * this.#perSecond) / 1000);
    this.#at = now;
  }
}
