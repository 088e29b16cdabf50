import type { PlatformNames } from '@fleetwright/contracts';
import { Duration } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { CfnFleetMetric } from 'aws-cdk-lib/aws-iot';
import { Construct } from 'constructs';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';

export interface OfflineShareProps {
  readonly names: PlatformNames;
  /** percent */
  readonly above: number;
  readonly alarmActionArns: readonly string[];
}

const PERIOD = Duration.minutes(5);

/**
 * The share of the stage's devices that are offline, from two fleet metrics. It needs fleet indexing of the registry
 * with thing groups and connectivity, which is the account's: without it the deploy of the metrics fails.
 */
export class OfflineShare extends Construct {
  constructor(scope: Construct, id: string, props: OfflineShareProps) {
    super(scope, id);
    const ofStage = `thingGroupNames:${props.names.thingGroup}`;
    const count = (metricId: string, name: string, queryString: string): Metric => {
      const metricName = `${props.names.topicRoot}-${name}`;
      new CfnFleetMetric(this, metricId, {
        metricName,
        description: `devices of ${props.names.topicRoot}: ${name}`,
        indexName: 'AWS_Things',
        queryString,
        aggregationType: { name: 'Statistics', values: ['count'] },
        aggregationField: 'registry.version',
        period: PERIOD.toSeconds(),
      });
      return new Metric({
        namespace: 'AWS/IoTFleetMetrics',
        metricName,
        dimensionsMap: { AggregationType: 'count' },
        statistic: 'Average',
        period: PERIOD,
      });
    };
    const all = count('Devices', 'devices', ofStage);
    const connected = count('Connected', 'connected', `${ofStage} AND connectivity.connected:true`);
    new OperatorAlarm(this, 'Alarm', {
      description: `More than ${props.above} % of the devices are offline: look for what they have in common, such as a site.`,
      metric: new MathExpression({
        expression: 'IF(all > 0, 100 * (all - FILL(connected, 0)) / all, 0)',
        usingMetrics: { all, connected },
        label: 'devices offline (%)',
        period: PERIOD,
      }),
      above: props.above,
      periods: 2,
      actionArns: props.alarmActionArns,
    });
  }
}
