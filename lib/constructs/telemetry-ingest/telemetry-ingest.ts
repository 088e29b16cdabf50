import type { MeasureSchemas } from '@fleetwright/contracts';
import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, Table } from 'aws-cdk-lib/aws-dynamodb';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { type IQueue, Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { BundledFunction } from '../bundled-function/bundled-function.ts';
import { DeadLetterQueue } from '../dead-letter-queue/dead-letter-queue.ts';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';
import type { HotStore } from '../telemetry-store/hot-store.ts';

export interface TelemetryIngestProps {
  readonly store: HotStore;
  readonly topicRoot: string;
  /** Messages of one invocation (1–10,000; above 10 the window must be at least 1 s). */
  readonly batchSize: number;
  /** How long a batch is gathered, in seconds (0–300). */
  readonly batchWindowSeconds: number;
  /** Invocations at once (2–1,000). */
  readonly maxConcurrency: number;
  readonly memoryMegabytes: number;
  readonly timeoutSeconds: number;
  /** Deliveries of a message before it goes to the dead letters of the queue. */
  readonly maxReceives: number;
  /** Requests to the store under way at once, per invocation. */
  readonly parallelWrites: number;
  readonly lateAfterSeconds: number;
  /** What samples of each device type hold. */
  readonly measures: MeasureSchemas;
  /** Takes a copy of what the store takes. Not for a store that is the lake itself. */
  readonly lake?: { readonly streamName: string; grantPut(writer: BundledFunction): void };
  /** Takes `LateSlots` of what is stored too late for the regular roll-ups. */
  readonly lateSlots?: IQueue | undefined;
  /** Age up to which roll-ups are made anew for a sample. */
  readonly maxOfflineHours: number;
  /** Channels whose sequence numbers are remembered in DynamoDB. */
  readonly strictReplayChannels: readonly string[];
  /** How long, in days. */
  readonly replayDays: number;
  readonly deadLetterDays: number;
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
  readonly alarmActionArns: readonly string[];
}

/** Factor that the Lambda developer guide recommends between function timeout and visibility timeout ("Amazon SQS"). */
const VISIBILITY_FACTOR = 6;

/**
 * Beside the bundle: schemas of measures outgrow the 4 KB that environment variables have in all, need no permission to be
 * read, and change together with the code.
 */
const SETTINGS_FILE = 'settings.json';

/** The way from the queue to the store, with an end for what cannot be stored and for what fails again and again. */
export class TelemetryIngest extends Construct {
  readonly queue: Queue;
  /** Messages that failed `maxReceives` times. */
  readonly failedQueue: IQueue;
  /** Messages that are invalid or that the store refuses, with the reason. */
  readonly rejectedQueue: IQueue;

  constructor(scope: Construct, id: string, props: TelemetryIngestProps) {
    super(scope, id);
    const deadLetters = {
      retentionDays: props.deadLetterDays,
      removalPolicy: props.removalPolicy,
      alarmActionArns: props.alarmActionArns,
    };
    this.failedQueue = new DeadLetterQueue(this, 'Failed', {
      meaning: `Telemetry failed ${props.maxReceives} times on its way to the store.`,
      ...deadLetters,
    }).queue;
    this.rejectedQueue = new DeadLetterQueue(this, 'Rejected', {
      meaning: 'Telemetry is invalid or was refused by the store.',
      ...deadLetters,
    }).queue;
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(VISIBILITY_FACTOR * props.timeoutSeconds),
      retentionPeriod: Duration.days(props.deadLetterDays),
      deadLetterQueue: { queue: this.failedQueue, maxReceiveCount: props.maxReceives },
      removalPolicy: props.removalPolicy,
    });

    const ingest = new BundledFunction(this, 'Ingest', {
      name: 'ingest-telemetry',
      description: 'Validates telemetry and writes it to the hot store',
      environment: {
        ...props.store.writerEnvironment,
        TOPIC_ROOT: props.topicRoot,
        REJECTED_QUEUE_URL: this.rejectedQueue.queueUrl,
        PARALLEL_WRITES: String(props.parallelWrites),
        LATE_AFTER_SECONDS: String(props.lateAfterSeconds),
        STRICT_REPLAY_CHANNELS: props.strictReplayChannels.join(','),
        ...(props.lake !== undefined && { LAKE_STREAM: props.lake.streamName }),
        ...(props.lateSlots !== undefined && {
          LATE_SLOTS_QUEUE_URL: props.lateSlots.queueUrl,
          MAX_OFFLINE_HOURS: String(props.maxOfflineHours),
        }),
        ...this.replayEnvironment(props),
      },
      files: { [SETTINGS_FILE]: JSON.stringify({ measures: props.measures }) },
      timeout: Duration.seconds(props.timeoutSeconds),
      memoryMegabytes: props.memoryMegabytes,
      logRetentionDays: props.logRetentionDays,
      removalPolicy: props.removalPolicy,
      metricsNamespace: props.metricsNamespace,
    });
    props.store.grantWrite(ingest);
    ingest.role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'ReceiveTelemetry',
        actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        resources: [this.queue.queueArn],
      }),
    );
    ingest.role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'RejectTelemetry',
        actions: ['sqs:SendMessage'],
        resources: [this.rejectedQueue.queueArn],
      }),
    );
    props.lake?.grantPut(ingest);
    if (props.lateSlots !== undefined) {
      ingest.role.addToPrincipalPolicy(
        new PolicyStatement({
          sid: 'NoteLateSlots',
          actions: ['sqs:SendMessage'],
          resources: [props.lateSlots.queueArn],
        }),
      );
    }
    if (this.receivedSequences !== undefined) {
      ingest.role.addToPrincipalPolicy(
        new PolicyStatement({
          sid: 'RememberSequences',
          actions: ['dynamodb:UpdateItem'],
          resources: [this.receivedSequences.tableArn],
        }),
      );
    }
    const mapping = new EventSourceMapping(this, 'Mapping', {
      target: ingest.function,
      eventSourceArn: this.queue.queueArn,
      batchSize: props.batchSize,
      maxBatchingWindow: Duration.seconds(props.batchWindowSeconds),
      maxConcurrency: props.maxConcurrency,
      reportBatchItemFailures: true,
    });
    // Lambda checks that the role may read the queue when the mapping is made.
    mapping.node.addDependency(ingest.role);
    this.alarms(ingest, props);
  }

  /** Undefined when no channel is strict. */
  private receivedSequences: Table | undefined;

  private replayEnvironment(props: TelemetryIngestProps): Record<string, string> {
    if (props.strictReplayChannels.length === 0) return {};
    this.receivedSequences = new Table(this, 'ReceivedSequences', {
      partitionKey: { name: 'stream', type: AttributeType.STRING },
      sortKey: { name: 'block', type: AttributeType.NUMBER },
      billingMode: BillingMode.PAY_PER_REQUEST,
      timeToLiveAttribute: 'expiresAt',
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: props.removalPolicy,
    });
    return {
      RECEIVED_SEQUENCES_TABLE: this.receivedSequences.tableName,
      REPLAY_DAYS: String(props.replayDays),
    };
  }

  private alarms(ingest: BundledFunction, props: TelemetryIngestProps): void {
    new OperatorAlarm(this, 'IngestErrors', {
      description: 'The ingest function fails: nothing is lost, its messages wait in the queue. Read its log.',
      metric: ingest.function.metricErrors({ period: Duration.minutes(5) }),
      above: 0,
      actionArns: props.alarmActionArns,
    });
    new OperatorAlarm(this, 'IngestBehind', {
      description: 'Telemetry waits longer than ten minutes in the ingest queue: raise ingest.maxConcurrency.',
      metric: this.queue.metricApproximateAgeOfOldestMessage({ period: Duration.minutes(5), statistic: 'Maximum' }),
      above: 600,
      actionArns: props.alarmActionArns,
    });
  }
}
