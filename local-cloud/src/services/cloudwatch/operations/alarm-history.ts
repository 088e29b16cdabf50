import type {
  AlarmHistoryItem,
  DescribeAlarmHistoryInput,
  DescribeAlarmHistoryOutput,
} from '@aws-sdk/client-cloudwatch';
import type { Operation } from '../../../core/api.ts';
import { NotImplementedError } from '../../../core/errors.ts';
import type { Alarms } from '../alarms/alarms.ts';
import { page } from '../page.ts';

export function describeAlarmHistory(alarms: Alarms): Operation<DescribeAlarmHistoryInput, DescribeAlarmHistoryOutput> {
  return {
    name: 'DescribeAlarmHistory',
    authorize: (input) => [
      { action: 'cloudwatch:DescribeAlarmHistory', resource: alarms.arnOf(input.AlarmName ?? '*') },
    ],
    handle(input) {
      if (input.AlarmContributorId !== undefined)
        throw new NotImplementedError('DescribeAlarmHistory AlarmContributorId');
      const names = input.AlarmName === undefined ? alarms.historyNames() : [input.AlarmName];
      const wanted = input.AlarmTypes === undefined || input.AlarmTypes.includes('MetricAlarm');
      const items = (wanted ? names : [])
        .flatMap((name) => alarms.history(name).map((item, index) => ({ name, item, index })))
        .filter(
          ({ item }) =>
            (input.HistoryItemType === undefined || item.type === input.HistoryItemType) &&
            item.time >= (input.StartDate?.getTime() ?? 0) &&
            item.time <= (input.EndDate?.getTime() ?? Number.POSITIVE_INFINITY),
        )
        .sort((a, b) => a.item.time - b.item.time || a.index - b.index);
      // Newest first unless asked otherwise.
      if (input.ScanBy !== 'TimestampAscending') items.reverse();
      const { members, NextToken } = page(items, ({ name, item, index }) => `${item.time} ${index} ${name}`, input);
      return {
        AlarmHistoryItems: members.map(
          ({ name, item }): AlarmHistoryItem => ({
            AlarmName: name,
            AlarmType: 'MetricAlarm',
            Timestamp: new Date(item.time),
            HistoryItemType: item.type,
            HistorySummary: item.summary,
            HistoryData: item.data,
          }),
        ),
        NextToken,
      };
    },
  };
}
