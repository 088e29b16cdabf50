import { platformNames } from '@fleetwright/contracts';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { alarmActionArns, removalPolicy, strictReplayChannels } from '../config/derived-settings.ts';
import type { PlatformConfig } from '../config/platform-config.ts';
import { DeadLetterQueue } from '../constructs/dead-letter-queue/dead-letter-queue.ts';
import { HealthRule } from '../constructs/health-rule/health-rule.ts';
import { ARCHIVE_PREFIXES, RawArchive } from '../constructs/raw-archive/raw-archive.ts';
import { TelemetryIngest } from '../constructs/telemetry-ingest/telemetry-ingest.ts';
import { TelemetryRule } from '../constructs/telemetry-rule/telemetry-rule.ts';
import type { HotStore } from '../constructs/telemetry-store/hot-store.ts';
import { TimestreamStore } from '../constructs/telemetry-store/timestream-store.ts';

export interface TelemetryStackProps extends StackProps {
  readonly config: PlatformConfig;
}

/** What devices send and where it goes. */
export class TelemetryStack extends Stack {
  readonly store: HotStore;

  constructor(scope: Construct, id: string, props: TelemetryStackProps) {
    super(scope, id, props);
    const { project, stage, settings } = props.config;
    const { retention, ingest } = settings;
    const names = platformNames(project, stage);
    const kept = { logRetentionDays: retention.logDays, removalPolicy: removalPolicy(settings) };
    const actionArns = alarmActionArns(this, props.config);

    const archive = new RawArchive(this, 'RawArchive', {
      ...kept,
      ...settings.archive,
      archiveDays: retention.archiveDays,
    });
    const store = new TimestreamStore(this, 'HotStore', {
      databaseName: names.database,
      telemetryTableName: names.telemetryTable,
      healthTableName: names.healthTable,
      twinTableName: names.twinTable,
      memoryHours: retention.memoryHours,
      magneticDays: retention.magneticDays,
      rejectsBucket: archive.bucket,
      rejectsPrefix: ARCHIVE_PREFIXES.storeRejects,
      removalPolicy: kept.removalPolicy,
    });
    this.store = store;
    const ruleErrors = new DeadLetterQueue(this, 'RuleErrors', {
      meaning: 'An action of a topic rule failed; the message holds it with its error.',
      retentionDays: retention.deadLetterDays,
      removalPolicy: kept.removalPolicy,
      alarmActionArns: actionArns,
    });
    const telemetryIngest = new TelemetryIngest(this, 'Ingest', {
      ...kept,
      ...ingest,
      store,
      topicRoot: names.topicRoot,
      strictReplayChannels: strictReplayChannels(settings),
      replayDays: retention.replayDays,
      deadLetterDays: retention.deadLetterDays,
      metricsNamespace: names.topicRoot,
      alarmActionArns: actionArns,
    });
    for (const channel of ['telemetry', 'event'] as const) {
      new TelemetryRule(this, `${channel}-rule`, {
        names,
        channel,
        ingestQueue: telemetryIngest.queue,
        archive: archive.stream,
        errorQueue: ruleErrors.queue,
      });
    }
    new HealthRule(this, 'HealthRule', { names, table: store.healthTable, errorQueue: ruleErrors.queue });

    const outputs: Record<string, string> = {
      ...store.outputs,
      IngestQueueUrl: telemetryIngest.queue.queueUrl,
      FailedQueueUrl: telemetryIngest.failedQueue.queueUrl,
      RejectedQueueUrl: telemetryIngest.rejectedQueue.queueUrl,
      RuleErrorQueueUrl: ruleErrors.queue.queueUrl,
      ArchiveBucketName: archive.bucket.bucketName,
      DeliveryStreamName: archive.stream.ref,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }
}
