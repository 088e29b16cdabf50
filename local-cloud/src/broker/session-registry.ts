import type { Clock, Timer } from '../core/clock.ts';
import { type Entropy, uuid } from '../core/entropy.ts';
import type { Collection, Store } from '../core/store.ts';
import type { MessageLog } from './message-log.ts';
import type { QueueSetting } from './outbound-queue.ts';
import { Session, type SubscriptionOptions, sessionOwner } from './session.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { WillRecord } from './will.ts';
import type { ProtocolVersion } from './wire/connect-packet.ts';

/** A persistent session as it is kept. */
export interface SessionRecord {
  readonly incarnation: string;
  readonly identifier: string;
  /** Certificate id of the connection that opened or last resumed it. */
  readonly principalId: string;
  readonly protocolVersion: ProtocolVersion;
  readonly expirySeconds: number;
  readonly subscriptions: Readonly<Record<string, SubscriptionOptions>>;
  /** ms since the epoch; undefined while connected. */
  readonly disconnectedAt?: number;
  /** Will of the connection, or the one that is delayed, so that a broker that dies can publish it when it is back. */
  readonly will?: WillRecord;
}

/** A session with something left to do from an earlier run of the broker. */
export interface Orphan {
  readonly session: Session;
  /** The connection was lost with the process. */
  readonly wasConnected: boolean;
  readonly disconnectedAt: number;
  readonly will: WillRecord | undefined;
}

/**
 * All sessions, by client id.
 *
 * INVARIANTS
 * - A persistent session's record is written at every change of its subscriptions, expiry or connection.
 * - A session ends when its expiry has passed since the connection ended, or when a clean start replaces it.
 */
export class SessionRegistry {
  readonly #sessions = new Map<string, Session>();
  readonly #expiries = new Map<Session, Timer>();
  readonly #wills = new Map<Session, WillRecord>();
  readonly #records: Collection<SessionRecord>;
  readonly #setting: QueueSetting;
  readonly #clock: Clock;
  readonly #entropy: Entropy;
  readonly #subscriptions: Subscriptions;
  #onEnd: (session: Session) => void = () => {};

  constructor(store: Store, entropy: Entropy, setting: QueueSetting, subscriptions: Subscriptions) {
    this.#records = store.collection<SessionRecord>('broker/sessions');
    this.#setting = setting;
    this.#clock = setting.clock;
    this.#entropy = entropy;
    this.#subscriptions = subscriptions;
  }

  /** `listener` hears of each session's end: delayed wills are due then. */
  onEnd(listener: (session: Session) => void): void {
    this.#onEnd = listener;
  }

  get(clientId: string): Session | undefined {
    return this.#sessions.get(clientId);
  }

  /**
   * The session for a new connection. `present` tells the client that an earlier one goes on [MQTT-3.2.2-2].
   * Sessions do not change protocol version (developer guide, mqtt.html, "Creating a persistent session").
   */
  open(
    clientId: string,
    principalId: string,
    protocolVersion: ProtocolVersion,
    cleanStart: boolean,
    expirySeconds: number,
    will: WillRecord | undefined,
  ): { session: Session; present: boolean } {
    const earlier = this.#sessions.get(clientId);
    const resumed = earlier !== undefined && !cleanStart && earlier.protocolVersion === protocolVersion;
    if (earlier !== undefined && !resumed) this.end(earlier);
    const session = resumed ? earlier : this.#create(clientId, protocolVersion, expirySeconds);
    this.#cancelExpiry(session);
    session.expirySeconds = expirySeconds;
    session.principalId = principalId;
    if (will === undefined) this.#wills.delete(session);
    else this.#wills.set(session, will);
    this.save(session, undefined);
    return { session, present: resumed };
  }

  /** The connection has ended: the session ends with it or goes on for its expiry, with its delayed will. */
  disconnected(session: Session, delayedWill: WillRecord | undefined): void {
    session.queue.detach();
    if (delayedWill === undefined) this.#wills.delete(session);
    if (!session.persistent) {
      this.end(session);
      return;
    }
    const now = this.#clock.now();
    this.save(session, now);
    this.#expireAt(session, now + session.expirySeconds * 1000);
  }

  end(session: Session): void {
    if (this.#sessions.get(session.clientId) !== session) return;
    this.#sessions.delete(session.clientId);
    this.#cancelExpiry(session);
    this.#wills.delete(session);
    this.#records.delete(session.clientId);
    session.queue.clear();
    this.#subscriptions.removeAll(session);
    this.#onEnd(session);
  }

  /** A delayed will has been published. */
  forgetWill(session: Session, disconnectedAt: number): void {
    if (this.#wills.delete(session) && this.#sessions.get(session.clientId) === session) {
      this.save(session, disconnectedAt);
    }
  }

  /** Writes a persistent session's record. */
  save(session: Session, disconnectedAt: number | undefined): void {
    if (!session.persistent) {
      this.#records.delete(session.clientId);
      return;
    }
    const will = this.#wills.get(session);
    this.#records.put(session.clientId, {
      incarnation: session.incarnation,
      identifier: session.identifier,
      principalId: session.principalId,
      protocolVersion: session.protocolVersion,
      expirySeconds: session.expirySeconds,
      subscriptions: Object.fromEntries(session.subscriptions),
      ...(disconnectedAt === undefined ? {} : { disconnectedAt }),
      ...(will === undefined ? {} : { will }),
    });
  }

  /** Takes up what an earlier run left. Returns the sessions whose connection died with it or whose will is due. */
  restore(log: MessageLog): Orphan[] {
    const now = this.#clock.now();
    const orphans: Orphan[] = [];
    const owners = new Map<string, Session>();
    for (const [clientId, record] of [...this.#records.entries()]) {
      const endsAt = (record.disconnectedAt ?? now) + record.expirySeconds * 1000;
      if (endsAt <= now) {
        this.#records.delete(clientId);
        continue;
      }
      const session = this.#create(clientId, record.protocolVersion, record.expirySeconds, record);
      session.principalId = record.principalId;
      owners.set(sessionOwner(record.incarnation), session);
      for (const [filter, options] of Object.entries(record.subscriptions)) {
        this.#subscriptions.add(session, filter, options);
      }
      const { will, disconnectedAt } = record;
      if (will !== undefined) this.#wills.set(session, will);
      if (disconnectedAt === undefined || will !== undefined) {
        orphans.push({
          session,
          will,
          wasConnected: disconnectedAt === undefined,
          disconnectedAt: disconnectedAt ?? now,
        });
      }
      this.save(session, disconnectedAt ?? now);
      this.#expireAt(session, endsAt);
    }
    log.restore(({ owner, delivery }) => {
      const queue = owners.get(owner)?.queue ?? this.#subscriptions.groupByOwner(owner);
      queue?.restore(delivery);
      return queue !== undefined;
    });
    return orphans;
  }

  /** The process ends: timers stop, records stay. */
  stop(): void {
    for (const timer of this.#expiries.values()) timer.cancel();
    this.#expiries.clear();
  }

  #create(
    clientId: string,
    protocolVersion: ProtocolVersion,
    expirySeconds: number,
    kept?: { readonly incarnation: string; readonly identifier: string },
  ): Session {
    const session = new Session({
      clientId,
      incarnation: kept?.incarnation ?? this.#entropy.bytes(12).toString('hex'),
      identifier: kept?.identifier ?? uuid(this.#entropy),
      protocolVersion,
      expirySeconds,
      setting: this.#setting,
    });
    this.#sessions.set(clientId, session);
    return session;
  }

  #expireAt(session: Session, at: number): void {
    this.#cancelExpiry(session);
    const timer = this.#clock.after(Math.max(0, at - this.#clock.now()), () => this.end(session));
    this.#expiries.set(session, timer);
  }

  #cancelExpiry(session: Session): void {
    this.#expiries.get(session)?.cancel();
    this.#expiries.delete(session);
  }
}
