import type { Clock, Timer } from '../core/clock.ts';
import { Delivery } from './delivery.ts';
import { Deque } from './deque.ts';
import { InflightWindow } from './inflight-window.ts';
import type { BrokerLimits } from './limits.ts';
import type { BrokerMessage } from './message.ts';
import type { MessageLog } from './message-log.ts';
import { TokenBucket } from './token-bucket.ts';

/** What keeps a delivery from being sent. */
const SOCKET = 1;
const WINDOW = 2;
const RATE = 3;
const BYTES = 4;

/** The connection of a subscriber, as its queue needs it. */
export interface SubscriberLink {
  /** MQTT 5 forbids repeating a message on the same connection [MQTT-4.4.0-1]. */
  readonly repeats: boolean;
  /** Receive Maximum of the client, within AWS's own limit. */
  readonly window: number;
  /** The socket takes more. */
  readonly writable: boolean;
  /** iot:Receive, confirmed for every delivery. */
  mayReceive(topic: string): boolean;
  /** False when the packet exceeds the client's maximum packet size, which counts as delivered [MQTT-3.1.2-25]. */
  deliver(delivery: Delivery, message: BrokerMessage): boolean;
  /** More waits than may wait: the client is too slow. */
  overflow(): void;
}

export interface QueueSetting {
  readonly clock: Clock;
  readonly limits: BrokerLimits;
  readonly log: MessageLog;
}

/** Result of an offer: whether the commit group must be awaited before the publisher hears an acknowledgement. */
export type Stored = boolean;

/**
 * Everything on its way to one session.
 *
 * - in flight: sent with QoS 1, not acknowledged;
 * - waiting: for the window, the socket or the rate of the connection;
 * - stored: kept from before the connection, sent at AWS's rate for stored messages.
 *
 * INVARIANTS
 * - A persistent session's QoS 1 message is in the message log from the offer to the client's PUBACK, whether the
 *   client is connected or not, so that a lost process loses none.
 * - Memory for one subscriber is bounded by `waitingMessages`, `waitingBytes` and the window.
 */
export class OutboundQueue {
  persistent: boolean;
  readonly #owner: string;
  readonly #setting: QueueSetting;
  readonly #inflight = new InflightWindow();
  readonly #waiting = new Deque<Delivery>();
  #stored = new Deque<Delivery>();
  #waitingBytes = 0;
  #link: SubscriberLink | undefined;
  #publishes: TokenBucket;
  #bytes: TokenBucket;
  #storedRate: TokenBucket;
  #pumpTimer: Timer | undefined;
  #retryTimer: Timer | undefined;
  #pumping = false;

  constructor(owner: string, persistent: boolean, setting: QueueSetting) {
    this.persistent = persistent;
    this.#owner = owner;
    this.#setting = setting;
    const now = setting.clock.now();
    this.#publishes = new TokenBucket(setting.limits.publishesPerSecond, now);
    this.#bytes = new TokenBucket(setting.limits.bytesPerSecond, now);
    this.#storedRate = new TokenBucket(setting.limits.storedMessagesPerSecond, now);
  }

  get online(): boolean {
    return this.#link !== undefined;
  }

  /** Whether a message offered now would be sent at once. */
  get idle(): boolean {
    const link = this.#link;
    return link?.writable === true && this.#waiting.length === 0 && this.#inflight.size < link.window;
  }

  attach(link: SubscriberLink): void {
    const { clock, limits } = this.#setting;
    const now = clock.now();
    this.#link = link;
    this.#publishes = new TokenBucket(limits.publishesPerSecond, now);
    this.#bytes = new TokenBucket(limits.bytesPerSecond, now);
    this.#storedRate = new TokenBucket(limits.storedMessagesPerSecond, now);
    this.pump();
  }

  /** Ends the connection's part. What a persistent session has not acknowledged is stored, the rest is forgotten. */
  detach(): void {
    this.#link = undefined;
    this.#cancelTimers();
    const unacknowledged = [...this.#inflight.drain(), ...this.#waiting.drain()];
    this.#waitingBytes = 0;
    const kept: Delivery[] = [];
    for (const delivery of unacknowledged) {
      if (delivery.home !== undefined) delivery.home.takeBack(delivery);
      else if (delivery.logId !== 0) {
        delivery.park();
        kept.push(delivery);
      }
    }
    if (kept.length === 0) return;
    const all = [...kept, ...this.#stored.drain()].sort((a, b) => a.logId - b.logId);
    this.#stored = new Deque();
    for (const delivery of all) this.#stored.push(delivery);
  }

  /** Takes a message for the session. */
  offer(message: BrokerMessage, qos: 0 | 1, retain: boolean): Stored {
    const link = this.#link;
    if (link === undefined) {
      if (qos === 0 || !this.persistent) return false;
      if (this.#stored.length >= this.#setting.limits.storedMessagesPerQueue) return false;
      const delivery = new Delivery(message, qos, retain);
      this.#setting.log.append(this.#owner, delivery);
      delivery.park();
      this.#stored.push(delivery);
      return true;
    }
    if (!link.mayReceive(message.topic)) return false;
    const delivery = new Delivery(message, qos, retain);
    const stored = qos === 1 && this.persistent;
    if (stored) this.#setting.log.append(this.#owner, delivery);
    this.#admit(link, delivery);
    return stored;
  }

  /**
   * Takes a message for the connection as it stands: nothing of it outlives that. False when there is no connection.
   * `acknowledged` is called at the client's PUBACK.
   */
  offerDirect(message: BrokerMessage, qos: 0 | 1, acknowledged: (() => void) | undefined): boolean {
    const link = this.#link;
    if (link === undefined) return false;
    const delivery = new Delivery(message, qos, false);
    delivery.acknowledged = acknowledged;
    this.#admit(link, delivery);
    return true;
  }

  /** Takes a delivery of a shared subscription group, which has stored it already if it is to be stored. */
  offerShared(delivery: Delivery): void {
    const link = this.#link;
    const topic = this.#setting.log.read(delivery)?.topic;
    if (link === undefined) delivery.home?.takeBack(delivery);
    else if (topic !== undefined && link.mayReceive(topic)) this.#admit(link, delivery);
    else this.#setting.log.remove(delivery);
  }

  /** A record of the message log that is this session's. */
  restore(delivery: Delivery): void {
    this.#stored.push(delivery);
  }

  /** PUBACK. An unknown identifier is that of a message given up meanwhile, and means nothing. */
  acknowledge(packetId: number): void {
    const delivery = this.#inflight.remove(packetId);
    if (delivery === undefined) return;
    this.#setting.log.remove(delivery);
    delivery.acknowledged?.();
    if (this.#waiting.length > 0 || this.#stored.length > 0) this.pump();
  }

  /** Sends what can be sent now: called when the window, the socket or the rate has opened. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      this.#pumpWaiting();
      this.#pumpStored();
    } finally {
      this.#pumping = false;
    }
  }

  /** The session has ended: nothing of it stays on disk. */
  clear(): void {
    this.detach();
    for (const delivery of this.#stored.drain()) this.#setting.log.remove(delivery);
  }

  #admit(link: SubscriberLink, delivery: Delivery): void {
    if (this.#waiting.length === 0) {
      const wait = this.#blocked(link, delivery);
      if (wait === 0) {
        this.#send(link, delivery);
        return;
      }
      // "Publish requests that exceed that quota are discarded"; QoS 1 is retried instead, as "Maximum retry interval
      // for delivering QoS 1 messages" says.
      if (delivery.qos === 0 && wait === RATE) return;
    }
    this.#wait(link, delivery);
  }

  #wait(link: SubscriberLink, delivery: Delivery): void {
    const { limits, log } = this.#setting;
    const full =
      this.#waiting.length >= limits.waitingMessages || this.#waitingBytes + delivery.size > limits.waitingBytes;
    if (full) {
      if (delivery.qos === 0) return;
      if (delivery.logId === 0) {
        link.overflow();
        delivery.home?.takeBack(delivery);
        return;
      }
      if (this.#waiting.length >= limits.storedMessagesPerQueue) {
        if (delivery.home === undefined) log.remove(delivery);
        else delivery.home.takeBack(delivery);
        return;
      }
      delivery.park();
    } else {
      delivery.parked = false;
      this.#waitingBytes += delivery.size;
    }
    this.#waiting.push(delivery);
    this.#armPump(link, delivery);
  }

  #pumpWaiting(): void {
    for (let next = this.#waiting.peek(); next !== undefined; next = this.#waiting.peek()) {
      const link = this.#link;
      if (link === undefined) return;
      if (this.#blocked(link, next) !== 0) {
        this.#armPump(link, next);
        return;
      }
      this.#waiting.shift();
      if (!next.parked) this.#waitingBytes -= next.size;
      this.#send(link, next);
    }
  }

  #pumpStored(): void {
    const { clock, log } = this.#setting;
    for (let next = this.#stored.peek(); next !== undefined; next = this.#stored.peek()) {
      const link = this.#link;
      if (link === undefined) return;
      if (this.#blocked(link, next) !== 0) {
        this.#armPump(link, next);
        return;
      }
      if (!this.#storedRate.tryTake(clock.now())) {
        this.#arm(this.#storedRate.wait(1, clock.now()));
        return;
      }
      this.#stored.shift();
      next.message = log.read(next);
      if (next.message !== undefined && link.mayReceive(next.message.topic)) this.#send(link, next);
      else log.remove(next);
    }
  }

  /** 0 when the delivery can be sent now. */
  #blocked(link: SubscriberLink, delivery: Delivery): 0 | typeof SOCKET | typeof WINDOW | typeof RATE | typeof BYTES {
    if (!link.writable) return SOCKET;
    if (delivery.qos === 1 && this.#inflight.size >= link.window) return WINDOW;
    const now = this.#setting.clock.now();
    if (this.#publishes.wait(1, now) > 0) return RATE;
    return this.#bytes.wait(0, now) > 0 ? BYTES : 0;
  }

  #send(link: SubscriberLink, delivery: Delivery): void {
    const { clock, log } = this.#setting;
    const now = clock.now();
    const message = log.read(delivery);
    if (message === undefined || delivery.expiresAt <= now) {
      log.remove(delivery);
      return;
    }
    delivery.message = message;
    delivery.parked = false;
    this.#publishes.take(1, now);
    this.#bytes.take(delivery.size, now);
    if (delivery.qos === 1) this.#inflight.add(delivery, now);
    if (!link.deliver(delivery, message)) {
      this.#inflight.remove(delivery.packetId);
      log.remove(delivery);
      return;
    }
    if (delivery.qos === 1) {
      this.#retryTimer ??= clock.after(this.#setting.limits.retryIntervalMs, () => this.#retry());
    }
  }

  /** "AWS IoT Core retries delivery of unacknowledged QoS 1 publish requests for up to one hour", then drops them. */
  #retry(): void {
    const { clock, limits, log } = this.#setting;
    this.#retryTimer = undefined;
    const link = this.#link;
    if (link === undefined) return;
    const now = clock.now();
    for (const delivery of this.#inflight.sentBefore(now - limits.retryIntervalMs)) {
      const message = log.read(delivery);
      if (message === undefined || now - delivery.firstSentAt >= limits.retryForMs || delivery.expiresAt <= now) {
        this.#inflight.remove(delivery.packetId);
        log.remove(delivery);
      } else if (link.repeats && link.writable) {
        link.deliver(delivery, message);
        delivery.sentAt = now;
      }
    }
    if (this.#inflight.size > 0) this.#retryTimer = clock.after(limits.retryIntervalMs, () => this.#retry());
    this.pump();
  }

  /** The socket and the window wake the queue themselves; only a rate needs a timer. */
  #armPump(link: SubscriberLink, next: Delivery): void {
    const blocked = this.#blocked(link, next);
    const now = this.#setting.clock.now();
    if (blocked === RATE) this.#arm(this.#publishes.wait(1, now));
    else if (blocked === BYTES) this.#arm(this.#bytes.wait(0, now));
  }

  #arm(milliseconds: number): void {
    this.#pumpTimer ??= this.#setting.clock.after(milliseconds, () => {
      this.#pumpTimer = undefined;
      this.pump();
    });
  }

  #cancelTimers(): void {
    this.#pumpTimer?.cancel();
    this.#pumpTimer = undefined;
    this.#retryTimer?.cancel();
    this.#retryTimer = undefined;
  }
}
