import type { JobStatus } from '@aws-sdk/client-iot';
import type { JobsState } from './jobs-state.ts';
import { MAX_LISTED_EXECUTIONS, MAX_LISTED_WINDOW_EXECUTIONS } from './limits.ts';
import type { ExecutionRecord, JobRecord } from './records.ts';

/**
 * What a thing has before it, in the order of the list: executions in progress first, then by the time they were queued
 * (developer guide, `jobs-comm-notifications`). Queued executions of a job outside its maintenance window wait unseen
 * (`job-limits`).
 */
export function pendingExecutions(state: JobsState, thingName: string): ExecutionRecord[] {
  const pending = [...state.pendingOfThing(thingName)];
  if (pending.length === 0) return pending;
  return pending
    .filter(({ jobId, status }) => status === 'IN_PROGRESS' || isVisible(state.jobs.get(jobId)?.status))
    .sort(
      (a, b) =>
        Number(b.status === 'IN_PROGRESS') - Number(a.status === 'IN_PROGRESS') ||
        a.queuedAt - b.queuedAt ||
        a.order - b.order,
    );
}

/** As many of them as a list holds. */
export function listedExecutions(state: JobsState, pending: readonly ExecutionRecord[]): ExecutionRecord[] {
  let ordinary = 0;
  let windowed = 0;
  return pending.filter(({ jobId }) => {
    if (hasWindows(state.jobs.get(jobId))) return windowed++ < MAX_LISTED_WINDOW_EXECUTIONS;
    return ordinary++ < MAX_LISTED_EXECUTIONS;
  });
}

function isVisible(status: JobStatus | undefined): boolean {
  return status !== 'SCHEDULED';
}

function hasWindows(job: JobRecord | undefined): boolean {
  return (job?.scheduling?.maintenanceWindows?.length ?? 0) > 0;
}
