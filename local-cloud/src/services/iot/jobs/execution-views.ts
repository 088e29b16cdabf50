import type { ExecutionRecord } from './records.ts';

/** Executions as the data plane shows them (developer guide, `jobs-mqtt-https-api`). Times are seconds since the epoch. */

export interface ExecutionSummary {
  readonly jobId: string;
  readonly queuedAt: number;
  readonly lastUpdatedAt: number;
  readonly startedAt?: number;
  readonly executionNumber: number;
  readonly versionNumber: number;
}

export function summaryOf(execution: ExecutionRecord): ExecutionSummary {
  return {
    jobId: execution.jobId,
    queuedAt: seconds(execution.queuedAt),
    lastUpdatedAt: seconds(execution.lastUpdatedAt),
    ...(execution.startedAt === undefined ? {} : { startedAt: seconds(execution.startedAt) }),
    executionNumber: execution.executionNumber,
    versionNumber: execution.versionNumber,
  };
}

/** JobExecution without thing name and document. */
export function detailsOf(execution: ExecutionRecord, now: number) {
  const left = secondsLeft(execution, now);
  return {
    jobId: execution.jobId,
    status: execution.status,
    ...statusDetailsOf(execution),
    queuedAt: seconds(execution.queuedAt),
    ...(execution.startedAt === undefined ? {} : { startedAt: seconds(execution.startedAt) }),
    lastUpdatedAt: seconds(execution.lastUpdatedAt),
    ...(left === undefined ? {} : { approximateSecondsBeforeTimedOut: left }),
    versionNumber: execution.versionNumber,
    executionNumber: execution.executionNumber,
  };
}

/** JobExecutionState */
export function stateOf(execution: ExecutionRecord) {
  return { status: execution.status, ...statusDetailsOf(execution), versionNumber: execution.versionNumber };
}

/** "This value will not be included if the job execution has reached a terminal status" (API reference, JobExecution). */
export function secondsLeft(execution: ExecutionRecord, now: number): number | undefined {
  const deadline = timeoutOf(execution);
  return deadline === undefined ? undefined : Math.max(0, Math.ceil((deadline - now) / 1000));
}

/** "The step timer can't exceed the in-progress timer's absolute bound" (`jobs-configurations-details`). */
export function timeoutOf({ status, stepDeadline, progressDeadline }: ExecutionRecord): number | undefined {
  if (status !== 'IN_PROGRESS') return undefined;
  if (stepDeadline === undefined || progressDeadline === undefined) return stepDeadline ?? progressDeadline;
  return Math.min(stepDeadline, progressDeadline);
}

export function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

function statusDetailsOf({ statusDetails }: ExecutionRecord): { statusDetails?: Record<string, string> } {
  return Object.keys(statusDetails).length === 0 ? {} : { statusDetails: { ...statusDetails } };
}
