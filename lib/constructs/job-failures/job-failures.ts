import type { PlatformNames } from '@fleetwright/contracts';
import { Duration, type RemovalPolicy } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { PolicyStatement } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { acknowledgeWildcard } from '../acknowledgement/acknowledge.ts';
import { DeadLetterQueue } from '../dead-letter-queue/dead-letter-queue.ts';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';
import { IotServiceRole } from '../service-role/iot-service-role.ts';
import { queueAction } from '../telemetry-rule/rule-actions.ts';
import { TopicRule } from '../telemetry-rule/topic-rule.ts';

export interface JobFailuresProps {
  readonly names: PlatformNames;
  /** Failed job executions in five minutes before somebody is told. */
  readonly above: number;
  readonly deadLetterDays: number;
  readonly removalPolicy: RemovalPolicy;
  readonly alarmActionArns: readonly string[];
}

const METRIC = 'jobExecutionsFailed';

/**
 * Counts job executions of the stage's devices that ended badly. AWS IoT's own job metrics have the job's id as a
 * dimension, which no alarm can know beforehand; so a rule counts job execution events, which the account must have
 * turned on (IoT developer guide, "Jobs events").
 */
export class JobFailures extends Construct {
  constructor(scope: Construct, id: string, props: JobFailuresProps) {
    super(scope, id);
    const { names, alarmActionArns } = props;
    const errors = new DeadLetterQueue(this, 'Errors', {
      meaning: 'A failed job execution could not be counted.',
      retentionDays: props.deadLetterDays,
      removalPolicy: props.removalPolicy,
      alarmActionArns,
    });
    const role = new IotServiceRole(this, 'Role', { description: 'Rule of failed jobs: its metric, rule errors' });
    role.addToPrincipalPolicy(
      new PolicyStatement({
        sid: 'Count',
        actions: ['cloudwatch:PutMetricData'],
        resources: ['*'],
        conditions: { StringEquals: { 'cloudwatch:namespace': names.topicRoot } },
      }),
    );
    acknowledgeWildcard(role, '*', 'PutMetricData has no resource types; a condition names the namespace.');
    new TopicRule(this, 'Rule', {
      ruleName: `${names.topicRoot}-job-failures`.replaceAll('-', '_'),
      description: 'job executions that failed, timed out or were rejected, as a metric',
      sql:
        "SELECT * FROM '$aws/events/jobExecution/+/+' " +
        "WHERE topic(5) IN ['failed', 'rejected', 'timed_out'] " +
        `AND regexp_matches(thingArn, ':thing/${names.topicRoot}-')`,
      actions: [
        {
          cloudwatchMetric: {
            metricName: METRIC,
            metricNamespace: names.topicRoot,
            metricUnit: 'Count',
            metricValue: '1',
            roleArn: role.roleArn,
          },
        },
      ],
      errorAction: queueAction(errors.queue, role),
      role,
    });
    new OperatorAlarm(this, 'Alarm', {
      description: 'Jobs fail on devices: look at the job, and stop its rollout if it is an update.',
      metric: new Metric({
        namespace: names.topicRoot,
        metricName: METRIC,
        statistic: 'Sum',
        period: Duration.minutes(5),
      }),
      above: props.above,
      actionArns: alarmActionArns,
    });
  }
}
