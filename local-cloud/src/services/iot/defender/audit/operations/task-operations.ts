import type {
  AuditCheckDetails,
  CancelAuditTaskRequest,
  DescribeAuditTaskRequest,
  DescribeAuditTaskResponse,
  ListAuditTasksRequest,
  ListAuditTasksResponse,
  StartOnDemandAuditTaskRequest,
  StartOnDemandAuditTaskResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../../core/api.ts';
import { ConstraintViolations } from '../../../../../core/constraint-violations.ts';
import { anywhere, changing, reading } from '../../../iot-service.ts';
import { nameInCreationOrder } from '../../../registry/table.ts';
import { AUDIT_RETENTION } from '../../limits.ts';
import { listPage } from '../../list-page.ts';
import { readRetainedPeriod } from '../../period.ts';
import type { Audit } from '../audit.ts';
import { readCheckNames } from '../audit-checks.ts';
import type { AuditTaskRecord, CheckRun } from '../audit-records.ts';

const TASK_TYPES = ['ON_DEMAND_AUDIT_TASK', 'SCHEDULED_AUDIT_TASK'];
const TASK_STATUSES = ['IN_PROGRESS', 'COMPLETED', 'FAILED', 'CANCELED'];

export function taskOperations({ service, tasks }: Audit): Operation[] {
  return [
    changing<StartOnDemandAuditTaskRequest, StartOnDemandAuditTaskResponse>(
      service,
      'StartOnDemandAuditTask',
      anywhere,
      (input) => ({ taskId: tasks.startOnDemand(readCheckNames(input.targetCheckNames)).id }),
    ),
    reading<DescribeAuditTaskRequest, DescribeAuditTaskResponse>('DescribeAuditTask', anywhere, ({ taskId }) =>
      taskShape(tasks.get(taskId)),
    ),
    changing<CancelAuditTaskRequest, object>(service, 'CancelAuditTask', anywhere, ({ taskId }) => {
      tasks.cancel(taskId);
      return {};
    }),
    reading<ListAuditTasksRequest, ListAuditTasksResponse>('ListAuditTasks', anywhere, (input) => {
      new ConstraintViolations()
        .oneOf('taskType', input.taskType, TASK_TYPES)
        .oneOf('taskStatus', input.taskStatus, TASK_STATUSES)
        .throwIfAny('InvalidRequestException');
      const now = service.context.clock.now();
      const { start, end } = readRetainedPeriod(input.startTime, input.endTime, now, AUDIT_RETENTION);
      const taskOf = (key: string) => tasks.get(nameInCreationOrder(key));
      const page = listPage(tasks.tasks.sortedKeys(), input, (key) => {
        const task = taskOf(key);
        if (task.startTime < start || task.startTime > end) return false;
        if (input.taskType !== undefined && task.type !== input.taskType) return false;
        return input.taskStatus === undefined || task.status === input.taskStatus;
      });
      return {
        tasks: page.keys
          .map(taskOf)
          .map(({ id, status, type }) => ({ taskId: id, taskStatus: status, taskType: type })),
        nextToken: page.nextToken,
      };
    }),
  ];
}

function taskShape(task: AuditTaskRecord): DescribeAuditTaskResponse {
  const runs = Object.values(task.checks);
  const count = (status: CheckRun['status']): number => runs.filter((run) => run.status === status).length;
  return {
    taskStatus: task.status,
    taskType: task.type,
    taskStartTime: new Date(task.startTime),
    ...(task.scheduledAuditName === undefined ? {} : { scheduledAuditName: task.scheduledAuditName }),
    taskStatistics: {
      totalChecks: runs.length,
      inProgressChecks: count('IN_PROGRESS'),
      waitingForDataCollectionChecks: count('WAITING_FOR_DATA_COLLECTION'),
      compliantChecks: count('COMPLETED_COMPLIANT'),
      nonCompliantChecks: count('COMPLETED_NON_COMPLIANT'),
      failedChecks: count('FAILED'),
      canceledChecks: count('CANCELED'),
    },
    auditDetails: Object.fromEntries(Object.entries(task.checks).map(([name, run]) => [name, checkShape(run)])),
  };
}

function checkShape(run: CheckRun): AuditCheckDetails {
  const completed = run.status === 'COMPLETED_COMPLIANT' || run.status === 'COMPLETED_NON_COMPLIANT';
  return {
    checkRunStatus: run.status,
    ...(completed
      ? {
          checkCompliant: run.status === 'COMPLETED_COMPLIANT',
          totalResourcesCount: run.totalResources,
          nonCompliantResourcesCount: run.nonCompliantResources,
          suppressedNonCompliantResourcesCount: run.suppressedResources,
        }
      : {}),
    ...(run.errorCode === undefined ? {} : { errorCode: run.errorCode }),
    ...(run.message === undefined ? {} : { message: run.message }),
  };
}
