import type { AlertRules, PlatformNames } from '@fleetwright/contracts';
import { Duration, Stack } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { EventSourceMapping } from 'aws-cdk-lib/aws-lambda';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { BundledFunction } from '../bundled-function/bundled-function.ts';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';
import type { QueueConsumerDefaults } from '../queue-consumer/queue-consumer.ts';
import { StateTable } from '../queue-consumer/state-table.ts';
import { EVALUATION_SECONDS } from './sample-queue.ts';

export interface TelemetryAlertsProps extends Omit<QueueConsumerDefaults, 'deadLetterDays'> {
  readonly names: PlatformNames;
  /** By device type. */
  readonly rules: Readonly<Record<string, AlertRules>>;
  /** A sample that is older on arrival raises nothing. */
  readonly maxLatenessSeconds: number;
  /** How long a batch is gathered. It also puts what came out of order in order. */
  readonly batchWindowSeconds: number;
  readonly maxConcurrency: number;
  /** Name of a {@link SampleQueue}, which may stand in another stack that is deployed before. */
  readonly queueName: string;
  readonly alerts: ITopic;
}

const BATCH_SIZE = 1_000;
/** ms after which somebody should know that alerts are behind. */
const LATE_SECONDS = 300;

/** Alerts on what devices measure: thresholds and rates of change with hysteresis, to a topic. */
export class TelemetryAlerts extends Construct {
  readonly function: BundledFunction;
  /** `{ thingName, record, … }`; `record` is JSON of `deviceAlertStateSchema`. */
  readonly state: StateTable;

  constructor(scope: Construct, id: string, props: TelemetryAlertsProps) {
    super(scope, id);
    const { alarmActionArns, alerts, queueName } = props;
    const queueArn = Stack.of(this).formatArn({ service: 'sqs', resource: queueName });
    this.state = new StateTable(this, 'State', ['thingName'], props.removalPolicy);
    this.function = new BundledFunction(this, 'Evaluator', {
      ...props,
      name: 'evaluate-alerts',
      description: 'Raises and clears alerts on what devices measure',
      environment: {
        TOPIC_ROOT: props.names.topicRoot,
        STATE_TABLE: this.state.tableName,
        ALERT_TOPIC_ARN: alerts.topicArn,
        MAX_LATENESS_SECONDS: String(props.maxLatenessSeconds),
      },
      files: { 'settings.json': JSON.stringify({ rules: props.rules }) },
      timeout: Duration.seconds(EVALUATION_SECONDS),
      memoryMegabytes: 512,
    });
    const { role } = this.function;
    this.state.grantTracking(role, 'dynamodb:GetItem', 'dynamodb:PutItem');
    role.addToPrincipalPolicy(
      new PolicyStatement({ sid: 'Alert', actions: ['sns:Publish'], resources: [alerts.topicArn] }),
    );
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'EmptyQueue',
        actions: ['sqs:ReceiveMessage', 'sqs:DeleteMessage', 'sqs:GetQueueAttributes'],
        resources: [queueArn],
      }),
    );
    const mapping = new EventSourceMapping(this, 'Mapping', {
      target: this.function.function,
      eventSourceArn: queueArn,
      batchSize: BATCH_SIZE,
      maxBatchingWindow: Duration.seconds(props.batchWindowSeconds),
      maxConcurrency: props.maxConcurrency,
      reportBatchItemFailures: true,
    });
    // Lambda checks that the role may read the queue when the mapping is made.
    mapping.node.addDependency(role);
    new OperatorAlarm(this, 'Errors', {
      description: 'evaluate-alerts fails: alerts on telemetry are missing; messages wait in the queue. Read its log.',
      metric: this.function.function.metricErrors({ period: Duration.minutes(5) }),
      above: 0,
      actionArns: alarmActionArns,
    });
    new OperatorAlarm(this, 'Behind', {
      description: 'Alerts on telemetry are more than five minutes late: raise alerts.maxConcurrency.',
      metric: new Metric({
        namespace: 'AWS/SQS',
        metricName: 'ApproximateAgeOfOldestMessage',
        dimensionsMap: { QueueName: queueName },
        statistic: 'Maximum',
        period: Duration.minutes(5),
      }),
      above: LATE_SECONDS,
      actionArns: alarmActionArns,
    });
  }
}
