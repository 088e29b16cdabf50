import type {
  CreateStreamInput,
  DecreaseStreamRetentionPeriodInput,
  DeleteStreamInput,
  DescribeLimitsOutput,
  DescribeStreamInput,
  DescribeStreamOutput,
  DescribeStreamSummaryInput,
  DescribeStreamSummaryOutput,
  ListStreamsInput,
  ListStreamsOutput,
  StreamDescription,
} from '@aws-sdk/client-kinesis';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import { invalidArgument } from '../errors.ts';
import {
  DEFAULT_SHARDS_PER_DESCRIBE,
  MAX_ON_DEMAND_STREAMS,
  MAX_RETENTION,
  MAX_SHARDS,
  MAX_SHARDS_PER_DESCRIBE,
  MIN_RETENTION,
  ON_DEMAND_SHARDS,
} from '../limits.ts';
import type { Stream } from '../stream.ts';
import type { Streams } from '../streams.ts';
import { checkTags } from '../tags.ts';
import { wireShard } from '../wire-shard.ts';
import { encryptionOf } from './records.ts';

export function createStream(streams: Streams): Operation<CreateStreamInput, object> {
  return {
    name: 'CreateStream',
    authorize: (input) => streams.permissions('CreateStream', input),
    async handle(input) {
      for (const name of ['WarmThroughputMiBps', 'MaxRecordSizeInKiB'] as const) {
        if (input[name] !== undefined) throw new NotImplementedError(`Kinesis CreateStream ${name}`);
      }
      const mode = input.StreamModeDetails?.StreamMode ?? 'PROVISIONED';
      await streams.create(input.StreamName ?? '', {
        ...settingsOf(mode, input.ShardCount),
        tags: checkTags({}, input.Tags ?? {}),
      });
      return {};
    },
  };
}

/** @throws AwsError `InvalidArgument` */
export function settingsOf(
  mode: string,
  shardCount: number | undefined,
): { mode: 'PROVISIONED' | 'ON_DEMAND'; shards: number } {
  if (mode === 'ON_DEMAND') {
    if (shardCount !== undefined) throw invalidArgument('ShardCount must not be set for streams in ON_DEMAND mode.');
    return { mode, shards: ON_DEMAND_SHARDS };
  }
  if (mode !== 'PROVISIONED') throw invalidArgument(`StreamMode ${mode} is unknown`);
  if (shardCount === undefined) throw invalidArgument('ShardCount must be set for streams in PROVISIONED mode.');
  return { mode, shards: shardCount };
}

export function deleteStream(streams: Streams): Operation<DeleteStreamInput, object> {
  return {
    name: 'DeleteStream',
    authorize: (input) => streams.permissions('DeleteStream', input),
    async handle(input) {
      await streams.delete(streams.require(input));
      return {};
    },
  };
}

export function describeStream(streams: Streams): Operation<DescribeStreamInput, DescribeStreamOutput> {
  return {
    name: 'DescribeStream',
    authorize: (input) => streams.permissions('DescribeStream', input),
    handle(input) {
      new ConstraintViolations().range('limit', input.Limit, 1, MAX_SHARDS_PER_DESCRIBE).throwIfAny();
      const stream = streams.require(input);
      const rest = stream.record.shards.filter(({ id }) => id > (input.ExclusiveStartShardId ?? ''));
      const shards = rest.slice(0, input.Limit ?? DEFAULT_SHARDS_PER_DESCRIBE);
      return {
        StreamDescription: {
          ...common(stream),
          Shards: shards.map(wireShard),
          HasMoreShards: rest.length > shards.length,
        } as StreamDescription,
      };
    },
  };
}

export function describeStreamSummary(
  streams: Streams,
): Operation<DescribeStreamSummaryInput, DescribeStreamSummaryOutput> {
  return {
    name: 'DescribeStreamSummary',
    authorize: (input) => streams.permissions('DescribeStreamSummary', input),
    handle(input) {
      const stream = streams.require(input);
      return {
        StreamDescriptionSummary: {
          ...common(stream),
          OpenShardCount: stream.shards.filter((shard) => shard.open).length,
          ConsumerCount: 0,
        },
      };
    },
  };
}

function common(stream: Stream) {
  const { name, arn, createdAt, mode, retention, keyId } = stream.record;
  return {
    StreamName: name,
    StreamARN: arn,
    StreamStatus: 'ACTIVE' as const,
    StreamModeDetails: { StreamMode: mode },
    RetentionPeriodHours: retention,
    StreamCreationTimestamp: new Date(createdAt),
    EnhancedMonitoring: [{ ShardLevelMetrics: [] }],
    EncryptionType: encryptionOf(stream),
    ...(keyId === undefined ? {} : { KeyId: keyId }),
  };
}

export function listStreams(streams: Streams): Operation<ListStreamsInput, ListStreamsOutput> {
  return {
    name: 'ListStreams',
    authorize: () => [{ action: 'kinesis:ListStreams', resource: '*' }],
    handle(input) {
      new ConstraintViolations().range('limit', input.Limit, 1, 10_000).throwIfAny();
      const after = input.NextToken ?? input.ExclusiveStartStreamName ?? '';
      const rest = streams.all().filter(({ record }) => record.name > after);
      const page = rest.slice(0, input.Limit ?? 100);
      const more = rest.length > page.length;
      return {
        StreamNames: page.map(({ record }) => record.name),
        HasMoreStreams: more,
        ...(more ? { NextToken: page.at(-1)?.record.name } : {}),
        StreamSummaries: page.map(({ record }) => ({
          StreamName: record.name,
          StreamARN: record.arn,
          StreamStatus: 'ACTIVE' as const,
          StreamModeDetails: { StreamMode: record.mode },
          StreamCreationTimestamp: new Date(record.createdAt),
        })),
      };
    },
  };
}

export function describeLimits(streams: Streams): Operation<object, DescribeLimitsOutput> {
  return {
    name: 'DescribeLimits',
    authorize: () => [{ action: 'kinesis:DescribeLimits', resource: '*' }],
    handle: () => ({
      ShardLimit: MAX_SHARDS,
      OpenShardCount: streams.openShards(),
      OnDemandStreamCount: streams.all().filter(({ record }) => record.mode === 'ON_DEMAND').length,
      OnDemandStreamCountLimit: MAX_ON_DEMAND_STREAMS,
    }),
  };
}

/** Longer or shorter: each of both refuses the other direction. */
export function changeRetention(
  streams: Streams,
  name: 'IncreaseStreamRetentionPeriod' | 'DecreaseStreamRetentionPeriod',
): Operation<DecreaseStreamRetentionPeriodInput, object> {
  return {
    name,
    authorize: (input) => streams.permissions(name, input),
    async handle(input) {
      const stream = streams.require(input);
      const hours = input.RetentionPeriodHours as number;
      const { retention } = stream.record;
      if (!Number.isInteger(hours) || hours < MIN_RETENTION || hours > MAX_RETENTION) {
        throw invalidArgument(
          `Minimum allowed retention period is ${MIN_RETENTION} hours, maximum ${MAX_RETENTION} hours. Requested retention period (${hours} hours) is out of range.`,
        );
      }
      if (name === 'IncreaseStreamRetentionPeriod' ? hours < retention : hours > retention) {
        throw invalidArgument(
          `Requested retention period (${hours} hours) for stream ${stream.record.name} can not be ${hours < retention ? 'shorter' : 'longer'} than existing retention period (${retention} hours).`,
        );
      }
      await streams.change(stream, { retention: hours });
      return {};
    },
  };
}
