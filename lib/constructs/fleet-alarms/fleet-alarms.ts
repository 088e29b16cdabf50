import type { PlatformNames } from '@fleetwright/contracts';
import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';

export interface FleetAlarmsProps {
  readonly names: PlatformNames;
  readonly actionArns: readonly string[];
}

/** Refused in five minutes before somebody is told: single refusals are the hook at work. */
const REFUSALS = 10;

/** Alarms on what devices do, rather than on one queue or function. */
export class FleetAlarms extends Construct {
  constructor(scope: Construct, id: string, props: FleetAlarmsProps) {
    super(scope, id);
    const { names, actionArns } = props;
    new OperatorAlarm(this, 'ProvisioningRefused', {
      description:
        'Devices are refused at registration: a claim may have leaked, or serial numbers are missing on the list. ' +
        "Read the hook's log.",
      metric: new Metric({
        namespace: names.topicRoot,
        metricName: 'devicesRefused',
        dimensionsMap: { service: 'pre-provisioning-hook' },
        statistic: 'Sum',
        period: Duration.minutes(5),
      }),
      above: REFUSALS,
      actionArns,
    });
    for (const channel of ['telemetry', 'event', 'health'] as const) {
      new OperatorAlarm(this, `${channel}-throttled`, {
        description: `AWS IoT throttles the rule of the ${channel} channel: messages are lost. Ask for a higher quota.`,
        metric: new Metric({
          namespace: 'AWS/IoT',
          metricName: 'RuleMessageThrottled',
          dimensionsMap: { RuleName: names.ruleName(channel) },
          statistic: 'Sum',
          period: Duration.minutes(5),
        }),
        above: 0,
        actionArns,
      });
    }
  }
}
