import { hashOf } from '../../core/hash-of.ts';
import type { CloudContext } from '../../core/plugin.ts';
import type { DurableLog } from '../../core/store.ts';
import { invalidArgument, notFound, throughputExceeded } from './errors.ts';
import { MAX_HASH_KEY } from './limits.ts';
import { encodeRecord } from './record-bytes.ts';
import { Shard } from './shard.ts';
import { type StreamRecord, sequenceNumber } from './stream-record.ts';

export interface NewRecord {
  readonly partitionKey: string;
  readonly explicitHashKey: string | undefined;
  readonly data: Uint8Array;
}

export interface Receipt {
  readonly ShardId: string;
  readonly SequenceNumber: string;
}

/** One data stream: its shards and what is written to them. */
export class Stream {
  record: StreamRecord;
  readonly #context: CloudContext;
  readonly #log: DurableLog;
  readonly #shards = new Map<string, Shard>();
  /** Writes become visible one after another. */
  #visible: Promise<void> = Promise.resolve();

  constructor(context: CloudContext, log: DurableLog, record: StreamRecord) {
    this.#context = context;
    this.#log = log;
    this.record = record;
    this.configure(record);
  }

  get shards(): readonly Shard[] {
    return [...this.#shards.values()];
  }

  configure(record: StreamRecord): void {
    this.record = record;
    for (const shard of record.shards) {
      const known = this.#shards.get(shard.id);
      if (known !== undefined) known.record = shard;
      else this.#shards.set(shard.id, new Shard(shard, this.#log));
    }
    for (const id of [...this.#shards.keys()]) {
      if (!record.shards.some((shard) => shard.id === id)) this.#shards.delete(id);
    }
  }

  /** @throws AwsError `ResourceNotFound` */
  shard(id: string | undefined): Shard {
    const shard = this.#shards.get(id ?? '');
    if (shard !== undefined) return shard;
    const { name, arn } = this.record;
    throw notFound(`Could not find shard ${id} in stream ${name} under account ${arn.split(':')[4]}.`);
  }

  /**
   * Writes records that each go to the open shard of their hash key; resolves when they are on disk. A record whose shard
   * has no allowance left is answered by its error.
   */
  async put(records: readonly NewRecord[]): Promise<(Receipt | Error)[]> {
    const now = this.#context.clock.now();
    const added: { shard: Shard; logId: number }[] = [];
    const results = records.map((record): Receipt | Error => {
      const hash = hashKeyOf(record);
      const shard = this.shards.find((one) => one.open && one.holds(hash)) as Shard;
      const { partitionKey, data } = record;
      if (!shard.allowWrite(now, data.length + Buffer.byteLength(partitionKey))) {
        return throughputExceeded(
          `Rate exceeded for shard ${shard.record.id} in stream ${this.record.name} under account ${this.#context.account.accountId}.`,
        );
      }
      const { index, id } = shard.record;
      const logId = this.#log.append(
        encodeRecord({ stream: this.record.number, shard: index, arrival: now, partitionKey, data }),
      );
      shard.next = logId + 1;
      added.push({ shard, logId });
      return { ShardId: id, SequenceNumber: sequenceNumber(logId, index) };
    });
    if (added.length === 0) return results;
    const durable = this.#context.store.durable();
    const before = this.#visible;
    const visible = Promise.all([before.catch(() => {}), durable]).then(() => {
      for (const { shard, logId } of added) shard.add({ logId, arrival: now });
    });
    this.#visible = visible;
    await visible;
    return results;
  }

  /** Takes in a record that is on disk. */
  admit(logId: number, shardIndex: number, arrival: number): boolean {
    const shard = this.shards.find((one) => one.record.index === shardIndex);
    shard?.add({ logId, arrival });
    return shard !== undefined;
  }

  /** ms since the epoch: the trim horizon */
  horizon(): number {
    return this.#context.clock.now() - this.record.retention * 3_600_000;
  }

  /** Removes what is older than the stream keeps; answers closed shards that have nothing left. */
  expire(): string[] {
    const horizon = this.horizon();
    const gone: string[] = [];
    for (const shard of this.#shards.values()) {
      shard.expire(horizon);
      const { closedAt, id } = shard.record;
      if (closedAt !== undefined && closedAt < horizon && shard.empty) gone.push(id);
    }
    return gone;
  }

  purge(): void {
    for (const shard of this.#shards.values()) shard.expire(Number.POSITIVE_INFINITY);
  }
}

/** MD5 of the partition key as an integer of 128 bits, or the key that was stated. @throws AwsError `InvalidArgument` */
function hashKeyOf({ partitionKey, explicitHashKey }: NewRecord): bigint {
  if (explicitHashKey === undefined) return BigInt(`0x${hashOf('md5', partitionKey, 'hex')}`);
  if (!/^(0|[1-9]\d{0,38})$/.test(explicitHashKey) || BigInt(explicitHashKey) > MAX_HASH_KEY) {
    throw invalidArgument(
      `Invalid ExplicitHashKey. ExplicitHashKey must be in the range: [0, 2^128-1]. Specified value was ${explicitHashKey}`,
    );
  }
  return BigInt(explicitHashKey);
}
