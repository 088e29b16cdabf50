import {
  INGEST_SELECT,
  LAKE_TABLES,
  measureColumns,
  numericMeasures,
  type PlatformNames,
  platformNames,
} from '@fleetwright/contracts';
import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import {
  alarmActionArns,
  alertChannels,
  isLakeEnabled,
  removalPolicy,
  strictReplayChannels,
} from '../config/derived-settings.ts';
import type { PlatformConfig } from '../config/platform-config.ts';
import { DeadLetterQueue } from '../constructs/dead-letter-queue/dead-letter-queue.ts';
import { HealthRule } from '../constructs/health-rule/health-rule.ts';
import { ARCHIVE_PREFIXES, RawArchive } from '../constructs/raw-archive/raw-archive.ts';
import { SampleQueue } from '../constructs/telemetry-alerts/sample-queue.ts';
import { TelemetryIngest } from '../constructs/telemetry-ingest/telemetry-ingest.ts';
import { TelemetryLake } from '../constructs/telemetry-lake/telemetry-lake.ts';
import { TelemetryRollups } from '../constructs/telemetry-rollups/telemetry-rollups.ts';
import { QueueRule } from '../constructs/telemetry-rule/queue-rule.ts';
import { TelemetryRule } from '../constructs/telemetry-rule/telemetry-rule.ts';
import type { HotStore } from '../constructs/telemetry-store/hot-store.ts';
import { LakeStore } from '../constructs/telemetry-store/lake-store.ts';
import { TimestreamStore } from '../constructs/telemetry-store/timestream-store.ts';

/** Timestream quotas, "Maximum memory store retention period". */
const MAX_MEMORY_HOURS = 8_766;

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
    const lake = isLakeEnabled(settings) ? this.lake(names, props.config) : undefined;
    const timestream = settings.hotStore === 'timestream' ? this.timestream(names, props.config, archive) : undefined;
    const store = timestream ?? this.lakeStore(names, props.config, lake);
    this.store = store;
    const ruleErrors = new DeadLetterQueue(this, 'RuleErrors', {
      meaning: 'An action of a topic rule failed; the message holds it with its error.',
      retentionDays: retention.deadLetterDays,
      removalPolicy: kept.removalPolicy,
      alarmActionArns: actionArns,
    });
    const rollups =
      timestream !== undefined && settings.rollups.enabled
        ? this.rollups(names, props.config, timestream, archive)
        : undefined;
    const telemetryIngest = new TelemetryIngest(this, 'Ingest', {
      ...kept,
      ...ingest,
      store,
      topicRoot: names.topicRoot,
      measures: settings.measures,
      ...(timestream !== undefined &&
        lake !== undefined && {
          lake: {
            streamName: names.lakeStream('telemetry'),
            grantPut: (writer) => lake.grantPut(writer, 'telemetry'),
          },
        }),
      lateSlots: rollups?.lateSlots,
      maxOfflineHours: retention.maxOfflineHours,
      strictReplayChannels: strictReplayChannels(settings),
      replayDays: retention.replayDays,
      deadLetterDays: retention.deadLetterDays,
      metricsNamespace: names.topicRoot,
      alarmActionArns: actionArns,
    });
    const judged = alertChannels(settings);
    const alertSamples =
      judged.size === 0
        ? undefined
        : new SampleQueue(this, 'AlertSamples', {
            queueName: names.alertSamples,
            retentionDays: retention.deadLetterDays,
            removalPolicy: kept.removalPolicy,
            alarmActionArns: actionArns,
          });
    for (const channel of ['telemetry', 'event'] as const) {
      new TelemetryRule(this, `${channel}-rule`, {
        alsoTo: alertSamples !== undefined && judged.has(channel) ? [alertSamples.queue] : [],
        names,
        channel,
        ingestQueue: telemetryIngest.queue,
        archive: archive.stream,
        errorQueue: ruleErrors.queue,
      });
    }
    if (alertSamples !== undefined && judged.has('health')) {
      new QueueRule(this, 'HealthAlertRule', {
        ruleName: names.ruleName('health-alerts'),
        description: 'health of all devices to the evaluation of alerts',
        sql: `${INGEST_SELECT} FROM '${names.topicRoot}/+/+/+/health'`,
        queues: [alertSamples.queue],
        errorQueue: ruleErrors.queue,
      });
    }
    new HealthRule(this, 'HealthRule', { names, store, errorQueue: ruleErrors.queue });

    const outputs: Record<string, string> = {
      ...lake?.outputs,
      ...store.outputs,
      ...rollups?.outputs,
      IngestQueueUrl: telemetryIngest.queue.queueUrl,
      FailedQueueUrl: telemetryIngest.failedQueue.queueUrl,
      RejectedQueueUrl: telemetryIngest.rejectedQueue.queueUrl,
      RuleErrorQueueUrl: ruleErrors.queue.queueUrl,
      ...(alertSamples !== undefined && { AlertsFailedQueueUrl: alertSamples.failedQueue.queueUrl }),
      ArchiveBucketName: archive.bucket.bucketName,
      DeliveryStreamName: archive.stream.ref,
    };
    for (const [name, value] of Object.entries(outputs)) new CfnOutput(this, name, { value });
  }

  private timestream(names: PlatformNames, { settings }: PlatformConfig, archive: RawArchive): TimestreamStore {
    const { retention } = settings;
    return new TimestreamStore(this, 'HotStore', {
      databaseName: names.database,
      telemetryTableName: names.telemetryTable,
      healthTableName: names.healthTable,
      twinTableName: names.twinTable,
      memoryHours: retention.memoryHours,
      magneticDays: retention.magneticDays,
      rejectsBucket: archive.bucket,
      rejectsPrefix: ARCHIVE_PREFIXES.storeRejects,
      removalPolicy: removalPolicy(settings),
    });
  }

  private lake(names: PlatformNames, config: PlatformConfig): TelemetryLake {
    const { settings } = config;
    return new TelemetryLake(this, 'Lake', {
      ...settings.lake,
      databaseName: names.lakeDatabase,
      workGroupName: names.lakeWorkGroup,
      streamName: names.lakeStream,
      tables: settings.hotStore === 'lake' ? LAKE_TABLES : ['telemetry'],
      measures: measureColumns(settings.measures),
      logRetentionDays: settings.retention.logDays,
      removalPolicy: removalPolicy(settings),
      alarmActionArns: alarmActionArns(this, config),
    });
  }

  private lakeStore(names: PlatformNames, { settings }: PlatformConfig, lake: TelemetryLake | undefined): LakeStore {
    if (lake === undefined) throw new Error(`the hot store ${settings.hotStore} needs the lake`);
    return new LakeStore(this, 'HotStore', {
      lake,
      telemetryStreamName: names.lakeStream('telemetry'),
      twinStreamName: names.lakeStream('twin'),
      keepDays: settings.lake.keepDays,
    });
  }

  private rollups(
    names: PlatformNames,
    config: PlatformConfig,
    store: TimestreamStore,
    archive: RawArchive,
  ): TelemetryRollups {
    const { settings } = config;
    const { retention, rollups } = settings;
    return new TelemetryRollups(this, 'Rollups', {
      databaseName: names.database,
      tableName: names.telemetryTable,
      table: store.telemetryTable,
      after: store.twinTable,
      rollupTableName: names.rollupTable,
      measures: numericMeasures(settings.measures),
      maxOfflineHours: retention.maxOfflineHours,
      // A bucket begins before what is in it.
      memoryHours: Math.min(MAX_MEMORY_HOURS, retention.memoryHours + 2),
      minuteDays: rollups.minuteDays,
      hourDays: retention.magneticDays,
      reportBucket: archive.bucket,
      reportPrefix: ARCHIVE_PREFIXES.rollupErrors,
      displayName: `${names.topicRoot} roll-ups`,
      deadLetterDays: retention.deadLetterDays,
      logRetentionDays: retention.logDays,
      removalPolicy: removalPolicy(settings),
      metricsNamespace: names.topicRoot,
      alarmActionArns: alarmActionArns(this, config),
    });
  }
}
