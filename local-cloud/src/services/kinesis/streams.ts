import { arn } from '../../core/account.ts';
import type { Timer } from '../../core/clock.ts';
import { AwsError } from '../../core/errors.ts';
import type { Permission } from '../../core/iam/authorizer.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { Collection, DurableLog } from '../../core/store.ts';
import { invalidArgument, notFound } from './errors.ts';
import { EXPIRY_SWEEP, MAX_HASH_KEY, MAX_ON_DEMAND_STREAMS, MAX_SHARDS, MIN_RETENTION } from './limits.ts';
import { decodeRecord } from './record-bytes.ts';
import { Stream } from './stream.ts';
import { logIdOf, type ShardRecord, type StreamRecord, sequenceNumber, shardId } from './stream-record.ts';

export interface StreamReference {
  readonly StreamName?: string | undefined;
  readonly StreamARN?: string | undefined;
}

export interface StreamSettings {
  readonly mode: StreamRecord['mode'];
  readonly shards: number;
  readonly retention?: number | undefined;
  readonly keyId?: string | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
}

/** All data streams of the account. A stream is active as soon as it is created. */
export class Streams {
  readonly context: CloudContext;
  readonly #records: Collection<StreamRecord>;
  readonly #counters: Collection<number>;
  readonly #log: DurableLog;
  readonly #byName = new Map<string, Stream>();
  #sweep: Timer | undefined;

  constructor(context: CloudContext) {
    this.context = context;
    this.#records = context.store.collection('kinesis/streams');
    this.#counters = context.store.collection('kinesis/counters');
    this.#log = context.store.log('kinesis/records');
    for (const record of this.#records.values()) this.#byName.set(record.name, new Stream(context, this.#log, record));
    const byNumber = new Map([...this.#byName.values()].map((stream) => [stream.record.number, stream]));
    for (const [id, bytes] of this.#log.entries()) {
      // The empty mark of a new shard is removed as soon as it is written; a crash can leave it.
      if (bytes.length === 0) {
        this.#log.remove(id);
        continue;
      }
      const { stream, shard, arrival } = decodeRecord(bytes);
      if (byNumber.get(stream)?.admit(id, shard, arrival) !== true) this.#log.remove(id);
    }
  }

  start(): void {
    this.#sweep = this.context.clock.every(EXPIRY_SWEEP, () => this.#expire());
  }

  stop(): void {
    this.#sweep?.cancel();
  }

  /** @throws AwsError `InvalidArgument`, `ResourceInUse`, `LimitExceeded` */
  async create(name: string, settings: StreamSettings): Promise<Stream> {
    const { account, clock } = this.context;
    if (!/^[\w.-]{1,128}$/.test(name)) throw invalidArgument(`Stream name ${name} is invalid`);
    if (this.#byName.has(name)) {
      throw new AwsError('ResourceInUseException', `Stream ${name} under account ${account.accountId} already exists.`);
    }
    this.#checkLimits(settings);
    const number = (this.#counters.get('stream') ?? 0) + 1;
    this.#counters.put('stream', number);
    const now = clock.now();
    const width = (MAX_HASH_KEY + 1n) / BigInt(settings.shards);
    const shards = Array.from({ length: settings.shards }, (_, index): ShardRecord => {
      const start = width * BigInt(index);
      const end = index === settings.shards - 1 ? MAX_HASH_KEY : start + width - 1n;
      return this.#newShard(index, start, end, now);
    });
    const record: StreamRecord = {
      name,
      number,
      arn: arn(account, 'kinesis', `stream/${name}`),
      createdAt: now,
      mode: settings.mode,
      retention: settings.retention ?? MIN_RETENTION,
      ...(settings.keyId === undefined ? {} : { keyId: settings.keyId }),
      shards,
      tags: settings.tags ?? {},
    };
    this.#records.put(name, record);
    const stream = new Stream(this.context, this.#log, record);
    this.#byName.set(name, stream);
    await this.context.store.durable();
    return stream;
  }

  async change(stream: Stream, change: Partial<StreamRecord>): Promise<void> {
    const record = { ...stream.record, ...change };
    this.#records.put(record.name, record);
    stream.configure(record);
    await this.context.store.durable();
  }

  async delete(stream: Stream): Promise<void> {
    this.#byName.delete(stream.record.name);
    this.#records.delete(stream.record.name);
    stream.purge();
    await this.context.store.durable();
  }

  /** Closes shards and opens others in their place: a split (one into two) or a merge (two into one). */
  async reshard(
    stream: Stream,
    closing: readonly ShardRecord[],
    ranges: readonly (readonly [start: bigint, end: bigint])[],
  ): Promise<void> {
    const now = this.context.clock.now();
    const first = Math.max(...stream.record.shards.map((shard) => shard.index)) + 1;
    const [parent, adjacentParent] = closing;
    const children = ranges.map(([start, end], offset) => ({
      ...this.#newShard(first + offset, start, end, now),
      parent: parent?.id as string,
      ...(adjacentParent === undefined ? {} : { adjacentParent: adjacentParent.id }),
    }));
    const shards = stream.record.shards.map((shard) =>
      closing.some(({ id }) => id === shard.id)
        ? { ...shard, closedAt: now, endSequence: this.#endOf(stream, shard) }
        : shard,
    );
    await this.change(stream, { shards: [...shards, ...children] });
  }

  /** @throws AwsError `InvalidArgument`, `ResourceNotFound` */
  require({ StreamName, StreamARN }: StreamReference): Stream {
    if (StreamName === undefined && StreamARN === undefined) {
      throw invalidArgument('Either StreamName or StreamARN is required');
    }
    const name = StreamName ?? StreamARN?.split('/').at(-1) ?? '';
    const stream = this.#byName.get(name);
    if (stream === undefined || (StreamARN !== undefined && stream.record.arn !== StreamARN)) {
      throw notFound(`Stream ${name} under account ${this.context.account.accountId} not found.`);
    }
    return stream;
  }

  find(name: string): Stream | undefined {
    return this.#byName.get(name);
  }

  byNumber(number: number): Stream | undefined {
    return [...this.#byName.values()].find((stream) => stream.record.number === number);
  }

  /** In order of name. */
  all(): Stream[] {
    return [...this.#byName.values()].sort((a, b) => (a.record.name < b.record.name ? -1 : 1));
  }

  permissions(action: string, { StreamName, StreamARN }: StreamReference): Permission[] {
    const resource = StreamARN ?? arn(this.context.account, 'kinesis', `stream/${StreamName ?? '*'}`);
    return [{ action: `kinesis:${action}`, resource }];
  }

  openShards(): number {
    return this.all().reduce((sum, stream) => sum + stream.shards.filter((shard) => shard.open).length, 0);
  }

  /** Behind the last record of a shard, and behind its own start. */
  #endOf(stream: Stream, { id, index, startSequence }: ShardRecord): string {
    const start = logIdOf(startSequence, index) ?? 0;
    return sequenceNumber(Math.max(stream.shard(id).next, start + 1), index);
  }

  #newShard(index: number, start: bigint, end: bigint, now: number): ShardRecord {
    // An id of the log that no record has: shards begin before whatever is written to them.
    const marker = this.#log.append(Buffer.alloc(0));
    this.#log.remove(marker);
    return {
      id: shardId(index),
      index,
      startHash: start.toString(),
      endHash: end.toString(),
      startSequence: sequenceNumber(marker, index),
      createdAt: now,
    };
  }

  #checkLimits({ mode, shards }: StreamSettings): void {
    if (!Number.isInteger(shards) || shards < 1) throw invalidArgument('ShardCount must be at least 1');
    const { accountId } = this.context.account;
    if (this.openShards() + shards > MAX_SHARDS) {
      throw new AwsError(
        'LimitExceededException',
        `This request would exceed the shard limit for the account ${accountId}.`,
      );
    }
    const onDemand = this.all().filter((stream) => stream.record.mode === 'ON_DEMAND').length;
    if (mode === 'ON_DEMAND' && onDemand >= MAX_ON_DEMAND_STREAMS) {
      throw new AwsError('LimitExceededException', `Too many on-demand streams in the account ${accountId}.`);
    }
  }

  #expire(): void {
    for (const stream of this.#byName.values()) {
      const gone = stream.expire();
      if (gone.length === 0) continue;
      const record = { ...stream.record, shards: stream.record.shards.filter(({ id }) => !gone.includes(id)) };
      this.#records.put(record.name, record);
      stream.configure(record);
    }
  }
}
