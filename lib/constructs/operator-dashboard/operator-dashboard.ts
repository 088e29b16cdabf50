import type { PlatformNames } from '@fleetwright/contracts';
import { Duration } from 'aws-cdk-lib';
import { Dashboard, GraphWidget, type IMetric, MathExpression, Metric, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';

export interface OperatorDashboardProps {
  readonly names: PlatformNames;
}

const PERIOD = Duration.minutes(5);
const RULE_CHANNELS = ['telemetry', 'event', 'health'] as const;

/**
 * One page for the person on call, in the order of the way that data goes.
 *
 * Queues and functions of other stacks are found by the beginning of their names, which CloudFormation makes of the
 * stack's: so the dashboard refers to no other stack, and shows what is added later.
 */
export class OperatorDashboard extends Construct {
  constructor(scope: Construct, id: string, props: OperatorDashboardProps) {
    super(scope, id);
    const { topicRoot } = props.names;
    const own = (service: string, metricName: string): Metric =>
      new Metric({
        namespace: topicRoot,
        metricName,
        dimensionsMap: { service },
        statistic: 'Sum',
        period: PERIOD,
        label: metricName,
      });
    const found = (schema: string, metricName: string, statistic: string): MathExpression =>
      new MathExpression({
        expression: `SEARCH('{${schema}} MetricName="${metricName}" "${topicRoot}"', '${statistic}', ${PERIOD.toSeconds()})`,
        usingMetrics: {},
        label: '',
        period: PERIOD,
      });
    const rules = (metricName: string): Metric[] =>
      RULE_CHANNELS.map(
        (channel) =>
          new Metric({
            namespace: 'AWS/IoT',
            metricName,
            dimensionsMap: { RuleName: props.names.ruleName(channel) },
            statistic: 'Sum',
            period: PERIOD,
            label: `${channel} ${metricName}`,
          }),
      );
    const failures = found('AWS/IoT,ActionType,RuleName', 'Failure', 'Sum');
    const ingest = (...metrics: string[]): Metric[] => metrics.map((name) => own('ingest-telemetry', name));

    const dashboard = new Dashboard(this, 'Dashboard', { dashboardName: `${topicRoot}-operations` });
    dashboard.addWidgets(
      new TextWidget({
        markdown: `# ${topicRoot}\nFrom the device to the store; below: functions, fleet, security.`,
        width: 24,
        height: 2,
      }),
    );
    const row = (...graphs: [string, IMetric[]][]): void => {
      const width = 24 / graphs.length;
      dashboard.addWidgets(...graphs.map(([title, left]) => new GraphWidget({ title, left, width, height: 6 })));
    };
    row(
      ['Messages matched by rules', rules('TopicMatch')],
      ['Rule actions that failed', [failures]],
      [
        'Ingest lag: age of the oldest message (s)',
        [found('AWS/SQS,QueueName', 'ApproximateAgeOfOldestMessage', 'Maximum')],
      ],
    );
    row(
      ['Samples stored', ingest('samplesStored', 'late', 'duplicates')],
      ['Samples rejected, by reason', [found(`${topicRoot},service`, 'rejected', 'Sum')]],
      [
        'Messages that wait in queues and dead letters',
        [found('AWS/SQS,QueueName', 'ApproximateNumberOfMessagesVisible', 'Maximum')],
      ],
    );
    row(
      ['Function errors', [found('AWS/Lambda,FunctionName', 'Errors', 'Sum')]],
      ['Function duration (ms)', [found('AWS/Lambda,FunctionName', 'Duration', 'p95')]],
      ['Functions throttled', [found('AWS/Lambda,FunctionName', 'Throttles', 'Sum')]],
    );
    row(
      [
        'Firmware: uploads released and refused',
        ['releasesReady', 'uploadsRefused'].map((name) => own('ota-release', name)),
      ],
      [
        'Update campaigns: waves begun, campaigns ended',
        ['wavesStarted', 'campaignsSucceeded', 'campaignsStopped'].map((name) => own('ota-campaign', name)),
      ],
    );
    row(
      [
        'Devices registered and refused',
        [own('pre-provisioning-hook', 'devicesAllowed'), own('pre-provisioning-hook', 'devicesRefused')],
      ],
      [
        'Quarantine',
        [
          'devicesQuarantined',
          'devicesReleased',
          'quarantinesOverBound',
          'quarantinesInGrace',
          'quarantinesByCertificate',
        ].map((name) => own('quarantine-device', name)),
      ],
      [
        'Jobs that failed',
        [
          found('AWS/IoT,JobId', 'FailedJobExecutionCount', 'Sum'),
          found('AWS/IoT,JobId', 'RejectedJobExecutionCount', 'Sum'),
        ],
      ],
      ['Fleet metrics', [found('AWS/IoTFleetMetrics,AggregationType', 'connected', 'Average')]],
    );
  }
}
