/** A shard as it is kept on disk. Hash keys and sequence numbers are decimal text. */
export interface ShardRecord {
  /** `shardId-000000000000` */
  readonly id: string;
  readonly index: number;
  readonly parent?: string;
  readonly adjacentParent?: string;
  readonly startHash: string;
  readonly endHash: string;
  readonly startSequence: string;
  /** Set when the shard was split or merged. */
  readonly endSequence?: string;
  /** ms since the epoch */
  readonly createdAt: number;
  readonly closedAt?: number;
}

/** A stream as it is kept on disk. */
export interface StreamRecord {
  readonly name: string;
  /** Tag of its records in the log; never given out twice. */
  readonly number: number;
  readonly arn: string;
  /** ms since the epoch */
  readonly createdAt: number;
  readonly mode: 'PROVISIONED' | 'ON_DEMAND';
  /** hours */
  readonly retention: number;
  /** Key of the service itself, when it encrypts. */
  readonly keyId?: string;
  readonly shards: readonly ShardRecord[];
  readonly tags: Readonly<Record<string, string>>;
}

/**
 * Sequence numbers grow with the place in the log: `2 << 184 | log id << 64 | shard << 4 | 2`, which has the 56 digits
 * that AWS's have.
 */
export function sequenceNumber(logId: number, shard: number): string {
  return ((2n << 184n) | (BigInt(logId) << 64n) | (BigInt(shard) << 4n) | 2n).toString();
}

/** Place in the log; undefined for what is no sequence number of the shard. */
export function logIdOf(sequence: string, shard: number): number | undefined {
  if (!/^\d{56}$/.test(sequence)) return undefined;
  const id = Number((BigInt(sequence) >> 64n) & ((1n << 64n) - 1n));
  return Number.isSafeInteger(id) && sequenceNumber(id, shard) === sequence ? id : undefined;
}

export function shardId(index: number): string {
  return `shardId-${String(index).padStart(12, '0')}`;
}
