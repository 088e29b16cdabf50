import type { CreateScheduledQueryRequest } from '@aws-sdk/client-timestream-query';
import type { ResourceProvider } from '../../../core/resources.ts';
import type { ScheduledQueries } from './scheduled-queries.ts';
import { readScheduledQuery } from './scheduled-query.ts';

type ScheduledQueryProperties = Omit<CreateScheduledQueryRequest, 'Name'> & {
  readonly ScheduledQueryName?: string;
};

/** CloudFormation template reference, "AWS::Timestream::ScheduledQuery". Every change but of tags is a replacement. */
export function scheduledQueryResource(queries: ScheduledQueries): ResourceProvider<ScheduledQueryProperties> {
  const replaced = [
    'ErrorReportConfiguration',
    'NotificationConfiguration',
    'QueryString',
    'ScheduleConfiguration',
    'ScheduledQueryExecutionRoleArn',
    'ScheduledQueryName',
    'TargetConfiguration',
  ];
  return {
    type: 'AWS::Timestream::ScheduledQuery',
    replaceOn: replaced,
    properties: [...replaced, 'Tags'],
    async create({ ScheduledQueryName, ...rest }, scope) {
      const Name = ScheduledQueryName ?? scope.generateName(64);
      const { arn } = await queries.create(readScheduledQuery({ ...rest, Name }));
      return { physicalId: arn, attributes: { Arn: arn, SQName: Name } };
    },
    update: async (_properties, _previous, state) => state,
    async delete({ physicalId }) {
      const record = queries.find(physicalId);
      if (record !== undefined) await queries.delete(record);
    },
  };
}
