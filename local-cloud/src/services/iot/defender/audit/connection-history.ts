import type { DeviceConnection } from '../../../../core/mqtt.ts';
import type { Collection, Store } from '../../../../core/store.ts';
import { CONNECTION_HISTORY } from '../limits.ts';
import type { CheckName } from './audit-checks.ts';

/** A connection that ended because another took its client id. Times are ms since the epoch. */
export interface ClientConflict {
  readonly clientId: string;
  readonly principalId: string;
  readonly disconnectedAt: number;
}

/** A connection during which another client id was connected with the same certificate. */
export interface SharedUse {
  readonly certificateId: string;
  readonly clientId: string;
  readonly connectedAt: number;
  readonly disconnectedAt?: number;
}

/** The most recent records of one client id or certificate that are kept. */
const MAX_RECORDS = 100;

/**
 * What the checks of connections look back at. "When you enable a check, data collection starts immediately"; "When a
 * check is disabled, any data collected so far in relation to the check is deleted" (developer guide, `AuditCommands`).
 */
export class ConnectionHistory {
  readonly #conflicts: Collection<readonly ClientConflict[]>;
  readonly #shared: Collection<readonly SharedUse[]>;
  readonly #open = new Map<string, Map<string, number>>();
  #watchesConflicts = false;
  #watchesSharing = false;

  constructor(store: Store) {
    this.#conflicts = store.collection('iot/auditClientConflicts');
    this.#shared = store.collection('iot/auditSharedCertificates');
  }

  /** Gathers what these checks need, and forgets what no check needs any more. */
  watch(enabled: ReadonlySet<CheckName>): void {
    this.#watchesConflicts = enabled.has('CONFLICTING_CLIENT_IDS_CHECK');
    this.#watchesSharing = enabled.has('DEVICE_CERTIFICATE_SHARED_CHECK');
    if (!this.#watchesConflicts) clear(this.#conflicts);
    if (!this.#watchesSharing) clear(this.#shared);
  }

  connected({ certificateId, clientId }: DeviceConnection, at: number): void {
    if (certificateId === undefined) return;
    const open = this.#open.get(certificateId) ?? new Map<string, number>();
    this.#open.set(certificateId, open);
    open.set(clientId, at);
    if (!this.#watchesSharing || open.size < 2) return;
    const known = this.#shared.get(certificateId) ?? [];
    const recorded = new Set(known.map((use) => `${use.connectedAt}/${use.clientId}`));
    const added = [...open]
      .filter(([id, connectedAt]) => !recorded.has(`${connectedAt}/${id}`))
      .map(([id, connectedAt]): SharedUse => ({ certificateId, clientId: id, connectedAt }));
    this.#keepShared(certificateId, [...known, ...added], at);
  }

  disconnected({ certificateId, clientId, principalId }: DeviceConnection, reason: string, at: number): void {
    if (this.#watchesConflicts && reason === 'DUPLICATE_CLIENTID') {
      const known = (this.#conflicts.get(clientId) ?? []).filter(({ disconnectedAt }) => isRecent(disconnectedAt, at));
      this.#conflicts.put(clientId, [...known, { clientId, principalId, disconnectedAt: at }].slice(-MAX_RECORDS));
    }
    if (certificateId === undefined) return;
    const open = this.#open.get(certificateId);
    const connectedAt = open?.get(clientId);
    open?.delete(clientId);
    if (open?.size === 0) this.#open.delete(certificateId);
    const known = this.#shared.get(certificateId);
    if (known?.some((use) => use.clientId === clientId && use.connectedAt === connectedAt) !== true) return;
    const ended = known.map((use) =>
      use.clientId === clientId && use.connectedAt === connectedAt ? { ...use, disconnectedAt: at } : use,
    );
    this.#keepShared(certificateId, ended, at);
  }

  /** Per client id, of the period; the most recent first. */
  conflicts(from: number, until: number): Map<string, ClientConflict[]> {
    return within(this.#conflicts, ({ disconnectedAt }) => disconnectedAt >= from && disconnectedAt <= until);
  }

  /** Per certificate, uses that began before `until` and ended after `from`; the most recent first. */
  sharedUses(from: number, until: number): Map<string, SharedUse[]> {
    return within(
      this.#shared,
      ({ connectedAt, disconnectedAt }) => connectedAt <= until && (disconnectedAt ?? until) >= from,
    );
  }

  #keepShared(certificateId: string, uses: readonly SharedUse[], now: number): void {
    const kept = uses.filter(({ disconnectedAt }) => disconnectedAt === undefined || isRecent(disconnectedAt, now));
    this.#shared.put(certificateId, kept.slice(-MAX_RECORDS));
  }
}

function isRecent(at: number, now: number): boolean {
  return now - at <= CONNECTION_HISTORY;
}

function within<V>(records: Collection<readonly V[]>, keep: (record: V) => boolean): Map<string, V[]> {
  const found = new Map<string, V[]>();
  for (const [key, list] of records.entries()) {
    const kept = list.filter(keep).reverse();
    if (kept.length > 0) found.set(key, kept);
  }
  return found;
}

function clear(records: Collection<unknown>): void {
  for (const key of [...records.keys()]) records.delete(key);
}
