import type { Shard } from '@aws-sdk/client-kinesis';
import type { ShardRecord } from './stream-record.ts';

/** A shard as DescribeStream and ListShards answer it. */
export function wireShard(shard: ShardRecord): Shard {
  return {
    ShardId: shard.id,
    ...(shard.parent === undefined ? {} : { ParentShardId: shard.parent }),
    ...(shard.adjacentParent === undefined ? {} : { AdjacentParentShardId: shard.adjacentParent }),
    HashKeyRange: { StartingHashKey: shard.startHash, EndingHashKey: shard.endHash },
    SequenceNumberRange: {
      StartingSequenceNumber: shard.startSequence,
      ...(shard.endSequence === undefined ? {} : { EndingSequenceNumber: shard.endSequence }),
    },
  };
}
