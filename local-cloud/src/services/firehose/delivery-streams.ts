import { join } from 'node:path';
import type { Tag } from '@aws-sdk/client-firehose';
import { ConstraintViolations } from '../../core/constraint-violations.ts';
import { AwsError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import { ScratchEngine } from '../../core/sql/scratch-engine.ts';
import type { Collection } from '../../core/store.ts';
import { assumeDeliveryRole, DeliveryStream, type StreamRecord } from './delivery-stream.ts';
import type { Destination } from './destination.ts';
import { MAX_STREAM_NAME, MAX_TAGS, STREAM_NAME_PATTERN } from './limits.ts';
import { readSchema } from './table-schema.ts';

/** The delivery streams of the account. */
export class DeliveryStreams {
  readonly context: CloudContext;
  readonly #engine: ScratchEngine;
  readonly #streams = new Map<string, DeliveryStream>();
  readonly #records: Collection<StreamRecord>;

  constructor(context: CloudContext) {
    this.context = context;
    this.#engine = new ScratchEngine(join(context.dataDirectory, 'firehose', 'scratch'));
    this.#records = context.store.collection('firehose/streams');
    for (const record of this.#records.values())
      this.#streams.set(record.name, new DeliveryStream(context, this.#engine, record));
  }

  /** In order of name. */
  all(): DeliveryStream[] {
    return [...this.#streams.values()].sort((a, b) => (a.record.name < b.record.name ? -1 : 1));
  }

  find(name: string): DeliveryStream | undefined {
    return this.#streams.get(name);
  }

  /** @throws AwsError `ResourceNotFoundException` */
  require(name: string | undefined): DeliveryStream {
    const stream = this.#streams.get(name ?? '');
    if (stream === undefined) {
      throw new AwsError(
        'ResourceNotFoundException',
        `Firehose ${name} under account ${this.context.account.accountId} not found.`,
      );
    }
    return stream;
  }

  /** @throws AwsError `ResourceInUseException`, `InvalidArgumentException` when the role cannot be assumed */
  async create(
    name: string,
    settings: { destination: Destination; tags: readonly Tag[]; encrypted: boolean },
  ): Promise<DeliveryStream> {
    checkStreamName(name);
    const tags = checkTags(settings.tags);
    if (this.#streams.has(name)) {
      throw new AwsError(
        'ResourceInUseException',
        `Firehose ${name} under accountId ${this.context.account.accountId} already exists`,
      );
    }
    this.checkRole(name, settings.destination);
    await this.checkSchema(name, settings.destination);
    const record: StreamRecord = {
      name,
      number: this.#freeNumber(),
      createTime: this.context.clock.now(),
      version: 1,
      destination: settings.destination,
      tags,
      encrypted: settings.encrypted,
    };
    const stream = new DeliveryStream(this.context, this.#engine, record);
    this.#streams.set(name, stream);
    this.#records.put(name, record);
    await this.context.store.durable();
    stream.start();
    return stream;
  }

  async update(stream: DeliveryStream, destination: Destination): Promise<void> {
    const { record } = stream;
    this.checkRole(record.name, destination);
    await this.checkSchema(record.name, destination);
    record.version++;
    record.lastUpdateTime = this.context.clock.now();
    stream.reconfigure(destination);
    await this.save(record);
  }

  async save(record: StreamRecord): Promise<void> {
    this.#records.put(record.name, record);
    await this.context.store.durable();
  }

  async delete(stream: DeliveryStream): Promise<void> {
    this.#streams.delete(stream.record.name);
    await stream.destroy();
    this.#records.delete(stream.record.name);
    await this.context.store.durable();
  }

  /** Firehose assumes the role when a stream is made or changed. */
  checkRole(name: string, destination: Destination): void {
    try {
      assumeDeliveryRole(this.context, name, destination.roleArn);
    } catch (cause) {
      if (!(cause instanceof AwsError)) throw cause;
      throw new AwsError(
        'InvalidArgumentException',
        `Firehose is unable to assume role ${destination.roleArn}. Please check the role provided.`,
        400,
        { cause },
      );
    }
  }

  /** The schema is read as the role that will read it at delivery. @throws AwsError `InvalidArgumentException` */
  async checkSchema(name: string, { conversion }: Destination): Promise<void> {
    if (conversion === undefined) return;
    try {
      await readSchema(
        this.context,
        assumeDeliveryRole(this.context, name, conversion.schema.roleArn),
        conversion.schema,
      );
    } catch (cause) {
      if (!(cause instanceof AwsError) || cause.statusCode >= 500) throw cause;
      throw new AwsError(
        'InvalidArgumentException',
        `Firehose is unable to read the schema of ${conversion.schema.database}.${conversion.schema.table}: ${cause.message}`,
        400,
        { cause },
      );
    }
  }

  start(): void {
    for (const stream of this.#streams.values()) stream.start();
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#streams.values()].map((stream) => stream.stop()));
    await this.#engine.close();
  }

  #freeNumber(): number {
    const taken = new Set([...this.#records.values()].map((record) => record.number));
    let number = 1;
    while (taken.has(number)) number++;
    return number;
  }
}

/** @throws AwsError `ValidationException` */
export function checkStreamName(name: string | undefined): asserts name is string {
  new ConstraintViolations()
    .required('deliveryStreamName', name)
    .length('deliveryStreamName', name, 1, MAX_STREAM_NAME)
    .pattern('deliveryStreamName', name, STREAM_NAME_PATTERN)
    .throwIfAny();
}

/** @throws AwsError `ValidationException`, `InvalidArgumentException`, `LimitExceededException` */
export function checkTags(tags: readonly Tag[]): { Key: string; Value?: string }[] {
  if (tags.length > MAX_TAGS)
    throw new AwsError('LimitExceededException', `A stream can have at most ${MAX_TAGS} tags.`);
  const read = tags.map(({ Key, Value }, index) => {
    new ConstraintViolations()
      .required(`tags.${index + 1}.member.key`, Key)
      .length(`tags.${index + 1}.member.key`, Key, 1, 128)
      .length(`tags.${index + 1}.member.value`, Value, 0, 256)
      .throwIfAny();
    return Value === undefined ? { Key: Key as string } : { Key: Key as string, Value };
  });
  const reserved = read.find(({ Key }) => Key.toLowerCase().startsWith('aws:'));
  if (reserved !== undefined) {
    throw new AwsError('InvalidArgumentException', `Tag key '${reserved.Key}' begins with the reserved prefix 'aws:'.`);
  }
  if (new Set(read.map(({ Key }) => Key)).size !== read.length) {
    throw new AwsError('InvalidArgumentException', 'Tag keys must be unique.');
  }
  return read;
}
