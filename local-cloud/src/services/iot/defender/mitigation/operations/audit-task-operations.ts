import type {
  CancelAuditMitigationActionsTaskRequest,
  DescribeAuditMitigationActionsTaskRequest,
  DescribeAuditMitigationActionsTaskResponse,
  ListAuditMitigationActionsExecutionsRequest,
  ListAuditMitigationActionsExecutionsResponse,
  ListAuditMitigationActionsTasksRequest,
  ListAuditMitigationActionsTasksResponse,
  StartAuditMitigationActionsTaskRequest,
  StartAuditMitigationActionsTaskResponse,
  TaskStatisticsForAuditCheck,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../../core/api.ts';
import { invalidRequest } from '../../../errors.ts';
import { anywhere, changing, reading } from '../../../iot-service.ts';
import { nameInCreationOrder } from '../../../registry/table.ts';
import { listPage } from '../../list-page.ts';
import { readPeriod } from '../../period.ts';
import type { Mitigation } from '../mitigation.ts';
import type { AuditExecution, AuditMitigationTask } from '../mitigation-records.ts';
import { definitionOf, timesOf } from './task-shapes.ts';

export function auditTaskOperations({ service, auditTasks: tasks }: Mitigation): Operation[] {
  return [
    changing<StartAuditMitigationActionsTaskRequest, StartAuditMitigationActionsTaskResponse>(
      service,
      'StartAuditMitigationActionsTask',
      anywhere,
      (input) => ({ taskId: tasks.start(input).id }),
    ),
    reading<DescribeAuditMitigationActionsTaskRequest, DescribeAuditMitigationActionsTaskResponse>(
      'DescribeAuditMitigationActionsTask',
      anywhere,
      (input) => {
        const task = tasks.get(input.taskId);
        return {
          taskStatus: task.status,
          ...timesOf(task),
          taskStatistics: statisticsOf(task),
          target: task.target,
          auditCheckToActionsMapping: Object.fromEntries(
            Object.entries(task.mapping).map(([checkName, names]) => [checkName, [...names]]),
          ),
          actionsDefinition: task.actions.map(definitionOf),
        };
      },
    ),
    changing<CancelAuditMitigationActionsTaskRequest, object>(
      service,
      'CancelAuditMitigationActionsTask',
      anywhere,
      (input) => {
        tasks.cancel(input.taskId);
        return {};
      },
    ),
    reading<ListAuditMitigationActionsTasksRequest, ListAuditMitigationActionsTasksResponse>(
      'ListAuditMitigationActionsTasks',
      anywhere,
      (input) => {
        const { start, end } = readPeriod(input.startTime, input.endTime);
        const of = (key: string) => tasks.get(nameInCreationOrder(key));
        const page = listPage(tasks.table.sortedKeys(), input, (key) => {
          const { startTime, status, target, executions } = of(key);
          if (startTime < start || startTime > end) return false;
          if (input.taskStatus !== undefined && input.taskStatus !== status) return false;
          if (input.auditTaskId !== undefined && input.auditTaskId !== target.auditTaskId) return false;
          return input.findingId === undefined || executions.some(({ findingId }) => findingId === input.findingId);
        });
        return {
          tasks: page.keys.map(of).map(({ id, startTime, status }) => ({
            taskId: id,
            startTime: new Date(startTime),
            taskStatus: status,
          })),
          nextToken: page.nextToken,
        };
      },
    ),
    reading<ListAuditMitigationActionsExecutionsRequest, ListAuditMitigationActionsExecutionsResponse>(
      'ListAuditMitigationActionsExecutions',
      anywhere,
      (input) => {
        const task = tasks.get(input.taskId);
        if (input.findingId === undefined) throw invalidRequest('findingId is required');
        const executions = task.executions.filter(
          ({ findingId, status }) =>
            findingId === input.findingId && (input.actionStatus === undefined || status === input.actionStatus),
        );
        const keys = executions.map((_, index) => String(index).padStart(9, '0'));
        const page = listPage(keys, input);
        return {
          actionsExecutions: page.keys.map((key) => executionShape(task, executions[Number(key)] as AuditExecution)),
          nextToken: page.nextToken,
        };
      },
    ),
  ];
}

function executionShape(task: AuditMitigationTask, execution: AuditExecution) {
  return {
    taskId: task.id,
    findingId: execution.findingId,
    actionName: execution.actionName,
    actionId: task.actions.find(({ name }) => name === execution.actionName)?.id,
    status: execution.status,
    ...timesOf(execution),
    errorCode: execution.errorCode,
    message: execution.message,
  };
}

/** Findings by what became of their actions: any failed, all skipped or cancelled, or all applied. */
function statisticsOf(task: AuditMitigationTask): Record<string, TaskStatisticsForAuditCheck> {
  const statistics: Record<string, TaskStatisticsForAuditCheck> = {};
  for (const checkName of Object.keys(task.mapping)) {
    const findings = new Map<string, AuditExecution[]>();
    for (const execution of task.executions) {
      if (execution.checkName !== checkName) continue;
      findings.set(execution.findingId, [...(findings.get(execution.findingId) ?? []), execution]);
    }
    const outcomes = [...findings.values()].map(outcomeOf);
    const count = (outcome: string): number => outcomes.filter((each) => each === outcome).length;
    statistics[checkName] = {
      totalFindingsCount: findings.size,
      failedFindingsCount: count('FAILED'),
      succeededFindingsCount: count('COMPLETED'),
      skippedFindingsCount: count('SKIPPED'),
      canceledFindingsCount: count('CANCELED'),
    };
  }
  return statistics;
}

function outcomeOf(executions: readonly AuditExecution[]): string {
  const statuses = executions.map(({ status }) => status);
  for (const decisive of ['FAILED', 'CANCELED', 'IN_PROGRESS', 'PENDING', 'SKIPPED'] as const) {
    if (statuses.includes(decisive)) return decisive;
  }
  return 'COMPLETED';
}
