import * as schemas from '@aws-sdk/client-kinesis';
import type { Operation } from '../../core/api.ts';
import type { PluginFactory } from '../../core/plugin.ts';
import { getRecords, getShardIterator, putRecord, putRecords } from './operations/records.ts';
import { listShards, mergeShards, splitShard } from './operations/shards.ts';
import {
  changeRetention,
  createStream,
  deleteStream,
  describeLimits,
  describeStream,
  describeStreamSummary,
  listStreams,
} from './operations/streams.ts';
import { tagOperations } from './operations/tags.ts';
import { streamResource } from './resources/stream.ts';
import { Streams } from './streams.ts';

/** Amazon Kinesis Data Streams with shared throughput. Fan-out consumers, keys and resource policies are refused by name. */
export const createKinesisPlugin: PluginFactory = (context) => {
  const streams = new Streams(context);
  const operations: readonly Operation[] = [
    createStream(streams),
    deleteStream(streams),
    describeStream(streams),
    describeStreamSummary(streams),
    describeLimits(streams),
    listStreams(streams),
    changeRetention(streams, 'IncreaseStreamRetentionPeriod'),
    changeRetention(streams, 'DecreaseStreamRetentionPeriod'),
    listShards(streams),
    splitShard(streams),
    mergeShards(streams),
    putRecord(streams),
    putRecords(streams),
    getShardIterator(streams),
    getRecords(streams),
    ...tagOperations(streams),
  ];
  return {
    name: 'kinesis',
    apis: [{ service: 'kinesis', signingName: 'kinesis', protocol: 'awsJson1_1', schemas, operations }],
    resources: [streamResource(streams)],
    async start() {
      streams.start();
    },
    async stop() {
      streams.stop();
      await context.store.durable();
    },
  };
};
