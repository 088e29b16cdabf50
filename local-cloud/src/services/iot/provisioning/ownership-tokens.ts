import { createHash } from 'node:crypto';
import type { Collection } from '../../../core/store.ts';
import { ExpiryTimer } from '../expiry-timer.ts';
import { OWNERSHIP_TOKEN_LIFETIME } from '../limits.ts';
import type { Registry } from '../registry/registry.ts';

interface TokenRecord {
  readonly certificateId: string;
  readonly expiresAt: number;
}

const TOKEN_BYTES = 64;

/**
 * Proofs that whoever asked for a certificate is who registers it (developer guide, `fleet-provision-api`).
 *
 * INVARIANTS
 * - A token stands for one certificate, is good once and for one hour. Only its hash is kept.
 * - While a registration holds a token, no other can; it becomes free again when the registration fails.
 * - When a token expires, its certificate is deleted unless it was activated or attached to a policy or thing.
 */
export class OwnershipTokens {
  readonly #registry: Registry;
  readonly #tokens: Collection<TokenRecord>;
  readonly #held = new Set<string>();
  readonly #timer: ExpiryTimer;

  constructor(registry: Registry) {
    const { clock, store } = registry.state.environment;
    this.#registry = registry;
    this.#tokens = store.collection('iot/ownershipTokens');
    this.#timer = new ExpiryTimer(
      clock,
      () => this.#earliest(),
      () => this.#expire(),
    );
  }

  /** Takes up tokens kept from before a restart; those that expired in between are gone at once. */
  start(): void {
    this.#expire();
    this.#timer.schedule();
  }

  stop(): void {
    this.#timer.stop();
  }

  issue(certificateId: string): string {
    const { entropy } = this.#registry.state.environment;
    const token = entropy.bytes(TOKEN_BYTES).toString('base64url');
    this.#tokens.put(hashOf(token), { certificateId, expiresAt: this.#now() + OWNERSHIP_TOKEN_LIFETIME });
    this.#timer.schedule();
    return token;
  }

  /** Certificate id that the token stands for, now held; undefined when it is unknown, used, expired or held. */
  hold(token: string): string | undefined {
    const key = hashOf(token);
    const record = this.#tokens.get(key);
    if (record === undefined || record.expiresAt <= this.#now() || this.#held.has(key)) return undefined;
    this.#held.add(key);
    return record.certificateId;
  }

  /** Ends a hold: `used` tokens are gone for good. */
  release(token: string, used: boolean): void {
    const key = hashOf(token);
    this.#held.delete(key);
    if (used) this.#tokens.delete(key);
    else this.#timer.schedule();
  }

  #expire(): void {
    const now = this.#now();
    for (const [key, { certificateId, expiresAt }] of [...this.#tokens.entries()]) {
      if (expiresAt > now || this.#held.has(key)) continue;
      this.#tokens.delete(key);
      this.#deleteUnused(certificateId);
    }
  }

  #deleteUnused(certificateId: string): void {
    const { state, certificates } = this.#registry;
    if (state.certificates.get(certificateId)?.status !== 'PENDING_ACTIVATION') return;
    if (state.attachments.leftsOf(certificateId).size > 0) return;
    if (state.policyTargets.leftsOf(state.arn('cert', certificateId)).size > 0) return;
    certificates.delete(certificateId, false);
  }

  #earliest(): number | undefined {
    let earliest: number | undefined;
    for (const [key, { expiresAt }] of this.#tokens.entries()) {
      if (this.#held.has(key)) continue;
      if (earliest === undefined || expiresAt < earliest) earliest = expiresAt;
    }
    return earliest;
  }

  #now(): number {
    return this.#registry.state.now();
  }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}
