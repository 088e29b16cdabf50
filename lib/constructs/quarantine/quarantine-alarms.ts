import type { PlatformNames } from '@fleetwright/contracts';
import { Duration } from 'aws-cdk-lib';
import { Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';
import type { BundledFunction } from '../bundled-function/bundled-function.ts';
import { OperatorAlarm } from '../operator-alarm/operator-alarm.ts';

export interface QuarantineAlarmsProps {
  readonly names: PlatformNames;
  readonly function: BundledFunction;
  readonly metricsNamespace: string;
  readonly alarmActionArns: readonly string[];
}

export function quarantineAlarms(scope: Construct, props: QuarantineAlarmsProps): void {
  const count = (metricName: string): Metric =>
    new Metric({
      namespace: props.metricsNamespace,
      metricName,
      dimensionsMap: { service: 'quarantine-device' },
      statistic: 'Sum',
      period: Duration.minutes(1),
    });
  const alarm = (id: string, description: string, metric: Metric): void => {
    new OperatorAlarm(scope, id, { description, metric, above: 0, actionArns: props.alarmActionArns });
  };
  alarm('Quarantined', 'A device was quarantined: see its record for the reason.', count('devicesQuarantined'));
  alarm(
    'OverBound',
    'More devices misbehave than may be quarantined in an hour, so some go on: look for what they have in common ' +
      'before raising security.quarantine.maxPerHour.',
    count('quarantinesOverBound'),
  );
  alarm(
    'Errors',
    'The quarantine function fails: devices that should be cut off may not be. Read its log.',
    props.function.function.metricErrors({ period: Duration.minutes(5) }),
  );
}
