import type { MetricAlarm } from '@aws-sdk/client-cloudwatch';
import type { AlarmRecord } from './alarm-record.ts';

/** An alarm as DescribeAlarms answers it. */
export function wireAlarm(alarm: AlarmRecord): MetricAlarm {
  const { configuration } = alarm;
  const { metric, queries } = configuration;
  return {
    AlarmName: configuration.name,
    AlarmArn: alarm.arn,
    AlarmDescription: configuration.description,
    AlarmConfigurationUpdatedTimestamp: new Date(alarm.configuredAt),
    ActionsEnabled: configuration.actionsEnabled,
    OKActions: [...configuration.okActions],
    AlarmActions: [...configuration.alarmActions],
    InsufficientDataActions: [...configuration.insufficientDataActions],
    StateValue: alarm.state,
    StateReason: alarm.reason,
    StateReasonData: alarm.reasonData,
    StateUpdatedTimestamp: new Date(alarm.stateUpdatedAt),
    StateTransitionedTimestamp: new Date(alarm.stateChangedAt),
    ...(metric === undefined
      ? { Metrics: [...(queries ?? [])] }
      : {
          Namespace: metric.namespace,
          MetricName: metric.name,
          Statistic: metric.statistic as MetricAlarm['Statistic'],
          ExtendedStatistic: metric.extendedStatistic,
          Dimensions: [...metric.dimensions],
          Period: metric.period,
          Unit: metric.unit as MetricAlarm['Unit'],
        }),
    EvaluationPeriods: configuration.evaluationPeriods,
    DatapointsToAlarm: configuration.datapointsToAlarm,
    Threshold: configuration.threshold,
    ComparisonOperator: configuration.comparison,
    TreatMissingData: configuration.treatMissingData,
    EvaluateLowSampleCountPercentile: configuration.evaluateLowSampleCountPercentile,
  };
}
