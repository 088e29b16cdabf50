import type {
  ChildShard,
  GetRecordsInput,
  GetRecordsOutput,
  GetShardIteratorInput,
  GetShardIteratorOutput,
  PutRecordInput,
  PutRecordOutput,
  PutRecordsInput,
  PutRecordsOutput,
} from '@aws-sdk/client-kinesis';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { AwsError } from '../../../core/errors.ts';
import { invalidArgument } from '../errors.ts';
import {
  MAX_PARTITION_KEY_LENGTH,
  MAX_PUT_BYTES,
  MAX_RECORD_BYTES,
  MAX_RECORDS_PER_GET,
  MAX_RECORDS_PER_PUT,
} from '../limits.ts';
import type { Shard } from '../shard.ts';
import { decodeIterator, encodeIterator } from '../shard-iterator.ts';
import type { Stream } from '../stream.ts';
import { logIdOf, sequenceNumber } from '../stream-record.ts';
import type { Streams } from '../streams.ts';

export function putRecord(streams: Streams): Operation<PutRecordInput, PutRecordOutput> {
  return {
    name: 'PutRecord',
    authorize: (input) => streams.permissions('PutRecord', input),
    async handle(input) {
      new ConstraintViolations()
        .required('data', input.Data)
        .length('data', input.Data, 0, MAX_RECORD_BYTES)
        .required('partitionKey', input.PartitionKey)
        .length('partitionKey', input.PartitionKey, 1, MAX_PARTITION_KEY_LENGTH)
        .pattern('explicitHashKey', input.ExplicitHashKey, '0|([1-9]\\d{0,38})')
        .pattern('sequenceNumberForOrdering', input.SequenceNumberForOrdering, '0|([1-9]\\d{0,128})')
        .throwIfAny();
      // Records of one shard are in the order of their puts: SequenceNumberForOrdering asks for no more.
      const stream = streams.require(input);
      const [receipt] = await stream.put([
        {
          partitionKey: input.PartitionKey as string,
          explicitHashKey: input.ExplicitHashKey,
          data: input.Data as Uint8Array,
        },
      ]);
      if (receipt === undefined || receipt instanceof Error) throw receipt;
      return { ...receipt, EncryptionType: encryptionOf(stream) };
    },
  };
}

export function putRecords(streams: Streams): Operation<PutRecordsInput, PutRecordsOutput> {
  return {
    name: 'PutRecords',
    authorize: (input) => streams.permissions('PutRecords', input),
    async handle(input) {
      const violations = new ConstraintViolations()
        .required('records', input.Records)
        .length('records', input.Records, 1, MAX_RECORDS_PER_PUT);
      let total = 0;
      for (const [index, record] of (input.Records ?? []).entries()) {
        const path = `records.${index + 1}.member`;
        violations
          .required(`${path}.data`, record.Data)
          .length(`${path}.data`, record.Data, 0, MAX_RECORD_BYTES)
          .required(`${path}.partitionKey`, record.PartitionKey)
          .length(`${path}.partitionKey`, record.PartitionKey, 1, MAX_PARTITION_KEY_LENGTH)
          .pattern(`${path}.explicitHashKey`, record.ExplicitHashKey, '0|([1-9]\\d{0,38})');
        total += (record.Data?.length ?? 0) + Buffer.byteLength(record.PartitionKey ?? '');
      }
      violations.throwIfAny();
      if (total > MAX_PUT_BYTES) throw invalidArgument('Records size exceeds 10 MB limit');
      const stream = streams.require(input);
      const results = await stream.put(
        (input.Records ?? []).map((record) => ({
          partitionKey: record.PartitionKey as string,
          explicitHashKey: record.ExplicitHashKey,
          data: record.Data as Uint8Array,
        })),
      );
      return {
        FailedRecordCount: results.filter((result) => result instanceof Error).length,
        Records: results.map((result) =>
          result instanceof Error
            ? { ErrorCode: result instanceof AwsError ? result.code : 'InternalFailure', ErrorMessage: result.message }
            : result,
        ),
        EncryptionType: encryptionOf(stream),
      };
    },
  };
}

export function getShardIterator(streams: Streams): Operation<GetShardIteratorInput, GetShardIteratorOutput> {
  return {
    name: 'GetShardIterator',
    authorize: (input) => streams.permissions('GetShardIterator', input),
    handle(input) {
      const stream = streams.require(input);
      const shard = stream.shard(input.ShardId);
      const issuedAt = streams.context.clock.now();
      const from = startOf(input, stream, shard);
      return {
        ShardIterator: encodeIterator({ stream: stream.record.number, shardId: shard.record.id, from, issuedAt }),
      };
    },
  };
}

function startOf(input: GetShardIteratorInput, stream: Stream, shard: Shard): number {
  const { ShardIteratorType: type, StartingSequenceNumber: sequence, Timestamp: time } = input;
  const needsSequence = type === 'AT_SEQUENCE_NUMBER' || type === 'AFTER_SEQUENCE_NUMBER';
  if (needsSequence !== (sequence !== undefined)) {
    throw invalidArgument(
      needsSequence
        ? `Must either specify a StartingSequenceNumber for shard iterator type ${type}`
        : `StartingSequenceNumber is only for AT_SEQUENCE_NUMBER and AFTER_SEQUENCE_NUMBER, not for ${type}`,
    );
  }
  if ((type === 'AT_TIMESTAMP') !== (time !== undefined)) {
    throw invalidArgument('Timestamp must be specified with AT_TIMESTAMP, and only with it');
  }
  switch (type) {
    case 'TRIM_HORIZON':
      return shard.firstAt(stream.horizon());
    case 'LATEST':
      return shard.next;
    case 'AT_TIMESTAMP':
      return shard.firstAt(Math.max((time as Date).getTime(), stream.horizon()));
    case 'AT_SEQUENCE_NUMBER':
    case 'AFTER_SEQUENCE_NUMBER': {
      const logId = logIdOf(sequence as string, shard.record.index);
      if (logId === undefined) {
        throw invalidArgument(
          `StartingSequenceNumber ${sequence} used in GetShardIterator on shard ${shard.record.id} in stream ${stream.record.name} is invalid.`,
        );
      }
      return type === 'AT_SEQUENCE_NUMBER' ? logId : logId + 1;
    }
    default:
      throw invalidArgument(`ShardIteratorType ${type} is unknown`);
  }
}

export function getRecords(streams: Streams): Operation<GetRecordsInput, GetRecordsOutput> {
  const { clock, account } = streams.context;
  /** Of the iterator's stream; a wrong iterator is refused before permissions are asked for, as it names no resource. */
  const streamOf = (iterator: string | undefined) => {
    const position = decodeIterator(iterator, clock.now());
    const stream = streams.byNumber(position.stream);
    if (stream === undefined) {
      throw new AwsError(
        'ResourceNotFoundException',
        `The stream of the iterator under account ${account.accountId} not found.`,
      );
    }
    return { position, stream };
  };
  return {
    name: 'GetRecords',
    authorize: (input) => [{ action: 'kinesis:GetRecords', resource: streamOf(input.ShardIterator).stream.record.arn }],
    handle(input) {
      const { position, stream } = streamOf(input.ShardIterator);
      new ConstraintViolations().range('limit', input.Limit, 1, MAX_RECORDS_PER_GET).throwIfAny();
      const shard = stream.shard(position.shardId);
      const now = clock.now();
      shard.checkRead(now, `stream ${stream.record.name} under account ${account.accountId}`);
      const from = Math.max(position.from, shard.firstAt(stream.horizon()));
      const records = shard.read(from, input.Limit ?? MAX_RECORDS_PER_GET, now);
      const last = records.at(-1);
      // Before what is not visible yet, so that it is not passed over.
      const next = last === undefined ? position.from : last.logId + 1;
      const behind = shard.arrivalFrom(next);
      const ended = !shard.open && behind === undefined && next >= shard.next;
      return {
        Records: records.map(({ logId, arrival, partitionKey, data }) => ({
          SequenceNumber: sequenceNumber(logId, shard.record.index),
          ApproximateArrivalTimestamp: new Date(arrival),
          Data: data,
          PartitionKey: partitionKey,
          EncryptionType: encryptionOf(stream),
        })),
        MillisBehindLatest: behind === undefined ? 0 : Math.max(0, now - behind),
        ...(ended
          ? { ChildShards: childrenOf(stream, shard) }
          : {
              NextShardIterator: encodeIterator({
                stream: stream.record.number,
                shardId: shard.record.id,
                from: next,
                issuedAt: now,
              }),
            }),
      };
    },
  };
}

function childrenOf(stream: Stream, { record }: Shard): ChildShard[] {
  return stream.record.shards
    .filter(({ parent, adjacentParent }) => parent === record.id || adjacentParent === record.id)
    .map(({ id, parent, adjacentParent, startHash, endHash }) => ({
      ShardId: id,
      ParentShards: [parent, adjacentParent].filter((one) => one !== undefined),
      HashKeyRange: { StartingHashKey: startHash, EndingHashKey: endHash },
    }));
}

export function encryptionOf(stream: Stream): 'KMS' | 'NONE' {
  return stream.record.keyId === undefined ? 'NONE' : 'KMS';
}
