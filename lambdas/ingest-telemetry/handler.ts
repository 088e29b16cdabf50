import { setTimeout as pause } from 'node:timers/promises';
import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { FirehoseClient } from '@aws-sdk/client-firehose';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { TimestreamWriteClient } from '@aws-sdk/client-timestream-write';
import { readEnvironment } from '../shared/environment.ts';
import { lakeStream } from '../shared/lake-stream.ts';
import { logger, metrics, observed } from '../shared/observability.ts';
import { readSettings } from '../shared/settings-file.ts';
import { rowColumns } from './build-rows.ts';
import { compileMeasures } from './compile-measures.ts';
import { serializeDirectly } from './direct-serialization.ts';
import { type IngestReport, ingestBatch, type SequencePort } from './ingest-batch.ts';
import { lakeSink } from './lake-sink.ts';
import type { LateSlotPort } from './late-slots.ts';
import type { QueueMessage } from './model.ts';
import { queueLetters } from './queue-letters.ts';
import { receivedSequences } from './received-sequences.ts';
import { type SampleSink, timestreamSink } from './sample-sink.ts';
import { environmentSchema, settingsSchema } from './schema.ts';
import { timestreamStore } from './timestream-store.ts';

/** Event and answer of an SQS event source (Lambda developer guide, "Using Lambda with Amazon SQS"). */
interface QueueEvent {
  readonly Records: readonly QueueMessage[];
}

interface QueueResponse {
  readonly batchItemFailures: readonly { readonly itemIdentifier: string }[];
}

const environment = readEnvironment(environmentSchema);
const { measures: schemas } = readSettings(settingsSchema);
const settings = {
  topicRoot: environment.TOPIC_ROOT,
  memoryHours: environment.MEMORY_HOURS,
  magneticDays: environment.MAGNETIC_DAYS,
  lateAfterSeconds: environment.LATE_AFTER_SECONDS,
  strictChannels: environment.STRICT_REPLAY_CHANNELS,
  measures: compileMeasures(schemas),
  maxOfflineHours: environment.MAX_OFFLINE_HOURS ?? 0,
};
const queues = new SQSClient({});
const letters = queueLetters(queues, environment.REJECTED_QUEUE_URL, (problem) =>
  logger.error('dead letters not sent', { problem }),
);
const sequences = sequencePort();
const sinks = sampleSinks();
const lateSlots = lateSlotPort();

export const handler = observed<QueueEvent, QueueResponse>(async (event, context) => {
  const report = await ingestBatch(event.Records, settings, {
    now: Date.now,
    random: Math.random,
    pause,
    remaining: () => context.getRemainingTimeInMillis(),
    sinks,
    letters,
    sequences,
    lateSlots,
  });
  publish(report, event.Records.length);
  return { batchItemFailures: report.failed.map((itemIdentifier) => ({ itemIdentifier })) };
});

function sampleSinks(): SampleSink[] {
  const { DATABASE_NAME: database, LAKE_STREAM: stream, PARALLEL_WRITES: parallel, TABLE_NAME: table } = environment;
  const sinks: SampleSink[] = [];
  if (environment.HOT_STORE === 'timestream' && database !== undefined && table !== undefined) {
    const client = serializeDirectly(new TimestreamWriteClient({ maxAttempts: 1 }));
    sinks.push(timestreamSink(timestreamStore(client, database, table), parallel));
  }
  if (stream !== undefined) {
    sinks.push(lakeSink(lakeStream(new FirehoseClient({ maxAttempts: 1 }), stream), rowColumns(schemas)));
  }
  return sinks;
}

function lateSlotPort(): LateSlotPort | undefined {
  const { LATE_SLOTS_QUEUE_URL: QueueUrl } = environment;
  if (QueueUrl === undefined) return undefined;
  return {
    async note(slots) {
      try {
        await queues.send(new SendMessageCommand({ QueueUrl, MessageBody: JSON.stringify(slots) }));
      } catch (error) {
        logger.error('late slots not noted', { error });
        throw error;
      }
    },
  };
}

function sequencePort(): SequencePort {
  const { RECEIVED_SEQUENCES_TABLE: table, REPLAY_DAYS: days } = environment;
  if (table === undefined || days === undefined) return { claim: async () => [] };
  return receivedSequences(new DynamoDBClient({}), table, days, Date.now, (error) =>
    logger.error('sequence numbers not recorded', { error }),
  );
}

function publish(report: IngestReport, messages: number): void {
  metrics.addMetric('batchMessages', MetricUnit.Count, messages);
  metrics.addMetric('samplesStored', MetricUnit.Count, report.samplesStored);
  const counts = {
    duplicates: report.duplicates,
    replays: report.replays,
    late: report.late,
    lateBeyondBound: report.lateBeyondBound,
    gaps: report.gaps,
    storeRetries: report.retries,
    messagesRetried: report.failed.length,
  };
  for (const [name, count] of Object.entries(counts)) {
    if (count > 0) metrics.addMetric(name, MetricUnit.Count, count);
  }
  for (const [reason, count] of Object.entries(report.rejected)) {
    metrics.addMetric(`rejected.${reason}`, MetricUnit.Count, count);
  }
  if (Object.keys(report.rejected).length > 0) logger.warn('telemetry rejected', { rejected: report.rejected });
  if (report.failed.length > 0) logger.warn('telemetry left to the queue', { messages: report.failed.length });
}
