import type {
  CreateScheduledAuditRequest,
  CreateScheduledAuditResponse,
  DeleteScheduledAuditRequest,
  DescribeScheduledAuditRequest,
  DescribeScheduledAuditResponse,
  ListScheduledAuditsRequest,
  ListScheduledAuditsResponse,
  ScheduledAuditMetadata,
  UpdateScheduledAuditRequest,
  UpdateScheduledAuditResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../../core/api.ts';
import { anywhere, changing, reading } from '../../../iot-service.ts';
import { listPage } from '../../list-page.ts';
import type { Audit } from '../audit.ts';
import type { ScheduledAuditRecord } from '../audit-records.ts';

export function scheduleOperations({ service, schedules, scheduleTags }: Audit): Operation[] {
  const arnOf = (input: { scheduledAuditName: string | undefined }): string =>
    scheduleTags.arn(input.scheduledAuditName ?? '');
  const shape = (record: ScheduledAuditRecord): ScheduledAuditMetadata => ({
    scheduledAuditName: record.name,
    scheduledAuditArn: scheduleTags.arn(record.name),
    frequency: record.frequency,
    ...(record.dayOfMonth === undefined ? {} : { dayOfMonth: record.dayOfMonth }),
    ...(record.dayOfWeek === undefined ? {} : { dayOfWeek: record.dayOfWeek }),
  });
  return [
    changing<CreateScheduledAuditRequest, CreateScheduledAuditResponse>(
      service,
      'CreateScheduledAudit',
      arnOf,
      (input) => {
        scheduleTags.check(input.tags);
        const { name } = schedules.create(input);
        scheduleTags.add(name, input.tags);
        return { scheduledAuditArn: scheduleTags.arn(name) };
      },
    ),
    reading<DescribeScheduledAuditRequest, DescribeScheduledAuditResponse>('DescribeScheduledAudit', arnOf, (input) => {
      const record = schedules.get(input.scheduledAuditName);
      return { ...shape(record), targetCheckNames: [...record.checkNames] };
    }),
    changing<UpdateScheduledAuditRequest, UpdateScheduledAuditResponse>(
      service,
      'UpdateScheduledAudit',
      arnOf,
      (input) => ({ scheduledAuditArn: scheduleTags.arn(schedules.update(input).name) }),
    ),
    changing<DeleteScheduledAuditRequest, object>(service, 'DeleteScheduledAudit', arnOf, (input) => {
      schedules.delete(input.scheduledAuditName);
      scheduleTags.forget(input.scheduledAuditName ?? '');
      return {};
    }),
    reading<ListScheduledAuditsRequest, ListScheduledAuditsResponse>('ListScheduledAudits', anywhere, (input) => {
      const page = listPage(schedules.table.sortedKeys(), input);
      return { scheduledAudits: page.keys.map((name) => shape(schedules.get(name))), nextToken: page.nextToken };
    }),
  ];
}
