import type { Timer } from '../core/clock.ts';
import { Delivery, type DeliveryHome } from './delivery.ts';
import { Deque } from './deque.ts';
import type { BrokerMessage } from './message.ts';
import type { QueueSetting, Stored } from './outbound-queue.ts';
import type { Random } from './random.ts';
import type { RouteTarget, Session, SubscriptionOptions } from './session.ts';

/** Stored messages leave in portions of this many ms. */
const RESUME_PERIOD_MS = 1_000;

/**
 * A shared subscription group: each message goes to one member, at random (developer guide, mqtt.html, "Shared
 * subscriptions").
 *
 * INVARIANTS ("Shared subscriptions message queuing")
 * - While any member has a persistent session the group queues: a QoS 1 message that no member can take is stored
 *   until one can, and comes back to the group when its member is lost.
 * - QoS 0 messages are dropped upon any failure.
 * - Stored messages leave at `sharedStoredMessagesPerSecond` for each active subscriber.
 */
export class SharedGroup implements RouteTarget, DeliveryHome {
  readonly session = undefined;
  /** The group's own: QoS is the chosen member's. */
  readonly options: SubscriptionOptions = { qos: 1, noLocal: false, retainAsPublished: false };
  readonly #owner: string;
  readonly #setting: QueueSetting;
  readonly #random: Random;
  readonly #members = new Map<Session, SubscriptionOptions>();
  readonly #stored = new Deque<Delivery>();
  #timer: Timer | undefined;
  #resumedAt = Number.NEGATIVE_INFINITY;

  constructor(key: string, setting: QueueSetting, random: Random) {
    this.#owner = groupOwner(key);
    this.#setting = setting;
    this.#random = random;
  }

  get empty(): boolean {
    return this.#members.size === 0;
  }

  join(session: Session, options: SubscriptionOptions): void {
    this.#members.set(session, options);
    this.resume();
  }

  leave(session: Session): void {
    this.#members.delete(session);
    if (this.empty) this.#discard();
  }

  offer(message: BrokerMessage): Stored {
    const member = this.#choose();
    const qos = message.qos === 0 ? 0 : this.#qosFor(member);
    const queues = qos === 1 && this.#queues();
    if (member === undefined && !queues) return false;
    // "Messages … published on topics that have shared subscribers and have the RETAIN flag set are delivered to
    // shared subscribers like any other publish message."
    const delivery = new Delivery(message, qos, false, this);
    if (member !== undefined && (member.queue.idle || !queues)) {
      if (queues) this.#setting.log.append(this.#owner, delivery);
      member.queue.offerShared(delivery);
      return queues;
    }
    return this.#store(delivery);
  }

  /** A member has been lost before it acknowledged. */
  takeBack(delivery: Delivery): void {
    const log = this.#setting.log;
    if (delivery.qos === 0 || this.empty) {
      log.remove(delivery);
      return;
    }
    const member = this.#choose();
    const queues = this.#queues();
    if (member !== undefined && (member.queue.idle || !queues)) member.queue.offerShared(delivery);
    else if (delivery.logId !== 0 || queues) this.#store(delivery);
  }

  /** A record of the message log that is this group's. */
  restore(delivery: Delivery): void {
    delivery.home = this;
    this.#stored.push(delivery);
  }

  /** A member may be online: what is stored goes out, a second's worth at a time. */
  resume(): void {
    const { clock, limits, log } = this.#setting;
    const active = this.#active();
    if (active.length === 0 || this.#stored.length === 0) return;
    const now = clock.now();
    if (now - this.#resumedAt < RESUME_PERIOD_MS) {
      this.#resumeAfter(this.#resumedAt + RESUME_PERIOD_MS - now);
      return;
    }
    this.#resumedAt = now;
    for (let budget = active.length * limits.sharedStoredMessagesPerSecond; budget > 0; budget--) {
      const delivery = this.#stored.shift();
      if (delivery === undefined) return;
      const message = log.read(delivery);
      if (message === undefined || this.#expiryOf(delivery, message) <= now) log.remove(delivery);
      else active[this.#random.below(active.length)]?.queue.offerShared(delivery);
    }
    this.#resumeAfter(RESUME_PERIOD_MS);
  }

  #resumeAfter(milliseconds: number): void {
    this.#timer ??= this.#setting.clock.after(milliseconds, () => {
      this.#timer = undefined;
      this.resume();
    });
  }

  #store(delivery: Delivery): Stored {
    if (this.#stored.length >= this.#setting.limits.storedMessagesPerQueue) {
      this.#setting.log.remove(delivery);
      return false;
    }
    if (delivery.logId === 0) this.#setting.log.append(this.#owner, delivery);
    delivery.park();
    this.#stored.push(delivery);
    // Members that are too busy, not absent, are tried again.
    if (this.#active().length > 0) this.#resumeAfter(RESUME_PERIOD_MS);
    return true;
  }

  /** An active member that can take a message at once, or else any active one. */
  #choose(): Session | undefined {
    const active = this.#active();
    const idle = active.filter((session) => session.queue.idle);
    const candidates = idle.length > 0 ? idle : active;
    return candidates[this.#random.below(candidates.length)];
  }

  #active(): Session[] {
    return [...this.#members.keys()].filter((session) => session.queue.online);
  }

  #queues(): boolean {
    for (const session of this.#members.keys()) if (session.persistent) return true;
    return false;
  }

  #qosFor(member: Session | undefined): 0 | 1 {
    if (member !== undefined) return this.#members.get(member)?.qos ?? 0;
    for (const options of this.#members.values()) if (options.qos === 1) return 1;
    return 0;
  }

  /** Without a message expiry, stored messages live as long as a persistent session. */
  #expiryOf(delivery: Delivery, message: BrokerMessage): number {
    if (delivery.expiresAt !== Infinity) return delivery.expiresAt;
    return message.receivedAt + this.#setting.limits.persistentSessionSeconds * 1000;
  }

  #discard(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const delivery of this.#stored.drain()) this.#setting.log.remove(delivery);
  }
}

const OWNER_PREFIX = 'group:';

/** Owner of a group's records in the message log. */
export function groupOwner(key: string): string {
  return OWNER_PREFIX + key;
}

/** The opposite of {@link groupOwner}; undefined for another owner. */
export function groupKey(owner: string): string | undefined {
  return owner.startsWith(OWNER_PREFIX) ? owner.slice(OWNER_PREFIX.length) : undefined;
}
