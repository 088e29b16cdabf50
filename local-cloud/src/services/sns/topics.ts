import { arn } from '../../core/account.ts';
import type { ApiCall } from '../../core/api.ts';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import type { Permission } from '../../core/iam/authorizer.ts';
import type { ConditionKeys, PolicyDocument } from '../../core/iam/policy-document.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import { invalidParameter, topicNotFound } from './errors.ts';
import { MAX_TOPICS } from './limits.ts';
import type { TopicAttribute, TopicRecord } from './records.ts';
import { type TagInput, withTags } from './tags.ts';
import { checkTopicAttribute, defaultTopicPolicy } from './topic-attributes.ts';

/** All topics of the account. */
export class Topics {
  readonly context: CloudContext;
  readonly #records: Collection<TopicRecord>;
  /** By ARN; parsed once per version of a policy, as the authorizer keeps its compiled form by object. */
  readonly #policies = new Map<string, PolicyDocument>();

  constructor(context: CloudContext) {
    this.context = context;
    this.#records = context.store.collection('sns/topics');
  }

  /**
   * Creates a topic, or answers the one of that name when attributes and tags agree with it.
   * @throws AwsError `InvalidParameter`, `TopicLimitExceeded`
   */
  async create(
    name: string | undefined,
    attributes: Readonly<Record<string, string>>,
    tags: readonly TagInput[] | undefined,
  ): Promise<TopicRecord> {
    const topicArn = arn(this.context.account, 'sns', checkName(name, attributes));
    const known = this.#records.get(topicArn);
    const given = changedAttributes({}, attributes);
    const wanted = withTags({}, tags);
    if (known !== undefined) {
      for (const [key, value] of Object.entries(given)) {
        if (known.attributes[key as TopicAttribute] !== value) {
          throw invalidParameter('Attributes Reason: Topic already exists with different attributes');
        }
      }
      if (tags !== undefined && !sameTags(known.tags, wanted)) {
        throw invalidParameter('Tags Reason: Topic already exists with different tags');
      }
      return known;
    }
    if (this.#records.size >= MAX_TOPICS)
      throw new AwsError('TopicLimitExceededException', 'Topic limit exceeded', 403);
    const record: TopicRecord = {
      name: name as string,
      arn: topicArn,
      attributes: given,
      tags: wanted,
      deletedSubscriptions: 0,
    };
    this.#records.put(topicArn, record);
    await this.context.store.durable();
    return record;
  }

  find(topicArn: string | undefined): TopicRecord | undefined {
    return topicArn === undefined ? undefined : this.#records.get(topicArn);
  }

  /** @throws AwsError `InvalidParameter` for what is no ARN of a topic, `NotFound` */
  require(topicArn: string | undefined): TopicRecord {
    const record = this.find(topicArn);
    if (record !== undefined) return record;
    if (!/^arn:aws:sns:[a-z0-9-]+:\d{12}:[\w-]{1,256}(\.fifo)?$/.test(topicArn ?? '')) {
      throw invalidParameter('TopicArn');
    }
    throw topicNotFound();
  }

  /** In order of ARN. */
  all(): TopicRecord[] {
    return [...this.#records.values()].sort((a, b) => (a.arn < b.arn ? -1 : 1));
  }

  async setAttributes(topic: TopicRecord, given: Readonly<Record<string, string>>): Promise<void> {
    await this.put({ ...topic, attributes: changedAttributes(topic.attributes, given) });
  }

  async put(record: TopicRecord): Promise<void> {
    this.#policies.delete(record.arn);
    this.#records.put(record.arn, record);
    await this.context.store.durable();
  }

  async delete(topic: TopicRecord): Promise<void> {
    this.#policies.delete(topic.arn);
    this.#records.delete(topic.arn);
    await this.context.store.durable();
  }

  policy(topic: TopicRecord): PolicyDocument {
    let policy = this.#policies.get(topic.arn);
    if (policy === undefined) {
      const text = topic.attributes.Policy;
      policy =
        text === undefined ? defaultTopicPolicy(this.context.account, topic.arn) : (JSON.parse(text) as PolicyDocument);
      this.#policies.set(topic.arn, policy);
    }
    return policy;
  }

  /**
   * `aws:SourceOwner` is there when a service acts for this account, as an alarm does: the default policy asks for it
   * (developer guide, "Example cases for Amazon SNS access control").
   */
  permissions(
    action: string,
    topicArn: string | undefined,
    call: ApiCall,
    conditions: ConditionKeys = {},
  ): Permission[] {
    const topic = this.find(topicArn);
    const { principal } = call;
    const owner = principal.kind === 'service' ? principal.sourceAccount : undefined;
    return [
      {
        action: `sns:${action}`,
        resource: topicArn ?? '*',
        conditions: {
          ...(owner === undefined ? {} : { 'aws:SourceOwner': owner }),
          ...tagConditions(topic?.tags),
          ...conditions,
        },
        resourcePolicy: topic === undefined ? undefined : this.policy(topic),
      },
    ];
  }
}

function tagConditions(tags: Readonly<Record<string, string>> = {}): ConditionKeys {
  return Object.fromEntries(Object.entries(tags).map(([key, value]) => [`aws:ResourceTag/${key}`, value]));
}

function checkName(name: string | undefined, attributes: Readonly<Record<string, string>>): string {
  if (name?.endsWith('.fifo') && attributes.FifoTopic === 'true') throw new NotImplementedError('SNS FIFO topics');
  if (attributes.FifoTopic === 'true') {
    throw invalidParameter(
      'Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.',
    );
  }
  if (name === undefined || !/^[\w-]{1,256}$/.test(name)) throw invalidParameter('Topic Name');
  return name;
}

function changedAttributes(
  current: TopicRecord['attributes'],
  given: Readonly<Record<string, string>>,
): Partial<Record<TopicAttribute, string>> {
  const next: Partial<Record<TopicAttribute, string>> = { ...current };
  for (const [name, value] of Object.entries(given)) {
    const change = checkTopicAttribute(name, value);
    if (change === undefined) continue;
    if (change[1] === undefined) delete next[change[0]];
    else next[change[0]] = change[1];
  }
  return next;
}

function sameTags(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
}
