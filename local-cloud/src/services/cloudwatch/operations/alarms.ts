import type {
  DeleteAlarmsInput,
  DescribeAlarmsForMetricInput,
  DescribeAlarmsForMetricOutput,
  DescribeAlarmsInput,
  DescribeAlarmsOutput,
  DisableAlarmActionsInput,
  PutMetricAlarmInput,
  SetAlarmStateInput,
} from '@aws-sdk/client-cloudwatch';
import type { Operation } from '../../../core/api.ts';
import { AwsError, NotImplementedError } from '../../../core/errors.ts';
import type { Permission } from '../../../core/iam/authorizer.ts';
import type { StateValue } from '../alarms/alarm-record.ts';
import type { Alarms } from '../alarms/alarms.ts';
import { readAlarm } from '../alarms/read-alarm.ts';
import { wireAlarm } from '../alarms/wire-alarm.ts';
import { invalidCombination, validationError } from '../errors.ts';
import { MAX_ALARMS_PER_REQUEST, MAX_STATE_REASON_LENGTH } from '../limits.ts';
import { checkUnit, readIdentity } from '../metrics/read-dimensions.ts';
import { identityOf, keyOf } from '../metrics/series.ts';
import { page } from '../page.ts';
import { readTags } from '../tags.ts';

export function alarmOperations(alarms: Alarms): readonly Operation[] {
  const on = (action: string, names: readonly (string | undefined)[] | undefined): Permission[] =>
    (names ?? []).map((name) => ({ action: `cloudwatch:${action}`, resource: alarms.arnOf(name ?? '') }));

  const put: Operation<PutMetricAlarmInput, object> = {
    name: 'PutMetricAlarm',
    authorize: (input) => on('PutMetricAlarm', [input.AlarmName]),
    async handle(input) {
      await alarms.put(readAlarm(input, alarms.context.account), readTags({}, input.Tags));
      return {};
    },
  };

  const describe: Operation<DescribeAlarmsInput, DescribeAlarmsOutput> = {
    name: 'DescribeAlarms',
    authorize: (input) =>
      input.AlarmNames === undefined
        ? [{ action: 'cloudwatch:DescribeAlarms', resource: alarms.arnOf('*') }]
        : on('DescribeAlarms', input.AlarmNames),
    handle(input) {
      const { AlarmNames: names, AlarmNamePrefix: prefix } = input;
      if (names !== undefined && prefix !== undefined) {
        throw invalidCombination('AlarmNames and AlarmNamePrefix cannot be given together.');
      }
      if (input.ChildrenOfAlarmName !== undefined || input.ParentsOfAlarmName !== undefined) {
        throw new NotImplementedError('DescribeAlarms of composite alarms');
      }
      // Composite and other kinds of alarms cannot be made here, so that there are none.
      const wanted = input.AlarmTypes === undefined || input.AlarmTypes.includes('MetricAlarm');
      const found = alarms
        .all()
        .filter(
          ({ configuration, state }) =>
            wanted &&
            (names === undefined || names.includes(configuration.name)) &&
            configuration.name.startsWith(prefix ?? '') &&
            (input.StateValue === undefined || state === input.StateValue) &&
            (input.ActionPrefix === undefined ||
              [
                ...configuration.okActions,
                ...configuration.alarmActions,
                ...configuration.insufficientDataActions,
              ].some((action) => action.startsWith(input.ActionPrefix as string))),
        );
      const { members, NextToken } = page(found, (alarm) => alarm.configuration.name, input);
      return { MetricAlarms: members.map(wireAlarm), CompositeAlarms: [], NextToken };
    },
  };

  const describeForMetric: Operation<DescribeAlarmsForMetricInput, DescribeAlarmsForMetricOutput> = {
    name: 'DescribeAlarmsForMetric',
    authorize: () => [{ action: 'cloudwatch:DescribeAlarmsForMetric', resource: alarms.arnOf('*') }],
    handle(input) {
      const key = keyOf(readIdentity(input.Namespace, input.MetricName, input.Dimensions));
      checkUnit(input.Unit);
      const found = alarms.all().filter(({ configuration: { metric } }) => {
        if (metric === undefined) return false;
        const dimensions = Object.fromEntries(metric.dimensions.map(({ Name, Value }) => [Name, Value]));
        return (
          keyOf(identityOf(metric.namespace, metric.name, dimensions)) === key &&
          (input.Statistic === undefined || metric.statistic === input.Statistic) &&
          (input.ExtendedStatistic === undefined || metric.extendedStatistic === input.ExtendedStatistic) &&
          (input.Period === undefined || metric.period === input.Period) &&
          (input.Unit === undefined || metric.unit === input.Unit)
        );
      });
      return { MetricAlarms: found.map(wireAlarm) };
    },
  };

  const remove: Operation<DeleteAlarmsInput, object> = {
    name: 'DeleteAlarms',
    authorize: (input) => on('DeleteAlarms', input.AlarmNames),
    async handle(input) {
      const names = checkNames(input.AlarmNames);
      const absent = names.find((name) => alarms.find(name) === undefined);
      // "If you specify an incorrect alarm name or make any other error, no alarms are deleted" (DeleteAlarms).
      if (absent !== undefined) throw new AwsError('ResourceNotFound', `Unknown alarm: ${absent}`, 404);
      await alarms.delete(names);
      return {};
    },
  };

  const setState: Operation<SetAlarmStateInput, object> = {
    name: 'SetAlarmState',
    authorize: (input) => on('SetAlarmState', [input.AlarmName]),
    async handle(input) {
      const alarm = alarms.require(input.AlarmName);
      const state = input.StateValue as string;
      if (!['OK', 'ALARM', 'INSUFFICIENT_DATA'].includes(state))
        throw validationError(`StateValue ${state} is unknown`);
      if ((input.StateReason?.length ?? 0) > MAX_STATE_REASON_LENGTH) throw validationError('StateReason is too long');
      if (input.StateReasonData !== undefined) checkJson(input.StateReasonData);
      await alarms.setState(alarm, state as StateValue, input.StateReason ?? '', input.StateReasonData);
      return {};
    },
  };

  const setActions = (name: string, actionsEnabled: boolean): Operation<DisableAlarmActionsInput, object> => ({
    name,
    authorize: (input) => on(name, input.AlarmNames),
    async handle(input) {
      for (const alarmName of checkNames(input.AlarmNames)) {
        const alarm = alarms.find(alarmName);
        if (alarm === undefined) continue;
        await alarms.change(alarm, { configuration: { ...alarm.configuration, actionsEnabled } });
      }
      return {};
    },
  });

  return [
    put,
    describe,
    describeForMetric,
    remove,
    setState,
    setActions('EnableAlarmActions', true),
    setActions('DisableAlarmActions', false),
  ];
}

function checkNames(names: readonly string[] | undefined): readonly string[] {
  if (names === undefined || names.length > MAX_ALARMS_PER_REQUEST) {
    throw validationError(`AlarmNames must have at most ${MAX_ALARMS_PER_REQUEST} members`);
  }
  return names;
}

/** @throws AwsError `InvalidFormat` */
function checkJson(text: string): void {
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new AwsError('InvalidFormatFault', 'StateReasonData was not syntactically valid JSON', 400, { cause });
  }
}
