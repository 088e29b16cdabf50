import { uuid } from '../../core/entropy.ts';
import { messageOf } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { Deliveries } from './deliveries.ts';
import { Envelopes } from './envelope.ts';
import { composeMessage, type OutgoingMessage, type PublishedMessage } from './message.ts';
import type { SubscriptionRecord, TopicRecord } from './records.ts';
import { Signer } from './signer.ts';
import { type NewSubscription, Subscriptions } from './subscriptions.ts';
import { Targets } from './targets.ts';
import { Topics } from './topics.ts';

/** What operations, resources and the subscribers' own routes share. */
export class SnsService {
  readonly context: CloudContext;
  readonly topics: Topics;
  readonly subscriptions: Subscriptions;
  readonly signer: Signer;
  readonly deliveries: Deliveries;
  readonly #envelopes: Envelopes;
  readonly #targets: Targets;

  constructor(context: CloudContext) {
    this.context = context;
    this.topics = new Topics(context);
    this.subscriptions = new Subscriptions(context);
    this.signer = new Signer(context);
    this.#envelopes = new Envelopes(context, this.signer);
    this.#targets = new Targets(context, this.#envelopes);
    this.deliveries = new Deliveries(this.topics, this.subscriptions, this.#targets);
  }

  /** @throws AwsError of {@link composeMessage} */
  compose(message: OutgoingMessage): PublishedMessage {
    return composeMessage(message, uuid(this.context.entropy), this.context.clock.now());
  }

  /** An endpoint of the web is asked to confirm; one that this cloud cannot reach is named loudly. */
  async subscribe(topic: TopicRecord, asked: NewSubscription): Promise<SubscriptionRecord> {
    const subscription = await this.subscriptions.subscribe(topic, asked);
    const { pending, protocol } = subscription;
    if (pending === undefined) return subscription;
    if (protocol === 'http' || protocol === 'https') {
      await this.#tell('SubscriptionConfirmation', topic, subscription, pending.token);
    } else {
      this.context.log('warn', 'this cloud delivers no e-mail and no text messages: the subscription stays pending', {
        subscription: subscription.arn,
        protocol,
      });
    }
    return subscription;
  }

  /** Web endpoints are told, and can undo it for as long as a token lives. */
  async unsubscribe(subscription: SubscriptionRecord): Promise<void> {
    const web = subscription.pending === undefined && subscription.protocol.startsWith('http');
    const token = web ? this.context.entropy.bytes(128).toString('hex') : undefined;
    await this.subscriptions.delete(subscription, token);
    const topic = this.topics.find(subscription.topicArn);
    if (topic === undefined) return;
    await this.topics.put({ ...topic, deletedSubscriptions: topic.deletedSubscriptions + 1 });
    if (token !== undefined) await this.#tell('UnsubscribeConfirmation', topic, subscription, token);
  }

  async deleteTopic(topic: TopicRecord): Promise<void> {
    for (const subscription of this.subscriptions.ofTopic(topic.arn)) await this.subscriptions.delete(subscription);
    await this.topics.delete(topic);
  }

  async #tell(
    type: 'SubscriptionConfirmation' | 'UnsubscribeConfirmation',
    topic: TopicRecord,
    subscription: SubscriptionRecord,
    token: string,
  ): Promise<void> {
    const id = uuid(this.context.entropy);
    const envelope = await this.#envelopes.confirmation(type, topic, subscription, token, id);
    // The caller's answer does not wait for the endpoint.
    this.#targets.confirm(topic, subscription, envelope).catch((error: unknown) => {
      this.context.log('warn', `a subscriber could not be sent its ${type}`, {
        subscription: subscription.arn,
        reason: messageOf(error),
      });
    });
  }
}
