import type { PutMetricAlarmInput, Tag } from '@aws-sdk/client-cloudwatch';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import type { AlarmRecord } from '../alarms/alarm-record.ts';
import type { Alarms } from '../alarms/alarms.ts';
import { readAlarm } from '../alarms/read-alarm.ts';
import { MAX_ALARM_NAME_LENGTH } from '../limits.ts';
import { readTags } from '../tags.ts';

type Numbers = 'Period' | 'EvaluationPeriods' | 'DatapointsToAlarm' | 'Threshold';

/** Properties are those of PutMetricAlarm; numbers may come as text. */
export type AlarmProperties = Omit<PutMetricAlarmInput, Numbers | 'ActionsEnabled' | 'Tags'> & {
  [K in Numbers]?: number | string;
} & { ActionsEnabled?: boolean | string; Tags?: Tag[] };

const NUMBERS: readonly Numbers[] = ['Period', 'EvaluationPeriods', 'DatapointsToAlarm', 'Threshold'];

/** AWS::CloudWatch::Alarm. ThresholdMetricId (anomaly detection) is left out, and so refuses. */
export function alarmResource(alarms: Alarms): ResourceProvider<AlarmProperties> {
  async function put(properties: AlarmProperties, name: string): Promise<AlarmRecord> {
    const configuration = readAlarm(inputOf(properties, name), alarms.context.account);
    const alarm = await alarms.put(configuration);
    await alarms.change(alarm, { tags: readTags({}, properties.Tags) });
    return alarm;
  }
  return {
    type: 'AWS::CloudWatch::Alarm',
    replaceOn: ['AlarmName'],
    properties: [
      'AlarmName',
      'AlarmDescription',
      'ActionsEnabled',
      'OKActions',
      'AlarmActions',
      'InsufficientDataActions',
      'MetricName',
      'Namespace',
      'Statistic',
      'ExtendedStatistic',
      'Dimensions',
      'Unit',
      'ComparisonOperator',
      'TreatMissingData',
      'EvaluateLowSampleCountPercentile',
      'Metrics',
      'Tags',
      ...NUMBERS,
    ],
    async create(properties, scope) {
      return stateOf(await put(properties, properties.AlarmName ?? scope.generateName(MAX_ALARM_NAME_LENGTH)));
    },
    async update(properties, _previous, state) {
      return stateOf(await put(properties, state.physicalId));
    },
    async delete(state) {
      await alarms.delete([state.physicalId]);
    },
  };
}

function inputOf(properties: AlarmProperties, name: string): PutMetricAlarmInput {
  const { ActionsEnabled: enabled, Tags: _tags, ...rest } = properties;
  const numbers = Object.fromEntries(
    NUMBERS.filter((key) => properties[key] !== undefined).map((key) => [key, Number(properties[key])]),
  );
  return {
    ...(rest as PutMetricAlarmInput),
    ...numbers,
    AlarmName: name,
    ...(enabled === undefined ? {} : { ActionsEnabled: String(enabled) === 'true' }),
  };
}

function stateOf(alarm: AlarmRecord): ResourceState {
  return { physicalId: alarm.configuration.name, attributes: { Arn: alarm.arn } };
}
