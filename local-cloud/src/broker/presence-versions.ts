import type { Clock, Timer } from '../core/clock.ts';
import type { Collection, Store } from '../core/store.ts';

interface VersionRecord {
  readonly version: number;
  /** ms since the epoch at which the version is forgotten; undefined while connected. */
  readonly forgetAt?: number;
}

/** "If a client is not connected for approximately one hour, the version number is reset to 0." */
const KEPT_MS = 3_600_000;

/**
 * `versionNumber` of presence events (developer guide, life-cycle-events.html): grows with each connection of a client
 * id, is the same for a connect and its disconnect, and starts again at 0 after an hour offline or, for a persistent
 * session, after its time to live.
 */
export class PresenceVersions {
  readonly #records: Collection<VersionRecord>;
  readonly #clock: Clock;
  #sweep: Timer | undefined;

  constructor(store: Store, clock: Clock) {
    this.#records = store.collection<VersionRecord>('broker/presence-versions');
    this.#clock = clock;
  }

  start(): void {
    this.#sweep = this.#clock.every(KEPT_MS, () => this.#forget());
  }

  stop(): void {
    this.#sweep?.cancel();
  }

  /** Version of a new connection. */
  connected(clientId: string): number {
    const known = this.#records.get(clientId);
    const expired = known?.forgetAt !== undefined && known.forgetAt <= this.#clock.now();
    const version = known === undefined || expired ? 0 : known.version + 1;
    this.#records.put(clientId, { version });
    return version;
  }

  disconnected(clientId: string, version: number, sessionSeconds: number): void {
    // A newer connection of the same client id has the word.
    if (this.#records.get(clientId)?.version !== version) return;
    const kept = sessionSeconds > 0 ? sessionSeconds * 1000 : KEPT_MS;
    this.#records.put(clientId, { version, forgetAt: this.#clock.now() + kept });
  }

  /** Version of the connection that an earlier run lost. */
  current(clientId: string): number {
    return this.#records.get(clientId)?.version ?? 0;
  }

  #forget(): void {
    const now = this.#clock.now();
    for (const [clientId, { forgetAt }] of [...this.#records.entries()]) {
      if (forgetAt !== undefined && forgetAt <= now) this.#records.delete(clientId);
    }
  }
}
