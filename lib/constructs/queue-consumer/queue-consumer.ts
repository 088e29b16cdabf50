import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { BundledFunction } from '../bundled-function/bundled-function.ts';
import { DeadLetterQueue } from '../dead-letter-queue/dead-letter-queue.ts';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';

/** What all consumers of a stack share. */
export interface QueueConsumerDefaults {
  readonly deadLetterDays: number;
  readonly logRetentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly metricsNamespace: string;
  readonly alarmActionArns: readonly string[];
}

export interface QueueConsumerProps extends QueueConsumerDefaults {
  /** Folder under `lambdas/`. */
  readonly functionName: string;
  readonly description: string;
  /** What waits in the queue, for people: "Changes of shadows". */
  readonly content: string;
  readonly environment: Readonly<Record<string, string>>;
  /** The function sends messages to its own queue, to come back to something later; its address is `QUEUE_URL`. */
  readonly remindsItself?: boolean;
  /** @default 10 */
  readonly batchSize?: number;
  /** seconds. @default 0 */
  readonly batchWindowSeconds?: number;
  /** Of the function, in seconds. @default 30 */
  readonly timeoutSeconds?: number;
  /** @default 256 */
  readonly memoryMegabytes?: number;
}

const TIMEOUT_SECONDS = 30;
/** Lambda developer guide, "Using Lambda with Amazon SQS": six times the function's timeout. */
const VISIBILITY_FACTOR = 6;
const MAX_RECEIVES = 5;
const MAX_CONCURRENCY = 10;

/** A queue and the function that empties it, with an end for what fails again and again. */
export class QueueConsumer extends Construct {
  readonly queue: Queue;
  readonly failedQueue: Queue;
  readonly function: BundledFunction;

  constructor(scope: Construct, id: string, props: QueueConsumerProps) {
    super(scope, id);
    const timeoutSeconds = props.timeoutSeconds ?? TIMEOUT_SECONDS;
    this.failedQueue = new DeadLetterQueue(this, 'Failed', {
      meaning: `${props.content} failed ${MAX_RECEIVES} times in ${props.functionName}.`,
      retentionDays: props.deadLetterDays,
      removalPolicy: props.removalPolicy,
      alarmActionArns: props.alarmActionArns,
    }).queue;
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      visibilityTimeout: Duration.seconds(VISIBILITY_FACTOR * timeoutSeconds),
      retentionPeriod: Duration.days(props.deadLetterDays),
      deadLetterQueue: { queue: this.failedQueue, maxReceiveCount: MAX_RECEIVES },
      removalPolicy: props.removalPolicy,
    });
    this.function = new BundledFunction(this, 'Consumer', {
      name: props.functionName,
      description: props.description,
      environment: { ...(props.remindsItself === true && { QUEUE_URL: this.queue.queueUrl }), ...props.environment },
      timeout: Duration.seconds(timeoutSeconds),
      memoryMegabytes: props.memoryMegabytes ?? 256,
      logRetentionDays: props.logRetentionDays,
      removalPolicy: props.removalPolicy,
      metricsNamespace: props.metricsNamespace,
    });
    const { role } = this.function;
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'EmptyQueue',
        actions: [
          'sqs:ReceiveMessage',
          'sqs:DeleteMessage',
          'sqs:GetQueueAttributes',
          ...(props.remindsItself === true ? ['sqs:SendMessage'] : []),
        ],
        resources: [this.queue.queueArn],
      }),
    );
    const mapping = new EventSourceMapping(this, 'Mapping', {
      target: this.function.function,
      eventSourceArn: this.queue.queueArn,
      batchSize: props.batchSize ?? 10,
      maxBatchingWindow: Duration.seconds(props.batchWindowSeconds ?? 0),
      maxConcurrency: MAX_CONCURRENCY,
      reportBatchItemFailures: true,
    });
    // Lambda checks that the role may read the queue when the mapping is made.
    mapping.node.addDependency(role);
    new OperatorAlarm(this, 'Errors', {
      description: `${props.functionName} fails: nothing is lost, its messages wait in the queue. Read its log.`,
      metric: this.function.function.metricErrors({ period: Duration.minutes(5) }),
      above: 0,
      actionArns: props.alarmActionArns,
    });
  }
}
