import { uuid } from '../../core/entropy.ts';
import { AwsError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { invalidParameter, subscriptionNotFound } from './errors.ts';
import { compileFilterPolicy, type FilterPolicy } from './filter-policy.ts';
import { CONFIRMATION_LIFETIME, MAX_FILTER_POLICIES_PER_TOPIC } from './limits.ts';
import type { Protocol, SubscriptionRecord, TopicRecord } from './records.ts';
import { applySubscriptionAttributes } from './subscription-attributes.ts';

export interface NewSubscription {
  readonly protocol: Protocol;
  readonly endpoint: string;
  readonly attributes: Readonly<Record<string, string>>;
}

interface EndedSubscription {
  readonly record: SubscriptionRecord;
  /** ms since the epoch */
  readonly since: number;
}

/** Queues, functions and delivery streams of the account are subscribed at once; others confirm. */
const CONFIRMED_AT_ONCE: readonly Protocol[] = ['sqs', 'lambda', 'firehose'];

/** All subscriptions of the account. A pending one that is not confirmed in two days is gone. */
export class Subscriptions {
  readonly context: CloudContext;
  readonly #records: Collection<SubscriptionRecord>;
  /** By topic, then by subscription ARN. */
  readonly #byTopic = new Map<string, Map<string, SubscriptionRecord>>();
  /** Compiled filter policies, by subscription ARN. */
  readonly #filters = new Map<string, FilterPolicy>();
  /** Web subscriptions that were ended, by the token that brings them back. */
  readonly #ended: Collection<EndedSubscription>;

  constructor(context: CloudContext) {
    this.context = context;
    this.#records = context.store.collection('sns/subscriptions');
    this.#ended = context.store.collection('sns/ended-subscriptions');
    for (const record of this.#records.values()) this.#index(record);
  }

  /** @throws AwsError `InvalidParameter`, `FilterPolicyLimitExceeded` */
  async subscribe(topic: TopicRecord, asked: NewSubscription): Promise<SubscriptionRecord> {
    const { account, clock, entropy } = this.context;
    const { protocol, endpoint } = asked;
    const attributes = applySubscriptionAttributes({}, asked.attributes, protocol, account);
    const known = this.ofTopic(topic.arn).find((one) => one.protocol === protocol && one.endpoint === endpoint);
    if (known !== undefined) {
      const differs = Object.entries(asked.attributes).some(
        ([name, value]) => known.attributes[name as keyof typeof known.attributes] !== value,
      );
      if (differs && known.pending === undefined) {
        throw invalidParameter('Attributes Reason: Subscription already exists with different attributes');
      }
      return known;
    }
    this.#checkFilterCount(topic.arn, attributes.FilterPolicy);
    const confirmed = CONFIRMED_AT_ONCE.includes(protocol);
    const record: SubscriptionRecord = {
      arn: `${topic.arn}:${uuid(entropy)}`,
      topicArn: topic.arn,
      protocol,
      endpoint,
      owner: account.accountId,
      attributes,
      ...(confirmed ? {} : { pending: { token: entropy.bytes(128).toString('hex'), since: clock.now() } }),
      confirmationWasAuthenticated: confirmed,
      authenticateOnUnsubscribe: false,
    };
    await this.put(record);
    return record;
  }

  /** @throws AwsError `InvalidParameter` for a token that is unknown or out of date */
  async confirm(topicArn: string, token: string | undefined, authenticate: boolean): Promise<SubscriptionRecord> {
    const all = this.ofTopic(topicArn);
    const confirmed = all.find((one) => one.confirmedBy === token && token !== undefined);
    if (confirmed !== undefined) return confirmed;
    const waiting = all.find((one) => one.pending?.token === token) ?? this.#endedBy(topicArn, token);
    if (waiting === undefined || token === undefined) throw invalidParameter('Token');
    this.#ended.delete(token);
    const { pending: _pending, ...rest } = waiting;
    const record: SubscriptionRecord = {
      ...rest,
      confirmedBy: token,
      confirmationWasAuthenticated: authenticate,
      authenticateOnUnsubscribe: authenticate,
    };
    await this.put(record);
    return record;
  }

  find(subscriptionArn: string | undefined): SubscriptionRecord | undefined {
    const record = subscriptionArn === undefined ? undefined : this.#records.get(subscriptionArn);
    return record === undefined || this.#expired(record) ? undefined : record;
  }

  /** @throws AwsError `InvalidParameter` for what is no ARN of a subscription, `NotFound` */
  require(subscriptionArn: string | undefined): SubscriptionRecord {
    const record = this.find(subscriptionArn);
    if (record !== undefined) return record;
    if (!/^arn:aws:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}:[\w-]+$/.test(subscriptionArn ?? '')) {
      throw invalidParameter('SubscriptionArn');
    }
    throw subscriptionNotFound();
  }

  async setAttributes(record: SubscriptionRecord, given: Readonly<Record<string, string | undefined>>): Promise<void> {
    const attributes = applySubscriptionAttributes(record.attributes, given, record.protocol, this.context.account);
    if (record.attributes.FilterPolicy === undefined) this.#checkFilterCount(record.topicArn, attributes.FilterPolicy);
    await this.put({ ...record, attributes });
  }

  async put(record: SubscriptionRecord): Promise<void> {
    this.#records.put(record.arn, record);
    this.#index(record);
    await this.context.store.durable();
  }

  /** With a token the subscription can be confirmed again. */
  async delete(record: SubscriptionRecord, token?: string): Promise<void> {
    this.#remove(record);
    if (token !== undefined) this.#ended.put(token, { record, since: this.context.clock.now() });
    await this.context.store.durable();
  }

  /** Those that are not out of date, in order of ARN. */
  ofTopic(topicArn: string): SubscriptionRecord[] {
    return this.#live(this.#byTopic.get(topicArn)?.values() ?? []);
  }

  all(): SubscriptionRecord[] {
    return this.#live(this.#records.values());
  }

  /** Confirmed subscriptions of a topic, in no order: the way of every message. */
  confirmed(topicArn: string): Iterable<SubscriptionRecord> {
    return this.#byTopic.get(topicArn)?.values() ?? [];
  }

  /** Whether the subscription takes a message; undefined when it has no filter policy. */
  filter(record: SubscriptionRecord): FilterPolicy | undefined {
    const text = record.attributes.FilterPolicy;
    if (text === undefined) return undefined;
    let filter = this.#filters.get(record.arn);
    if (filter === undefined) {
      const scope = record.attributes.FilterPolicyScope === 'MessageBody' ? 'MessageBody' : 'MessageAttributes';
      filter = compileFilterPolicy(text, scope);
      this.#filters.set(record.arn, filter);
    }
    return filter;
  }

  #endedBy(topicArn: string, token: string | undefined): SubscriptionRecord | undefined {
    const now = this.context.clock.now();
    for (const [key, { since }] of [...this.#ended.entries()]) {
      if (now >= since + CONFIRMATION_LIFETIME) this.#ended.delete(key);
    }
    const ended = token === undefined ? undefined : this.#ended.get(token);
    return ended?.record.topicArn === topicArn ? ended.record : undefined;
  }

  #live(records: Iterable<SubscriptionRecord>): SubscriptionRecord[] {
    const live: SubscriptionRecord[] = [];
    for (const record of [...records]) {
      if (this.#expired(record)) this.#remove(record);
      else live.push(record);
    }
    return live.sort((a, b) => (a.arn < b.arn ? -1 : 1));
  }

  #expired({ pending }: SubscriptionRecord): boolean {
    return pending !== undefined && this.context.clock.now() >= pending.since + CONFIRMATION_LIFETIME;
  }

  #remove(record: SubscriptionRecord): void {
    this.#records.delete(record.arn);
    this.#filters.delete(record.arn);
    const siblings = this.#byTopic.get(record.topicArn);
    siblings?.delete(record.arn);
    if (siblings?.size === 0) this.#byTopic.delete(record.topicArn);
  }

  #index(record: SubscriptionRecord): void {
    this.#filters.delete(record.arn);
    let siblings = this.#byTopic.get(record.topicArn);
    if (siblings === undefined) {
      siblings = new Map();
      this.#byTopic.set(record.topicArn, siblings);
    }
    siblings.set(record.arn, record);
  }

  #checkFilterCount(topicArn: string, filter: string | undefined): void {
    if (filter === undefined) return;
    const count = this.ofTopic(topicArn).filter((one) => one.attributes.FilterPolicy !== undefined).length;
    if (count < MAX_FILTER_POLICIES_PER_TOPIC) return;
    throw new AwsError('FilterPolicyLimitExceededException', 'Filter policy limit exceeded', 403);
  }
}
