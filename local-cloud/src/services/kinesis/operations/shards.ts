import type {
  ListShardsInput,
  ListShardsOutput,
  MergeShardsInput,
  ShardFilter,
  SplitShardInput,
} from '@aws-sdk/client-kinesis';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError } from '../../../core/errors.ts';
import { invalidArgument } from '../errors.ts';
import { DEFAULT_SHARDS_PER_LIST, ITERATOR_LIFETIME, MAX_SHARDS_PER_DESCRIBE } from '../limits.ts';
import type { Shard } from '../shard.ts';
import type { Stream } from '../stream.ts';
import type { ShardRecord } from '../stream-record.ts';
import type { Streams } from '../streams.ts';
import { wireShard } from '../wire-shard.ts';

export function listShards(streams: Streams): Operation<ListShardsInput, ListShardsOutput> {
  const { clock } = streams.context;
  const nameOf = (input: ListShardsInput) =>
    input.NextToken === undefined ? input : { StreamName: decodeToken(input.NextToken).name };
  return {
    name: 'ListShards',
    authorize: (input) => streams.permissions('ListShards', nameOf(input)),
    handle(input) {
      new ConstraintViolations().range('maxResults', input.MaxResults, 1, MAX_SHARDS_PER_DESCRIBE).throwIfAny();
      const token = input.NextToken === undefined ? undefined : decodeToken(input.NextToken);
      if (token !== undefined && (input.StreamName ?? input.ExclusiveStartShardId) !== undefined) {
        throw invalidArgument('NextToken and StreamName cannot be provided together.');
      }
      if (token !== undefined && clock.now() >= token.issuedAt + ITERATOR_LIFETIME) {
        throw new AwsError('ExpiredNextTokenException', 'The NextToken has expired.', 400);
      }
      const stream = streams.require(nameOf(input));
      const after = token?.after ?? input.ExclusiveStartShardId ?? '';
      const filter = token?.filter ?? input.ShardFilter;
      const rest = stream.record.shards.filter((shard) => shard.id > after && passes(filter, shard, stream));
      const page = rest.slice(0, input.MaxResults ?? DEFAULT_SHARDS_PER_LIST);
      const more = rest.length > page.length;
      const next = { name: stream.record.name, after: page.at(-1)?.id ?? '', issuedAt: clock.now(), filter };
      return {
        Shards: page.map(wireShard),
        ...(more ? { NextToken: Buffer.from(JSON.stringify(next)).toString('base64') } : {}),
      };
    },
  };
}

interface ShardsToken {
  readonly name: string;
  readonly after: string;
  /** ms since the epoch */
  readonly issuedAt: number;
  readonly filter?: ShardFilter | undefined;
}

function decodeToken(text: string): ShardsToken {
  try {
    const token = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as ShardsToken;
    const time = token.filter?.Timestamp;
    const filter = time === undefined ? token.filter : { ...token.filter, Timestamp: new Date(time) };
    return { ...token, filter: filter as ShardFilter | undefined };
  } catch {
    throw invalidArgument('NextToken is invalid.');
  }
}

/** API reference, ShardFilter. */
function passes(filter: ShardFilter | undefined, shard: ShardRecord, stream: Stream): boolean {
  const { createdAt, closedAt = Number.POSITIVE_INFINITY } = shard;
  const time = filter?.Timestamp?.getTime();
  if (filter?.Type?.endsWith('_TIMESTAMP') && time === undefined)
    throw invalidArgument('ShardFilter needs a Timestamp.');
  switch (filter?.Type) {
    case undefined:
    case 'FROM_TRIM_HORIZON':
      return true;
    case 'AFTER_SHARD_ID':
      if (filter.ShardId === undefined) throw invalidArgument('ShardFilter AFTER_SHARD_ID needs a ShardId.');
      return shard.id > filter.ShardId;
    case 'AT_LATEST':
      return shard.endSequence === undefined;
    case 'AT_TRIM_HORIZON': {
      const horizon = Math.max(stream.horizon(), stream.record.createdAt);
      return createdAt <= horizon && closedAt > horizon;
    }
    case 'AT_TIMESTAMP':
      return createdAt <= (time as number) && closedAt > (time as number);
    case 'FROM_TIMESTAMP':
      return closedAt > (time as number);
    default:
      throw invalidArgument(`ShardFilter type ${filter?.Type} is unknown.`);
  }
}

export function splitShard(streams: Streams): Operation<SplitShardInput, object> {
  return {
    name: 'SplitShard',
    authorize: (input) => streams.permissions('SplitShard', input),
    async handle(input) {
      const stream = streams.require(input);
      const shard = resharded(stream, input.ShardToSplit);
      if (!/^(0|[1-9]\d{0,38})$/.test(input.NewStartingHashKey ?? '')) {
        throw invalidArgument('NewStartingHashKey must be a number from 0 to 2^128-1.');
      }
      const middle = BigInt(input.NewStartingHashKey as string);
      if (middle <= shard.start || middle > shard.end) {
        throw invalidArgument(
          `NewStartingHashKey ${middle} used in SplitShard() on shard ${shard.record.id} in stream ${stream.record.name} is not both greater than one plus the shard's StartingHashKey ${shard.start} and less than the shard's EndingHashKey ${shard.end}.`,
        );
      }
      await streams.reshard(
        stream,
        [shard.record],
        [
          [shard.start, middle - 1n],
          [middle, shard.end],
        ],
      );
      return {};
    },
  };
}

export function mergeShards(streams: Streams): Operation<MergeShardsInput, object> {
  return {
    name: 'MergeShards',
    authorize: (input) => streams.permissions('MergeShards', input),
    async handle(input) {
      const stream = streams.require(input);
      const first = resharded(stream, input.ShardToMerge);
      const second = resharded(stream, input.AdjacentShardToMerge);
      const [low, high] = first.start < second.start ? [first, second] : [second, first];
      if (low.end + 1n !== high.start) {
        throw invalidArgument(
          `Shards ${first.record.id} and ${second.record.id} in stream ${stream.record.name} are not an adjacent pair of shards eligible for merging.`,
        );
      }
      await streams.reshard(stream, [first.record, second.record], [[low.start, high.end]]);
      return {};
    },
  };
}

/** @throws AwsError `ResourceNotFound`, `InvalidArgument` for a closed shard, `Validation` for a stream on demand */
function resharded(stream: Stream, id: string | undefined): Shard {
  const shard = stream.shard(id);
  const { name, mode } = stream.record;
  if (mode === 'ON_DEMAND') {
    throw new AwsError(
      'ValidationException',
      `Stream ${name} is in ON_DEMAND mode: its shards are not changed by hand.`,
    );
  }
  if (!shard.open) throw invalidArgument(`Shard ${id} in stream ${name} has already been merged or split.`);
  return shard;
}
