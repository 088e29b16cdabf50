import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import { acknowledge } from '../acknowledgement/acknowledge.ts';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';

export interface DeadLetterQueueProps {
  /** What a message in it means, for the alarm. */
  readonly meaning: string;
  readonly retentionDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly alarmActionArns: readonly string[];
}

/** The end of a way: messages wait here for a person. An alarm goes off as soon as there is one. */
export class DeadLetterQueue extends Construct {
  readonly queue: Queue;

  constructor(scope: Construct, id: string, props: DeadLetterQueueProps) {
    super(scope, id);
    this.queue = new Queue(this, 'Queue', {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: Duration.days(props.retentionDays),
      removalPolicy: props.removalPolicy,
    });
    acknowledge(this.queue, 'AwsSolutions-SQS3', 'This queue is itself where messages end that went nowhere else.');
    new OperatorAlarm(this, 'NotEmpty', {
      description: `${props.meaning} See docs/deploying.md, "Dead letters".`,
      metric: this.queue.metricApproximateNumberOfMessagesVisible({
        period: Duration.minutes(1),
        statistic: 'Maximum',
      }),
      above: 0,
      actionArns: props.alarmActionArns,
    });
  }
}
