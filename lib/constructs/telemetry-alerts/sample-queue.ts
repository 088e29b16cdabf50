import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { DeadLetterQueue } from '../dead-letter-queue/dead-letter-queue.ts';

export interface SampleQueueProps {
  /** Known beforehand, so that the consumer may stand in another stack. */
  readonly queueName: string;
  readonly retentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly alarmActionArns: readonly string[];
}

/** Of the function that evaluates alerts. */
export const EVALUATION_SECONDS = 30;
/** Lambda developer guide, "Using Lambda with Amazon SQS": six times the function's timeout. */
const VISIBILITY_FACTOR = 6;
const MAX_RECEIVES = 5;

/** Where the rules of the channels put messages for the evaluation of alerts. */
export class SampleQueue extends Construct {
  readonly queue: Queue;
  readonly failedQueue: Queue;

  constructor(scope: Construct, id: string, props: SampleQueueProps) {
    super(scope, id);
    this.failedQueue = new DeadLetterQueue(this, 'Failed', {
      meaning: `Telemetry failed ${MAX_RECEIVES} times in evaluate-alerts: alerts on it are missing.`,
      retentionDays: props.retentionDays,
      removalPolicy: props.removalPolicy,
      alarmActionArns: props.alarmActionArns,
    }).queue;
    this.queue = new Queue(this, 'Queue', {
      queueName: props.queueName,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(VISIBILITY_FACTOR * EVALUATION_SECONDS),
      retentionPeriod: Duration.days(props.retentionDays),
      deadLetterQueue: { queue: this.failedQueue, maxReceiveCount: MAX_RECEIVES },
      removalPolicy: props.removalPolicy,
    });
  }
}
