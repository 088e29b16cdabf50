import type { Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { DurableLog } from '../../core/store.ts';
import { DeliveryFailure } from './delivery-failure.ts';
import { httpDelays, managedDelay, readSubscriptionDelivery } from './delivery-policy.ts';
import { filterSubject } from './filter-subject.ts';
import { CONCURRENT_DELIVERIES, HELD_DELIVERIES } from './limits.ts';
import type { PublishedMessage } from './message.ts';
import type { SubscriptionRecord } from './records.ts';
import { deadLetterQueue } from './subscription-attributes.ts';
import type { Subscriptions } from './subscriptions.ts';
import type { Targets } from './targets.ts';
import type { Topics } from './topics.ts';

/** One message on its way to one subscriber. */
interface Delivery {
  readonly id: number;
  /** Held while the line is short; otherwise read back from disk when its turn comes. */
  message: PublishedMessage | undefined;
  retries: number;
}

/** Deliveries of one subscription: some run, the rest wait in line. */
interface Line {
  readonly waiting: Delivery[];
  running: number;
  readonly timers: Set<Timer>;
}

interface Entry {
  /** subscription ARN */
  readonly s: string;
  readonly m: PublishedMessage;
}

/**
 * Deliveries of all topics.
 *
 * INVARIANT: a delivery is on disk before Publish answers, and leaves it when it has succeeded, is in the dead-letter
 * queue, or its retries are exhausted. After a crash it is made again: at least once, as AWS promises.
 */
export class Deliveries {
  readonly #topics: Topics;
  readonly #subscriptions: Subscriptions;
  readonly #targets: Targets;
  readonly #log: DurableLog;
  readonly #lines = new Map<string, Line>();
  readonly #settling = new Set<Promise<void>>();
  #stopped = false;

  constructor(topics: Topics, subscriptions: Subscriptions, targets: Targets) {
    this.#topics = topics;
    this.#subscriptions = subscriptions;
    this.#targets = targets;
    this.#log = topics.context.store.log('sns/deliveries');
  }

  /** Takes up what an earlier run of the cloud has not delivered. */
  start(): void {
    for (const [id, bytes] of this.#log.entries()) {
      const { s } = JSON.parse(bytes.toString('utf8')) as Entry;
      this.#enqueue(s, { id, message: undefined, retries: 0 });
    }
  }

  /** Resolves when the messages are on disk for every subscriber that takes them. */
  async publish(topicArn: string, messages: readonly PublishedMessage[]): Promise<void> {
    const added: [subscriptionArn: string, delivery: Delivery][] = [];
    for (const subscription of this.#subscriptions.confirmed(topicArn)) {
      if (subscription.pending !== undefined) continue;
      for (const message of messages) {
        if (!this.#takes(subscription, message)) continue;
        const entry: Entry = { s: subscription.arn, m: message };
        const id = this.#log.append(Buffer.from(JSON.stringify(entry)));
        added.push([subscription.arn, { id, message, retries: 0 }]);
      }
    }
    await this.#topics.context.store.durable();
    for (const [subscriptionArn, delivery] of added) this.#enqueue(subscriptionArn, delivery);
  }

  /** Starts nothing more; resolves when what runs has ended. The rest is on disk. */
  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { timers } of this.#lines.values()) for (const timer of timers) timer.cancel();
    await Promise.all(this.#settling);
  }

  #takes(subscription: SubscriptionRecord, message: PublishedMessage): boolean {
    const filter = this.#subscriptions.filter(subscription);
    if (filter === undefined) return true;
    const subject = filterSubject(message, subscription);
    return subject !== undefined && filter(subject);
  }

  #enqueue(subscriptionArn: string, delivery: Delivery): void {
    let line = this.#lines.get(subscriptionArn);
    if (line === undefined) {
      line = { waiting: [], running: 0, timers: new Set() };
      this.#lines.set(subscriptionArn, line);
    }
    if (line.waiting.length >= HELD_DELIVERIES) delivery.message = undefined;
    line.waiting.push(delivery);
    this.#run(subscriptionArn, line);
  }

  #run(subscriptionArn: string, line: Line): void {
    while (!this.#stopped && line.running < CONCURRENT_DELIVERIES) {
      const delivery = line.waiting.shift();
      if (delivery === undefined) break;
      line.running++;
      const work = this.#attempt(subscriptionArn, line, delivery)
        .catch((error: unknown) => {
          this.#topics.context.log('error', 'a delivery failed inside the cloud', { error: messageOf(error) });
        })
        .finally(() => {
          line.running--;
          this.#settling.delete(work);
          this.#run(subscriptionArn, line);
        });
      this.#settling.add(work);
    }
    if (line.running === 0 && line.waiting.length === 0 && line.timers.size === 0) this.#lines.delete(subscriptionArn);
  }

  async #attempt(subscriptionArn: string, line: Line, delivery: Delivery): Promise<void> {
    const subscription = this.#subscriptions.find(subscriptionArn);
    const topic = this.#topics.find(subscription?.topicArn);
    const message = delivery.message ?? this.#messageOf(delivery.id);
    if (subscription === undefined || topic === undefined || message === undefined) {
      this.#log.remove(delivery.id);
      return;
    }
    try {
      await this.#targets.deliver(topic, subscription, message);
      this.#log.remove(delivery.id);
      return;
    } catch (error) {
      if (!(error instanceof DeliveryFailure)) throw error;
      const delay = error.permanent ? undefined : this.#delay(subscription, topic.attributes.DeliveryPolicy, delivery);
      if (delay !== undefined) {
        delivery.retries++;
        this.#later(subscriptionArn, line, delivery, delay);
        return;
      }
      await this.#giveUp(subscription, message, delivery, error);
    }
  }

  #later(subscriptionArn: string, line: Line, delivery: Delivery, delay: number): void {
    if (line.timers.size >= HELD_DELIVERIES) delivery.message = undefined;
    const timer = this.#topics.context.clock.after(delay, () => {
      line.timers.delete(timer);
      this.#lines.set(subscriptionArn, line);
      line.waiting.push(delivery);
      this.#run(subscriptionArn, line);
    });
    line.timers.add(timer);
  }

  /** ms until the next attempt; undefined when there is none. */
  #delay(subscription: SubscriptionRecord, topicPolicy: string | undefined, delivery: Delivery): number | undefined {
    if (subscription.protocol !== 'http' && subscription.protocol !== 'https') return managedDelay(delivery.retries);
    const { healthyRetryPolicy } = readSubscriptionDelivery(subscription.attributes.DeliveryPolicy, topicPolicy);
    return httpDelays(healthyRetryPolicy)[delivery.retries];
  }

  async #giveUp(
    subscription: SubscriptionRecord,
    message: PublishedMessage,
    delivery: Delivery,
    failure: DeliveryFailure,
  ): Promise<void> {
    const { context } = this.#topics;
    const topic = this.#topics.find(subscription.topicArn);
    const redrive = subscription.attributes.RedrivePolicy;
    const about = { subscription: subscription.arn, messageId: message.id, reason: failure.message };
    if (redrive !== undefined && topic !== undefined) {
      const queue = deadLetterQueue(redrive, context.account);
      try {
        await this.#targets.deadLetter(topic, subscription, message, queue);
        context.log('warn', 'a notification went to its dead-letter queue', { ...about, queue });
      } catch (error) {
        context.log('error', 'a notification reached neither its subscriber nor its dead-letter queue and is lost', {
          ...about,
          queue,
          error: messageOf(error),
        });
      }
    } else
      context.log('error', 'a notification could not be delivered and is lost: it has no dead-letter queue', about);
    this.#log.remove(delivery.id);
  }

  #messageOf(id: number): PublishedMessage | undefined {
    const bytes = this.#log.get(id);
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as Entry).m;
  }
}
