import { AwsError, NotImplementedError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection, DurableLog } from '../../core/store.ts';
import { invalidParameter, invalidValue, missingParameter, queueDoesNotExist } from './errors.ts';
import { BODY_CACHE_BYTES, PURGE_INTERVAL, RECREATION_WAIT } from './limits.ts';
import { decodePlace } from './message-record.ts';
import { Queue } from './queue.ts';
import {
  type AttributeMap,
  applyAttributes,
  defaultIntegers,
  type QueueConfiguration,
  queueArn,
} from './queue-configuration.ts';
import { BodyCache, type QueueHost } from './queue-host.ts';

/** All queues of the account: created, found by URL or ARN, kept on disk. */
export class QueueDirectory {
  readonly context: CloudContext;
  readonly #kept: Collection<QueueConfiguration>;
  readonly #deletedAt: Collection<number>;
  readonly #counters: Collection<number>;
  readonly #messages: DurableLog;
  readonly #host: QueueHost;
  readonly #byName = new Map<string, Queue>();
  /** URLs seen so far: the hot path finds a queue without parsing. */
  readonly #byUrl = new Map<string, Queue>();

  constructor(context: CloudContext) {
    this.context = context;
    const { store, clock, meter } = context;
    this.#kept = store.collection('sqs/queues');
    this.#deletedAt = store.collection('sqs/deleted');
    this.#counters = store.collection('sqs/counters');
    this.#messages = store.log('sqs/messages');
    this.#host = {
      clock,
      meter,
      messages: this.#messages,
      receives: store.collection('sqs/receives'),
      bodies: new BodyCache(BODY_CACHE_BYTES),
      report: context.log,
      durable: () => store.durable(),
      findByArn: (arn) => this.findByArn(arn),
    };
    for (const configuration of this.#kept.values()) this.#open(configuration);
    this.#recover();
  }

  /**
   * Creates a queue, or answers the existing one when the attributes given agree with it.
   * @throws AwsError `QueueNameExists`, `QueueDeletedRecently` and those of the attributes
   */
  async create(name: string, attributes: AttributeMap, tags: Readonly<Record<string, string>>): Promise<Queue> {
    if (name.endsWith('.fifo') || attributes.FifoQueue === 'true') refuseFifo(name, attributes);
    if (!/^[A-Za-z0-9_-]{1,80}$/.test(name)) {
      throw invalidParameter('Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length');
    }
    const now = this.context.clock.now();
    const existing = this.#byName.get(name);
    if (existing !== undefined) {
      this.#requireSame(existing.configuration, attributes);
      return existing;
    }
    if (now < (this.#deletedAt.get(name) ?? Number.NEGATIVE_INFINITY) + RECREATION_WAIT * 1000) {
      throw new AwsError(
        'QueueDeletedRecently',
        'You must wait 60 seconds after deleting a queue before you can create another with the same name.',
        400,
      );
    }
    const configuration = this.#configured(
      {
        name,
        number: this.#nextNumber(),
        handleKey: this.context.entropy.bytes(8).toString('hex'),
        createdAt: now,
        modifiedAt: now,
        integers: defaultIntegers(),
        sqsManagedSseEnabled: true,
        tags,
      },
      attributes,
    );
    this.#deletedAt.delete(name);
    this.#kept.put(name, configuration);
    const queue = this.#open(configuration);
    await this.context.store.durable();
    return queue;
  }

  async configure(queue: Queue, attributes: AttributeMap): Promise<void> {
    await this.#change(queue, {
      ...this.#configured(queue.configuration, attributes),
      modifiedAt: this.context.clock.now(),
    });
  }

  async tag(queue: Queue, tags: Readonly<Record<string, string>>): Promise<void> {
    await this.#change(queue, { ...queue.configuration, tags });
  }

  /** @throws AwsError `PurgeQueueInProgress` within 60 seconds of the purge before */
  async purge(queue: Queue): Promise<void> {
    const { name, purgedAt } = queue.configuration;
    const now = this.context.clock.now();
    if (purgedAt !== undefined && now < purgedAt + PURGE_INTERVAL * 1000) {
      throw new AwsError(
        'PurgeQueueInProgress',
        `Only one PurgeQueue operation on ${name} is allowed every 60 seconds.`,
        403,
      );
    }
    queue.purge();
    await this.#change(queue, { ...queue.configuration, purgedAt: now });
  }

  async delete(queue: Queue): Promise<void> {
    const { name } = queue.configuration;
    queue.close(queueDoesNotExist());
    queue.purge();
    this.#byName.delete(name);
    this.#byUrl.clear();
    this.#kept.delete(name);
    this.#deletedAt.put(name, this.context.clock.now());
    await this.context.store.durable();
  }

  /**
   * Any scheme and host whose path is `/<account>/<name>`.
   * @throws AwsError `QueueDoesNotExist`
   */
  byUrl(url: string | undefined): Queue {
    if (url === undefined || url === '') throw missingParameter('QueueUrl');
    const known = this.#byUrl.get(url);
    if (known !== undefined) return known;
    const [, account, name] = /^https?:\/\/[^/]+\/([^/]+)\/([^/]+)$/.exec(url) ?? [];
    const queue = account === this.context.account.accountId && name !== undefined ? this.#byName.get(name) : undefined;
    if (queue === undefined) throw queueDoesNotExist();
    this.#byUrl.set(url, queue);
    return queue;
  }

  findByName(name: string): Queue | undefined {
    return this.#byName.get(name);
  }

  findByArn(arn: string): Queue | undefined {
    const queue = this.#byName.get(arn.slice(arn.lastIndexOf(':') + 1));
    return queue?.arn === arn ? queue : undefined;
  }

  url(queue: Queue): string {
    const { apiUrl } = this.context.ports.get('endpoints');
    return `${apiUrl}/${this.context.account.accountId}/${queue.configuration.name}`;
  }

  /** By name. */
  all(): Queue[] {
    return [...this.#byName.values()].sort((a, b) => (a.configuration.name < b.configuration.name ? -1 : 1));
  }

  /** Queues whose redrive policy names this one. */
  sourcesOf(queue: Queue): Queue[] {
    return this.all().filter((other) => other.configuration.redrivePolicy?.deadLetterTargetArn === queue.arn);
  }

  /** Ends timers and waiting receives; messages stay. */
  stop(): void {
    for (const queue of this.#byName.values()) queue.close();
  }

  #open(configuration: QueueConfiguration): Queue {
    const queue = new Queue(this.#host, queueArn(this.context.account, configuration.name), configuration);
    this.#byName.set(configuration.name, queue);
    return queue;
  }

  /** Gives every message on disk back to its queue; what a deleted queue left behind is cleared away. */
  #recover(): void {
    const byNumber = new Map([...this.#byName.values()].map((queue) => [queue.configuration.number, queue]));
    for (const [id, record] of this.#messages.entries()) {
      const place = decodePlace(record);
      const queue = byNumber.get(place.queueNumber);
      if (queue === undefined) this.#messages.remove(id);
      else queue.admit(id, record.length, place, undefined);
    }
  }

  async #change(queue: Queue, configuration: QueueConfiguration): Promise<void> {
    this.#kept.put(configuration.name, configuration);
    queue.configure(configuration);
    await this.context.store.durable();
  }

  #configured(current: QueueConfiguration, attributes: AttributeMap): QueueConfiguration {
    const next = applyAttributes(current, attributes, this.context.account);
    const redrive = attributes.RedrivePolicy;
    if (redrive === undefined || next.redrivePolicy === undefined) return next;
    const target = this.findByArn(next.redrivePolicy.deadLetterTargetArn);
    if (target === undefined) throw invalidValue(redrive, 'RedrivePolicy', 'Dead letter target does not exist.');
    const allow = target.configuration.redriveAllowPolicy;
    const self = queueArn(this.context.account, next.name);
    if (allow?.redrivePermission === 'denyAll' || allow?.sourceQueueArns?.includes(self) === false) {
      throw invalidValue(redrive, 'RedrivePolicy', 'Queue is not allowed to redrive to the dead-letter target.');
    }
    return next;
  }

  #requireSame(existing: QueueConfiguration, attributes: AttributeMap): void {
    const asked = this.#configured(existing, attributes);
    for (const name of Object.keys(attributes)) {
      if (attributeOf(asked, name) !== attributeOf(existing, name)) {
        throw new AwsError(
          'QueueNameExists',
          `A queue already exists with the same name and a different value for attribute ${name}`,
          400,
        );
      }
    }
  }

  #nextNumber(): number {
    const number = (this.#counters.get('queue') ?? 0) + 1;
    this.#counters.put('queue', number);
    return number;
  }
}

function attributeOf(configuration: QueueConfiguration, name: string): string {
  const { integers, policy, redrivePolicy, redriveAllowPolicy, sqsManagedSseEnabled } = configuration;
  const others: Record<string, unknown> = {
    Policy: policy,
    RedrivePolicy: redrivePolicy,
    RedriveAllowPolicy: redriveAllowPolicy,
    SqsManagedSseEnabled: sqsManagedSseEnabled,
  };
  return JSON.stringify(name in integers ? integers[name as keyof typeof integers] : (others[name] ?? null));
}

function refuseFifo(name: string, attributes: AttributeMap): never {
  if (name.endsWith('.fifo') && attributes.FifoQueue === 'true') throw new NotImplementedError('SQS FIFO queues');
  throw invalidParameter(
    name.endsWith('.fifo')
      ? 'Can only include alphanumeric characters, hyphens, or underscores. 1 to 80 in length'
      : 'The name of a FIFO queue can only include alphanumeric characters, hyphens, or underscores, must end with .fifo suffix and be 1 to 80 in length.',
  );
}
