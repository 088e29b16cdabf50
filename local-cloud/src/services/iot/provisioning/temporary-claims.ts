import { ExpiryTimer } from '../expiry-timer.ts';
import { CLAIM_LIFETIME } from '../limits.ts';
import type { Registry } from '../registry/registry.ts';

/**
 * Claims of trusted users. "The temporary provisioning claim certificate … expires after five minutes" and does not
 * "appear in your account's list of certificates" (developer guide, `provision-wo-cert`).
 */
export class TemporaryClaims {
  readonly #registry: Registry;
  readonly #timer: ExpiryTimer;

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#timer = new ExpiryTimer(
      registry.state.environment.clock,
      () => this.#earliest(),
      () => this.#expire(),
    );
  }

  start(): void {
    this.#expire();
    this.#timer.schedule();
  }

  stop(): void {
    this.#timer.stop();
  }

  /** @returns when it expires, in ms since the epoch */
  add(certificateId: string, templateName: string): number {
    const expiresAt = this.#registry.state.now() + CLAIM_LIFETIME;
    this.#registry.state.claims.put(certificateId, { certificateId, templateName, expiresAt });
    this.#timer.schedule();
    return expiresAt;
  }

  #expire(): void {
    const { state } = this.#registry;
    const now = state.now();
    for (const { certificateId, expiresAt } of [...state.claims.values()]) {
      if (expiresAt > now) continue;
      state.claims.delete(certificateId);
      state.environment.changes.certificateEnded(certificateId);
    }
  }

  #earliest(): number | undefined {
    let earliest: number | undefined;
    for (const { expiresAt } of this.#registry.state.claims.values()) {
      if (earliest === undefined || expiresAt < earliest) earliest = expiresAt;
    }
    return earliest;
  }
}
