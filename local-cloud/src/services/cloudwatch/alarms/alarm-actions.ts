import { parseArn } from '../../../core/account.ts';
import type { ServicePrincipal } from '../../../core/iam/principal.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import type { AlarmRecord, StateValue } from './alarm-record.ts';
import { stamp } from './state-reason.ts';

/** Names of the regions as CloudWatch writes them into notifications ("AWS Regions"); others by their code. */
const REGION_NAMES: Readonly<Record<string, string>> = {
  'us-east-1': 'US East (N. Virginia)',
  'us-east-2': 'US East (Ohio)',
  'us-west-1': 'US West (N. California)',
  'us-west-2': 'US West (Oregon)',
  'eu-west-1': 'EU (Ireland)',
  'eu-west-2': 'EU (London)',
  'eu-central-1': 'EU (Frankfurt)',
  'ap-northeast-1': 'Asia Pacific (Tokyo)',
  'ap-southeast-1': 'Asia Pacific (Singapore)',
  'ap-southeast-2': 'Asia Pacific (Sydney)',
};
const MAX_SUBJECT = 100;

export function actionsOf({ configuration }: AlarmRecord, state: StateValue): readonly string[] {
  switch (state) {
    case 'OK':
      return configuration.okActions;
    case 'ALARM':
      return configuration.alarmActions;
    case 'INSUFFICIENT_DATA':
      return configuration.insufficientDataActions;
  }
}

/** Runs one action of an alarm that has changed its state. @throws AwsError */
export async function runAction(
  context: CloudContext,
  action: string,
  alarm: AlarmRecord,
  before: AlarmRecord,
): Promise<void> {
  const target = parseArn(action);
  const principal = (service: string): ServicePrincipal => ({
    kind: 'service',
    service,
    sourceArn: alarm.arn,
    sourceAccount: context.account.accountId,
  });
  if (target?.service === 'sns') {
    const region = REGION_NAMES[context.account.region] ?? context.account.region;
    await context.api.call(principal('cloudwatch.amazonaws.com'), 'sns', 'Publish', {
      TopicArn: action,
      Subject: `${alarm.state}: "${alarm.configuration.name}" in ${region}`
        .replace(/[^ -~]/g, '?')
        .slice(0, MAX_SUBJECT),
      Message: JSON.stringify(notification(context, alarm, before, region)),
    });
    return;
  }
  await context.api.call(principal('lambda.alarms.cloudwatch.amazonaws.com'), 'lambda', 'Invoke', {
    FunctionName: action,
    InvocationType: 'Event',
    Payload: Buffer.from(JSON.stringify(lambdaEvent(context, alarm, before))),
  });
}

/** User guide, "Notifying users on alarm changes": the message of a topic. */
function notification(context: CloudContext, alarm: AlarmRecord, before: AlarmRecord, region: string): object {
  const { configuration } = alarm;
  return {
    AlarmName: configuration.name,
    AlarmDescription: configuration.description ?? null,
    AWSAccountId: context.account.accountId,
    AlarmConfigurationUpdatedTimestamp: stamp(alarm.configuredAt),
    NewStateValue: alarm.state,
    NewStateReason: alarm.reason,
    StateChangeTime: stamp(alarm.stateChangedAt),
    Region: region,
    AlarmArn: alarm.arn,
    OldStateValue: before.state,
    OKActions: configuration.okActions,
    AlarmActions: configuration.alarmActions,
    InsufficientDataActions: configuration.insufficientDataActions,
    Trigger: trigger(alarm),
  };
}

function trigger({ configuration }: AlarmRecord): object {
  const { metric, queries } = configuration;
  const rule = {
    EvaluationPeriods: configuration.evaluationPeriods,
    ...(configuration.datapointsToAlarm === undefined ? {} : { DatapointsToAlarm: configuration.datapointsToAlarm }),
    ComparisonOperator: configuration.comparison,
    Threshold: configuration.threshold,
    TreatMissingData: configuration.treatMissingData ?? 'missing',
    EvaluateLowSampleCountPercentile: configuration.evaluateLowSampleCountPercentile ?? '',
  };
  if (metric === undefined) return { Metrics: queries, ...rule };
  const extended = metric.extendedStatistic !== undefined;
  return {
    MetricName: metric.name,
    Namespace: metric.namespace,
    StatisticType: extended ? 'ExtendedStatistic' : 'Statistic',
    ...(extended ? { ExtendedStatistic: metric.extendedStatistic } : { Statistic: STATISTICS[metric.statistic ?? ''] }),
    Unit: metric.unit ?? null,
    Dimensions: metric.dimensions.map(({ Name, Value }) => ({ value: Value, name: Name })),
    Period: metric.period,
    ...rule,
  };
}

const STATISTICS: Readonly<Record<string, string>> = {
  SampleCount: 'SAMPLE_COUNT',
  Sum: 'SUM',
  Average: 'AVERAGE',
  Minimum: 'MINIMUM',
  Maximum: 'MAXIMUM',
};

/** User guide, "Invoke a Lambda function from an alarm". */
function lambdaEvent(context: CloudContext, alarm: AlarmRecord, before: AlarmRecord): object {
  const { configuration } = alarm;
  const { metric, queries = [] } = configuration;
  const stateOf = ({ state, reason, reasonData, stateUpdatedAt }: AlarmRecord): object => ({
    value: state,
    reason,
    ...(reasonData === undefined ? {} : { reasonData }),
    timestamp: stamp(stateUpdatedAt),
  });
  const metrics =
    metric === undefined
      ? queries.map(({ Id, Expression, Label, ReturnData, MetricStat }) => ({
          id: Id,
          expression: Expression,
          label: Label,
          returnData: ReturnData ?? true,
          ...(MetricStat === undefined
            ? {}
            : {
                metricStat: {
                  metric: {
                    namespace: MetricStat.Metric?.Namespace,
                    name: MetricStat.Metric?.MetricName,
                    dimensions: Object.fromEntries(
                      (MetricStat.Metric?.Dimensions ?? []).map(({ Name, Value }) => [Name, Value]),
                    ),
                  },
                  period: MetricStat.Period,
                  stat: MetricStat.Stat,
                },
              }),
        }))
      : [
          {
            id: 'm1',
            metricStat: {
              metric: {
                namespace: metric.namespace,
                name: metric.name,
                dimensions: Object.fromEntries(metric.dimensions.map(({ Name, Value }) => [Name, Value])),
              },
              period: metric.period,
              stat: metric.statistic ?? metric.extendedStatistic,
            },
            returnData: true,
          },
        ];
  return {
    source: 'aws.cloudwatch',
    alarmArn: alarm.arn,
    accountId: context.account.accountId,
    time: stamp(alarm.stateChangedAt),
    region: context.account.region,
    alarmData: {
      alarmName: configuration.name,
      state: stateOf(alarm),
      previousState: stateOf(before),
      configuration: {
        ...(configuration.description === undefined ? {} : { description: configuration.description }),
        metrics,
      },
    },
  };
}
