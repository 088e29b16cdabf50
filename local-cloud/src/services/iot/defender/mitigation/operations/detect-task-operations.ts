import type {
  CancelDetectMitigationActionsTaskRequest,
  DescribeDetectMitigationActionsTaskRequest,
  DescribeDetectMitigationActionsTaskResponse,
  DetectMitigationActionsTaskSummary,
  ListDetectMitigationActionsExecutionsRequest,
  ListDetectMitigationActionsExecutionsResponse,
  ListDetectMitigationActionsTasksRequest,
  ListDetectMitigationActionsTasksResponse,
  StartDetectMitigationActionsTaskRequest,
  StartDetectMitigationActionsTaskResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../../core/api.ts';
import { anywhere, changing, reading } from '../../../iot-service.ts';
import { nameInCreationOrder } from '../../../registry/table.ts';
import { listPage } from '../../list-page.ts';
import { readPeriod } from '../../period.ts';
import type { Mitigation } from '../mitigation.ts';
import type { DetectExecution, DetectMitigationTask } from '../mitigation-records.ts';
import { definitionOf } from './task-shapes.ts';

export function detectTaskOperations({ service, detectTasks: tasks }: Mitigation): Operation[] {
  return [
    changing<StartDetectMitigationActionsTaskRequest, StartDetectMitigationActionsTaskResponse>(
      service,
      'StartDetectMitigationActionsTask',
      anywhere,
      (input) => ({ taskId: tasks.start(input).id }),
    ),
    reading<DescribeDetectMitigationActionsTaskRequest, DescribeDetectMitigationActionsTaskResponse>(
      'DescribeDetectMitigationActionsTask',
      anywhere,
      (input) => ({ taskSummary: summaryOf(tasks.get(input.taskId)) }),
    ),
    changing<CancelDetectMitigationActionsTaskRequest, object>(
      service,
      'CancelDetectMitigationActionsTask',
      anywhere,
      (input) => {
        tasks.cancel(input.taskId);
        return {};
      },
    ),
    reading<ListDetectMitigationActionsTasksRequest, ListDetectMitigationActionsTasksResponse>(
      'ListDetectMitigationActionsTasks',
      anywhere,
      (input) => {
        const { start, end } = readPeriod(input.startTime, input.endTime);
        const of = (key: string) => tasks.get(nameInCreationOrder(key));
        const page = listPage(tasks.table.sortedKeys(), input, (key) => {
          const { startTime } = of(key);
          return startTime >= start && startTime <= end;
        });
        return { tasks: page.keys.map((key) => summaryOf(of(key))), nextToken: page.nextToken };
      },
    ),
    reading<ListDetectMitigationActionsExecutionsRequest, ListDetectMitigationActionsExecutionsResponse>(
      'ListDetectMitigationActionsExecutions',
      anywhere,
      (input) => {
        const timed = input.startTime !== undefined || input.endTime !== undefined;
        const period = timed ? readPeriod(input.startTime, input.endTime) : undefined;
        const candidates = input.taskId === undefined ? [...tasks.table.values()] : [tasks.get(input.taskId)];
        const executions = candidates.flatMap((task) =>
          task.executions
            .filter(hasRun)
            .filter((execution) => {
              if (input.violationId !== undefined && execution.violationId !== input.violationId) return false;
              if (input.thingName !== undefined && execution.thingName !== input.thingName) return false;
              const { startTime = task.startTime } = execution;
              return period === undefined || (startTime >= period.start && startTime <= period.end);
            })
            .map((execution) => ({ task, execution })),
        );
        const keys = executions.map((_, index) => String(index).padStart(9, '0'));
        const page = listPage(keys, input);
        return {
          actionsExecutions: page.keys.flatMap((key) => {
            const found = executions[Number(key)];
            return found === undefined ? [] : [executionShape(found.task, found.execution)];
          }),
          nextToken: page.nextToken,
        };
      },
    ),
  ];
}

type RunExecution = DetectExecution & { readonly status: Exclude<DetectExecution['status'], 'PENDING'> };

function hasRun(execution: DetectExecution): execution is RunExecution {
  return execution.status !== 'PENDING';
}

function executionShape(task: DetectMitigationTask, execution: RunExecution) {
  return {
    taskId: task.id,
    violationId: execution.violationId,
    actionName: execution.actionName,
    thingName: execution.thingName,
    ...(execution.startTime === undefined ? {} : { executionStartDate: new Date(execution.startTime) }),
    ...(execution.endTime === undefined ? {} : { executionEndDate: new Date(execution.endTime) }),
    status: execution.status,
    errorCode: execution.errorCode,
    message: execution.message,
  };
}

function summaryOf(task: DetectMitigationTask): DetectMitigationActionsTaskSummary {
  const count = (wanted: DetectExecution['status']): number =>
    task.executions.filter(({ status }) => status === wanted).length;
  return {
    taskId: task.id,
    taskStatus: task.status,
    taskStartTime: new Date(task.startTime),
    ...(task.endTime === undefined ? {} : { taskEndTime: new Date(task.endTime) }),
    target: task.target,
    ...(task.range === undefined
      ? {}
      : {
          violationEventOccurrenceRange: {
            startTime: new Date(task.range.start),
            endTime: new Date(task.range.end),
          },
        }),
    onlyActiveViolationsIncluded: task.onlyActive,
    suppressedAlertsIncluded: task.suppressed,
    actionsDefinition: task.actions.map(definitionOf),
    taskStatistics: {
      actionsExecuted: count('SUCCESSFUL'),
      actionsSkipped: count('SKIPPED'),
      actionsFailed: count('FAILED'),
    },
  };
}
