import type { AbortCriteria } from '@aws-sdk/client-iot';
import type { IotService } from '../iot-service.ts';
import { metAbortCriterion } from './abort-criteria.ts';
import type { Deadlines } from './deadlines.ts';
import { isTerminal } from './execution-status.ts';
import { timeoutOf } from './execution-views.ts';
import type { JobEvents } from './job-events.ts';
import type { JobNotifications } from './job-notifications.ts';
import { type JobsState, keyOf } from './jobs-state.ts';
import type { ExecutionRecord, JobRecord } from './records.ts';
import { mayRetry } from './retry-criteria.ts';

export interface JobEngineParts {
  readonly service: IotService;
  readonly state: JobsState;
  readonly notifications: JobNotifications;
  readonly events: JobEvents;
  readonly deadlines: Deadlines;
}

export interface Cancellation {
  readonly force: boolean;
  readonly comment?: string | undefined;
  readonly reasonCode?: string | undefined;
}

/** What an execution may be changed in. */
export type ExecutionChange = Partial<
  Pick<
    ExecutionRecord,
    'status' | 'statusDetails' | 'startedAt' | 'forceCanceled' | 'stepDeadline' | 'progressDeadline'
  >
>;

const NO_RETRIES = { FAILED: 0, TIMED_OUT: 0 } as const;
const MINUTE = 60_000;

/** Reason code of a job that its abort configuration canceled; AWS documents that there is one, not which. */
export const ABORT_REASON_CODE = 'ABORT_CRITERIA_MET';

/**
 * The life of jobs and executions (developer guide, `iot-jobs-lifecycle`): every change of an execution goes through here,
 * so that timers, notifications, events, retries, abort criteria and completion follow from it.
 */
export class JobEngine {
  readonly #parts: JobEngineParts;

  constructor(parts: JobEngineParts) {
    this.#parts = parts;
  }

  /** A further execution of the job on the thing, which then has one before it. */
  queue(job: JobRecord, thingName: string): void {
    this.#parts.notifications.around(thingName, () => this.#putQueued(job, thingName, NO_RETRIES));
  }

  start(execution: ExecutionRecord, change: ExecutionChange): ExecutionRecord {
    const now = this.#now();
    const { timeoutMinutes } = this.#parts.state.jobs.get(execution.jobId) ?? {};
    return this.change(execution, {
      ...change,
      status: 'IN_PROGRESS',
      startedAt: now,
      ...(timeoutMinutes === undefined ? {} : { progressDeadline: now + timeoutMinutes * MINUTE }),
    });
  }

  change(execution: ExecutionRecord, change: ExecutionChange): ExecutionRecord {
    const { state, notifications, events } = this.#parts;
    const { stepDeadline, progressDeadline, ...rest } = { ...execution, ...change };
    const ended = isTerminal(rest.status);
    const updated: ExecutionRecord = {
      ...rest,
      ...(ended || stepDeadline === undefined ? {} : { stepDeadline }),
      ...(ended || progressDeadline === undefined ? {} : { progressDeadline }),
      lastUpdatedAt: this.#now(),
      versionNumber: execution.versionNumber + 1,
    };
    const job = state.jobs.get(execution.jobId);
    let aborting: AbortCriteria | undefined;
    notifications.around(execution.thingName, () => {
      state.putExecution(updated);
      if (!ended || job === undefined || !isActive(job)) return;
      aborting = metAbortCriterion(job.abort, state.attemptCounts(job.id));
      if (aborting === undefined) this.#retry(job, updated);
    });
    this.watch(updated);
    if (!ended) return updated;
    events.execution(updated);
    if (job === undefined || !isActive(job)) return updated;
    if (aborting !== undefined) this.#abort(job, aborting);
    else this.completeIfDone(job);
    return updated;
  }

  /** Sets or clears the timer of an execution. */
  watch(execution: ExecutionRecord): void {
    const { deadlines, state } = this.#parts;
    const { jobId, thingName, executionNumber } = execution;
    const key = `execution ${keyOf(execution)}`;
    const deadline = timeoutOf(execution);
    if (deadline === undefined) {
      deadlines.clear(key);
      return;
    }
    deadlines.set(key, deadline, () => {
      const current = state.execution(jobId, thingName, executionNumber);
      if (current?.status === 'IN_PROGRESS') this.change(current, { status: 'TIMED_OUT' });
    });
  }

  /** "The job status changes to COMPLETED when all its job executions enter a terminal state." */
  completeIfDone(job: JobRecord): void {
    const { state, events, deadlines } = this.#parts;
    if (job.targetSelection === 'CONTINUOUS' && job.rolloutEnded !== true) return;
    if (!isActive(job) || state.rollouts.has(job.id)) return;
    const counts = state.thingCounts(job.id);
    if (counts.QUEUED + counts.IN_PROGRESS > 0) return;
    const now = this.#now();
    const completed: JobRecord = { ...job, status: 'COMPLETED', completedAt: now, lastUpdatedAt: now };
    state.jobs.put(job.id, completed);
    deadlines.clear(jobKey(job.id));
    events.job(completed, 'completed');
  }

  /** QUEUED executions are canceled, those IN_PROGRESS only by force (developer guide, `manage-job-cli`, "Cancel a job"). */
  cancelJob(job: JobRecord, { force, comment, reasonCode }: Cancellation): void {
    const { state, events, deadlines } = this.#parts;
    const canceled: JobRecord = {
      ...job,
      status: 'CANCELED',
      ...(force ? { forceCanceled: true } : {}),
      ...(comment === undefined ? {} : { comment }),
      ...(reasonCode === undefined ? {} : { reasonCode }),
      lastUpdatedAt: this.#now(),
    };
    state.jobs.put(job.id, canceled);
    state.rollouts.delete(job.id);
    deadlines.clear(jobKey(job.id));
    events.job(canceled, 'cancellation_in_progress');
    this.#cancelExecutions(canceled);
    events.job(canceled, 'canceled');
  }

  /** Brings a cancellation or deletion to its end that an earlier run was killed in. */
  finish(job: JobRecord): void {
    if (job.status === 'CANCELED') this.#cancelExecutions(job);
    if (job.status === 'DELETION_IN_PROGRESS') this.deleteJob(job);
  }

  deleteJob(job: JobRecord): void {
    const { state, events, deadlines, notifications, service } = this.#parts;
    const deleting: JobRecord = { ...job, status: 'DELETION_IN_PROGRESS', lastUpdatedAt: this.#now() };
    state.jobs.put(job.id, deleting);
    deadlines.clear(jobKey(job.id));
    events.job(deleting, 'deletion_in_progress');
    const executions = [...state.executionsOfJob(job.id)];
    const things = new Set(executions.map(({ thingName }) => thingName));
    notifications.aroundAll(things, () => state.deleteJob(job.id));
    for (const execution of executions) {
      deadlines.clear(`execution ${keyOf(execution)}`);
      events.execution(execution, 'deleted');
    }
    const { registry } = service;
    registry.state.tags.delete(registry.state.arn('job', job.id));
    events.job(deleting, 'deleted');
  }

  deleteExecution(execution: ExecutionRecord): void {
    const { state, events, deadlines, notifications } = this.#parts;
    notifications.around(execution.thingName, () => state.deleteExecution(execution));
    deadlines.clear(`execution ${keyOf(execution)}`);
    events.execution(execution, 'deleted');
    const job = state.jobs.get(execution.jobId);
    if (job !== undefined) this.completeIfDone(job);
  }

  #cancelExecutions({ id, forceCanceled }: JobRecord): void {
    for (const execution of [...this.#parts.state.executionsOfJob(id)]) {
      if (execution.status === 'QUEUED') this.change(execution, { status: 'CANCELED' });
      if (execution.status === 'IN_PROGRESS' && forceCanceled === true) {
        this.change(execution, { status: 'CANCELED', forceCanceled: true });
      }
    }
  }

  #putQueued(job: JobRecord, thingName: string, retries: ExecutionRecord['retries']): void {
    const { state } = this.#parts;
    const now = this.#now();
    state.putExecution({
      jobId: job.id,
      thingName,
      executionNumber: (state.execution(job.id, thingName)?.executionNumber ?? 0) + 1,
      status: 'QUEUED',
      statusDetails: {},
      queuedAt: now,
      order: state.nextOrder(),
      lastUpdatedAt: now,
      versionNumber: 1,
      retries,
    });
  }

  #retry(job: JobRecord, { status, thingName, retries }: ExecutionRecord): void {
    if (status !== 'FAILED' && status !== 'TIMED_OUT') return;
    if (job.rolloutEnded === true || !mayRetry(job.retry, status, retries)) return;
    this.#putQueued(job, thingName, { ...retries, [status]: retries[status] + 1 });
  }

  /** "When the abort criteria is met …, only QUEUED job executions are canceled" (`jobs-configurations-details`). */
  #abort(job: JobRecord, criterion: AbortCriteria): void {
    this.cancelJob(job, {
      force: false,
      reasonCode: ABORT_REASON_CODE,
      comment: `Aborted: ${criterion.thresholdPercentage}% of at least ${criterion.minNumberOfExecutedThings} executions ended as ${criterion.failureType}`,
    });
  }

  #now(): number {
    return this.#parts.service.context.clock.now();
  }
}

/** The job reaches out to things, now or later. */
export function isActive({ status }: JobRecord): boolean {
  return status === 'IN_PROGRESS' || status === 'SCHEDULED';
}

export function jobKey(jobId: string): string {
  return `job ${jobId}`;
}
