import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { arn } from '../../core/account.ts';
import type { Timer } from '../../core/clock.ts';
import { AwsError, messageOf } from '../../core/errors.ts';
import type { AssumedRole } from '../../core/iam/principal.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { ScratchEngine } from '../../core/sql/scratch-engine.ts';
import { compileDatePattern } from './date-pattern.ts';
import type { Destination } from './destination.ts';
import { FIRST_RETRY_MS, MAX_RETRY_MS, RETENTION_MS } from './limits.ts';
import { compileErrorPrefix, compilePrefix, type ErrorType } from './object-prefix.ts';
import { recordsOf, type Separation } from './record-block.ts';
import { type Chunk, RecordBuffer } from './record-buffer.ts';
import { idle, type StreamActivity } from './stream-activity.ts';
import { StructuredDelivery } from './structured-delivery.ts';
import { readSchema } from './table-schema.ts';

export interface StreamRecord {
  readonly name: string;
  /** Names the stream's log; the lowest free number, so that logs are used again. */
  readonly number: number;
  readonly createTime: number;
  lastUpdateTime?: number;
  version: number;
  destination: Destination;
  tags: { Key: string; Value?: string }[];
  /** Encryption at rest by the service's own key was asked for; it is recorded. */
  encrypted: boolean;
}

const compress = promisify(gzip);
const SUFFIX_TIME = compileDatePattern('yyyy-MM-dd-HH-mm-ss');

/**
 * One delivery stream: takes records, and writes them to its bucket as its role when the buffer is full or its time
 * has come ("BufferingHints"). What cannot be delivered is tried again for 24 hours and then lost, as on AWS.
 * Delivery is at least once; after a crash the same records go to the same key.
 */
export class DeliveryStream {
  readonly record: StreamRecord;
  readonly arn: string;
  readonly #context: CloudContext;
  readonly #buffer: RecordBuffer;
  readonly #engine: ScratchEngine;
  #separation: Separation;
  #prefix: ReturnType<typeof compilePrefix>;
  #timer: Timer | undefined;
  #delivering: Promise<void> | undefined;
  #retryAt = 0;
  #retryDelay = FIRST_RETRY_MS;
  #flushAll = false;
  #stopped = true;
  #activity = idle();

  constructor(context: CloudContext, engine: ScratchEngine, record: StreamRecord) {
    this.#context = context;
    this.#engine = engine;
    this.record = record;
    this.arn = streamArn(context, record.name);
    this.#prefix = compilePrefix(record.destination.prefix);
    this.#separation = separationOf(record.destination);
    this.#buffer = new RecordBuffer(context.store, `firehose/stream-${record.number}`, context.clock, () =>
      this.#check(),
    );
  }

  /** Begins to deliver, with what an earlier run has left. */
  start(): void {
    this.#stopped = false;
    this.#check();
  }

  /** Stops delivering; records stay where they are. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#delivering;
  }

  /** Resolves when the record is on disk. */
  put(data: Uint8Array): Promise<void> {
    this.#activity.records++;
    this.#activity.bytes += data.length;
    return this.#buffer.append(data, this.#separation);
  }

  /** ms since the epoch: arrival of the oldest record that waits */
  get oldest(): number | undefined {
    return this.#buffer.oldest;
  }

  takeActivity(): StreamActivity {
    const activity = this.#activity;
    this.#activity = idle();
    return activity;
  }

  /** Takes over a changed destination; buffered records go to the new one. */
  reconfigure(destination: Destination): void {
    this.record.destination = destination;
    this.#prefix = compilePrefix(destination.prefix);
    this.#separation = separationOf(destination);
    this.#retryAt = 0;
    this.#retryDelay = FIRST_RETRY_MS;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#check();
  }

  /** One attempt to deliver what is buffered, then the rest is dropped. */
  async destroy(): Promise<void> {
    this.#flushAll = true;
    this.#retryAt = 0;
    this.#check();
    await this.#delivering;
    await this.stop();
    this.#buffer.clear();
  }

  /** The role that the stream writes as. @throws AwsError when it cannot be assumed */
  assumeRole(destination = this.record.destination): AssumedRole {
    return assumeDeliveryRole(this.#context, this.record.name, destination.roleArn);
  }

  #check(): void {
    if (this.#stopped || this.#delivering !== undefined || this.#buffer.oldest === undefined) return;
    const { clock } = this.#context;
    const due = Math.max(this.#isFull() || this.#flushAll ? 0 : this.#timeIsUp(), this.#retryAt);
    if (due <= clock.now()) {
      this.#timer?.cancel();
      this.#timer = undefined;
      this.#delivering = this.#deliver().finally(() => {
        this.#delivering = undefined;
        this.#check();
      });
      return;
    }
    this.#timer ??= clock.after(due - clock.now(), () => {
      this.#timer = undefined;
      this.#check();
    });
  }

  #isFull(): boolean {
    return this.#buffer.bytes >= this.#maxBytes();
  }

  #maxBytes(): number {
    return this.record.destination.bufferMebibytes * 1024 ** 2;
  }

  #timeIsUp(): number {
    return (this.#buffer.oldest as number) + this.record.destination.bufferSeconds * 1000;
  }

  /** Delivers everything that is due, one object after another, until it is done or an attempt fails. */
  async #deliver(): Promise<void> {
    const { clock } = this.#context;
    const flush = this.#flushAll;
    do {
      const chunk = this.#buffer.take(this.#maxBytes());
      if (chunk === undefined) return;
      try {
        await this.#write(chunk);
        this.#buffer.remove(chunk);
        this.#activity.successes++;
        this.#activity.deliveredRecords += chunk.entries.length;
        this.#retryDelay = FIRST_RETRY_MS;
        this.#retryAt = 0;
      } catch (error) {
        this.#flushAll = false;
        await this.#failed(error);
        return;
      }
    } while (
      !this.#stopped &&
      this.#buffer.oldest !== undefined &&
      (flush || this.#isFull() || this.#timeIsUp() <= clock.now())
    );
  }

  async #write(chunk: Chunk): Promise<void> {
    const { destination } = this.record;
    if (isStructured(destination)) {
      await this.#writeStructured(chunk);
      return;
    }
    const delimiter = delimiterOf(destination);
    const pieces = chunk.blocks.flatMap((block) =>
      block.framed ? [...recordsOf(block)].flatMap((record) => [record, ...delimiter]) : [block.data],
    );
    await this.#putObject(this.#keyOf(chunk), Buffer.concat(pieces));
  }

  /** All objects of the chunk, or it is delivered again: to the same keys, but for random parts of their prefixes. */
  async #writeStructured(chunk: Chunk): Promise<void> {
    const { destination, name } = this.record;
    const { conversion } = destination;
    const schemaRole = conversion && assumeDeliveryRole(this.#context, name, conversion.schema.roleArn);
    const schema = conversion && schemaRole && (await readSchema(this.#context, schemaRole, conversion.schema));
    const objects = await new StructuredDelivery(this.#context, this.#engine, destination, schema).objects(chunk);
    for (const { body, errorType, extension, keys } of objects) {
      await this.#putObject(this.#keyOf(chunk, { keys, errorType, extension }), body);
    }
  }

  async #putObject(key: string, data: Buffer): Promise<void> {
    const { destination } = this.record;
    const compressed = destination.compression === 'GZIP';
    await this.#context.api.call(this.assumeRole(), 's3', 'PutObject', {
      Bucket: bucketOf(destination),
      Key: key,
      Body: compressed ? await compress(data) : data,
      ContentType: 'application/octet-stream',
      ...(compressed ? { ContentEncoding: 'gzip' } : {}),
    });
  }

  /** Developer guide, "Configure Amazon S3 object name format". */
  #keyOf({ arrival, entries }: Chunk, part: ObjectPart = {}): string {
    const { name, version, number, createTime, destination } = this.record;
    const { errorType, keys = {} } = part;
    const moment = { at: arrival, timeZone: destination.timeZone, entropy: this.#context.entropy, keys };
    const prefix =
      errorType === undefined
        ? this.#prefix(moment)
        : compileErrorPrefix(destination.errorOutputPrefix, destination.prefix)({ ...moment, errorType });
    const compressed = destination.compression === 'GZIP' ? '.gz' : '';
    const extension = (errorType === undefined && destination.fileExtension) || `${part.extension ?? ''}${compressed}`;
    const id = stableUuid(`${number}/${createTime}/${entries[0]}`);
    return `${prefix}${name}-${version}-${SUFFIX_TIME(arrival, destination.timeZone)}-${id}${extension}`;
  }

  async #failed(error: unknown): Promise<void> {
    this.#activity.failures++;
    const now = this.#context.clock.now();
    const lost = this.#buffer.removeBefore(now - RETENTION_MS);
    this.#context.log(lost > 0 ? 'error' : 'warn', 'a delivery stream could not write to its bucket', {
      stream: this.record.name,
      reason: messageOf(error),
      recordsLost: lost,
    });
    this.#retryAt = now + this.#retryDelay;
    this.#retryDelay = Math.min(this.#retryDelay * 2, MAX_RETRY_MS);
    await this.#report(error);
  }

  /** Developer guide, "Monitor Amazon Data Firehose using CloudWatch Logs". */
  async #report(error: unknown): Promise<void> {
    const { destination, version } = this.record;
    if (destination.logging === undefined) return;
    const message = JSON.stringify({
      deliveryStreamARN: this.arn,
      destination: destination.bucketArn,
      deliveryStreamVersionId: version,
      message: messageOf(error),
      errorCode: errorCodeOf(error),
    });
    try {
      await this.#context.api.call(this.assumeRole(), 'cloudwatch-logs', 'PutLogEvents', {
        logGroupName: destination.logging.group,
        logStreamName: destination.logging.stream,
        logEvents: [{ timestamp: this.#context.clock.now(), message }],
      });
    } catch (cause) {
      this.#context.log('warn', 'a delivery stream could not write its log', {
        stream: this.record.name,
        reason: messageOf(cause),
      });
    }
  }
}

export function streamArn(context: CloudContext, name: string): string {
  return arn(context.account, 'firehose', `deliverystream/${name}`);
}

/** @throws AwsError when the role does not exist or does not trust the service */
export function assumeDeliveryRole(context: CloudContext, stream: string, roleArn: string): AssumedRole {
  const service = {
    kind: 'service',
    service: 'firehose.amazonaws.com',
    sourceArn: streamArn(context, stream),
    sourceAccount: context.account.accountId,
  } as const;
  return context.ports.get('authorizer').assumeRole(service, roleArn, 'AWSFirehose');
}

/** What tells the objects of one chunk apart. */
interface ObjectPart {
  readonly keys?: Readonly<Record<string, string>>;
  readonly errorType?: ErrorType | undefined;
  readonly extension?: string;
}

function isStructured({ conversion, partitioned }: Destination): boolean {
  return conversion !== undefined || partitioned === true;
}

/** Records that are looked into keep their bounds. */
function separationOf(destination: Destination): Separation {
  return isStructured(destination) ? 'framed' : delimiterOf(destination)[0];
}

function delimiterOf({ processing }: Destination): [] | [Buffer] {
  return processing?.delimiter === undefined ? [] : [Buffer.from(processing.delimiter)];
}

function bucketOf(destination: Destination): string {
  return destination.bucketArn.slice(destination.bucketArn.indexOf(':::') + 3);
}

/** "Amazon S3 data delivery errors". */
function errorCodeOf(error: unknown): string {
  if (!(error instanceof AwsError)) return 'InternalError';
  if (error.statusCode === 403) return 'S3.AccessDenied';
  return error.statusCode >= 500 ? 'InternalError' : `S3.${error.code}`;
}

/** The same records, delivered again after a crash, go to the same key. */
function stableUuid(text: string): string {
  const hex = createHash('sha256').update(text).digest('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20, 32)].join('-');
}
