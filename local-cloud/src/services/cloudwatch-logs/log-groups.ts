import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ConstraintViolations } from '../../core/constraint-violations.ts';
import { AwsError, NotImplementedError } from '../../core/errors.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection } from '../../core/store.ts';
import {
  DAY_MS,
  LOG_GROUP_NAME_PATTERN,
  LOG_STREAM_NAME_PATTERN,
  MAX_LOG_GROUP_NAME,
  MAX_LOG_STREAM_NAME,
  RETENTION_DAYS,
} from './limits.ts';
import { StreamEvents, type StreamState } from './stream-events.ts';

export type LogClass = 'STANDARD' | 'INFREQUENT_ACCESS';

export interface LogGroupRecord {
  name: string;
  creationTime: number;
  retentionInDays?: number | undefined;
  logGroupClass: LogClass;
  tags: Record<string, string>;
}

interface LogStreamRecord extends StreamState {
  readonly id: number;
  readonly group: string;
  readonly name: string;
  readonly creationTime: number;
  lastIngestionTime?: number;
}

export interface LogStream {
  readonly record: LogStreamRecord;
  readonly events: StreamEvents;
}

export interface LogGroup {
  readonly record: LogGroupRecord;
  readonly streams: Map<string, LogStream>;
}

/** Log groups and streams of the account. Control-plane state in the store, events in files. */
export class LogGroups {
  readonly #context: CloudContext;
  readonly #groups = new Map<string, LogGroup>();
  readonly #groupRecords: Collection<LogGroupRecord>;
  readonly #streamRecords: Collection<LogStreamRecord>;
  readonly #directory: string;
  #nextStreamId = 1;

  constructor(context: CloudContext) {
    this.#context = context;
    this.#directory = join(context.dataDirectory, 'cloudwatch-logs');
    this.#groupRecords = context.store.collection('cloudwatch-logs/groups');
    this.#streamRecords = context.store.collection('cloudwatch-logs/streams');
    mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
    for (const record of this.#groupRecords.values()) this.#groups.set(record.name, { record, streams: new Map() });
    for (const record of this.#streamRecords.values()) {
      this.#nextStreamId = Math.max(this.#nextStreamId, record.id + 1);
      this.#groups.get(record.group)?.streams.set(record.name, this.#open(record));
    }
    // A crash in the middle of a deletion leaves files that no record names.
    for (const name of readdirSync(this.#directory)) {
      if (!this.#streamRecords.has(name)) rmSync(join(this.#directory, name), { recursive: true, force: true });
    }
  }

  /** In order of name. */
  all(): LogGroup[] {
    return [...this.#groups.values()].sort((a, b) => (a.record.name < b.record.name ? -1 : 1));
  }

  find(name: string): LogGroup | undefined {
    return this.#groups.get(name);
  }

  /** @throws AwsError `ResourceNotFoundException` */
  require(name: string): LogGroup {
    const group = this.#groups.get(name);
    if (group === undefined) throw notFound('The specified log group does not exist.');
    return group;
  }

  /** @throws AwsError `ResourceNotFoundException` */
  requireStream(group: LogGroup, name: string): LogStream {
    const stream = group.streams.get(name);
    if (stream === undefined) throw notFound('The specified log stream does not exist.');
    return stream;
  }

  create(
    name: string,
    options: { logGroupClass?: string | undefined; tags?: Record<string, string> | undefined },
  ): LogGroup {
    new ConstraintViolations()
      .required('logGroupName', name)
      .length('logGroupName', name, 1, MAX_LOG_GROUP_NAME)
      .pattern('logGroupName', name, LOG_GROUP_NAME_PATTERN)
      .oneOf('logGroupClass', options.logGroupClass, ['STANDARD', 'INFREQUENT_ACCESS', 'ESSENTIALS', 'DELIVERY'])
      .throwIfAny('InvalidParameterException');
    const logGroupClass = options.logGroupClass ?? 'STANDARD';
    if (logGroupClass !== 'STANDARD' && logGroupClass !== 'INFREQUENT_ACCESS') {
      throw new NotImplementedError(`logGroupClass '${logGroupClass}'`);
    }
    if (this.#groups.has(name)) {
      throw new AwsError('ResourceAlreadyExistsException', 'The specified log group already exists');
    }
    const record: LogGroupRecord = {
      name,
      creationTime: this.#context.clock.now(),
      logGroupClass,
      tags: { ...options.tags },
    };
    const group: LogGroup = { record, streams: new Map() };
    this.#groups.set(name, group);
    this.save(record);
    return group;
  }

  save(record: LogGroupRecord): void {
    this.#groupRecords.put(record.name, record);
  }

  /** `undefined` keeps events for ever. */
  setRetention(group: LogGroup, days: number | undefined): void {
    new ConstraintViolations().oneOf('retentionInDays', days, RETENTION_DAYS).throwIfAny('InvalidParameterException');
    group.record.retentionInDays = days;
    this.save(group.record);
  }

  /** Time before which events of the group have expired; 0 when they never do. */
  expiry(group: LogGroup): number {
    const days = group.record.retentionInDays;
    return days === undefined ? 0 : this.#context.clock.now() - days * DAY_MS;
  }

  async delete(group: LogGroup): Promise<void> {
    this.#groups.delete(group.record.name);
    this.#groupRecords.delete(group.record.name);
    await Promise.all([...group.streams.values()].map((stream) => this.#destroy(stream)));
  }

  createStream(group: LogGroup, name: string): LogStream {
    new ConstraintViolations()
      .required('logStreamName', name)
      .length('logStreamName', name, 1, MAX_LOG_STREAM_NAME)
      .pattern('logStreamName', name, LOG_STREAM_NAME_PATTERN)
      .throwIfAny('InvalidParameterException');
    if (group.streams.has(name)) {
      throw new AwsError('ResourceAlreadyExistsException', 'The specified log stream already exists');
    }
    const record: LogStreamRecord = {
      id: this.#nextStreamId++,
      group: group.record.name,
      name,
      creationTime: this.#context.clock.now(),
      nextSequence: 0,
      segments: [],
    };
    const stream = this.#open(record);
    group.streams.set(name, stream);
    this.#streamRecords.put(String(record.id), record);
    return stream;
  }

  async deleteStream(group: LogGroup, stream: LogStream): Promise<void> {
    group.streams.delete(stream.record.name);
    await this.#destroy(stream);
  }

  /** Removes what has outlived its group's retention. */
  async expire(): Promise<void> {
    for (const group of this.#groups.values()) {
      const cutoff = this.expiry(group);
      if (cutoff > 0) for (const stream of group.streams.values()) await stream.events.removeBefore(cutoff);
    }
  }

  async settle(): Promise<void> {
    for (const group of this.#groups.values())
      for (const stream of group.streams.values()) await stream.events.settle();
  }

  #open(record: LogStreamRecord): LogStream {
    const key = String(record.id);
    const events = new StreamEvents(join(this.#directory, key), record, () => {
      if (this.#streamRecords.has(key)) this.#streamRecords.put(key, record);
    });
    return { record, events };
  }

  async #destroy(stream: LogStream): Promise<void> {
    this.#streamRecords.delete(String(stream.record.id));
    await stream.events.destroy();
  }
}

function notFound(message: string): AwsError {
  return new AwsError('ResourceNotFoundException', message);
}
