import type { Job, JobExecution, JobExecutionSummary, JobSummary } from '@aws-sdk/client-iot';
import { iotResourceName } from '../arns.ts';
import { secondsLeft } from './execution-views.ts';
import { showSettings } from './job-settings.ts';
import type { JobsService } from './jobs-service.ts';
import type { ExecutionRecord, JobRecord } from './records.ts';
import { scheduleOf, writeDateTime } from './schedule.ts';

/** Jobs and executions as the control plane shows them (API reference, Job, JobSummary, JobExecution). */

export function jobView(jobs: JobsService, job: JobRecord): Job {
  const { state, iot } = jobs;
  const counts = state.thingCounts(job.id);
  const windows = scheduleOf(job.scheduling).windowStarts(iot.context.clock.now());
  return {
    ...commonView(jobs, job),
    ...(job.forceCanceled === true ? { forceCanceled: true } : {}),
    ...(job.reasonCode === undefined ? {} : { reasonCode: job.reasonCode }),
    ...(job.comment === undefined ? {} : { comment: job.comment }),
    targets: [...job.targets],
    ...(job.description === undefined ? {} : { description: job.description }),
    ...showSettings(job),
    jobProcessDetails: {
      // "This value will be null after the job execution has finished rolling out to all the target devices."
      ...(state.rollouts.has(job.id) ? { processingTargets: [...job.targets] } : {}),
      numberOfCanceledThings: counts.CANCELED,
      numberOfSucceededThings: counts.SUCCEEDED,
      numberOfFailedThings: counts.FAILED,
      numberOfRejectedThings: counts.REJECTED,
      numberOfQueuedThings: counts.QUEUED,
      numberOfInProgressThings: counts.IN_PROGRESS,
      numberOfRemovedThings: counts.REMOVED,
      numberOfTimedOutThings: counts.TIMED_OUT,
    },
    ...(job.templateArn === undefined ? {} : { jobTemplateArn: job.templateArn }),
    ...(job.documentParameters === undefined ? {} : { documentParameters: { ...job.documentParameters } }),
    ...(job.scheduling === undefined ? {} : { schedulingConfig: job.scheduling }),
    ...(windows.length === 0 ? {} : { scheduledJobRollouts: windows.map((at) => ({ startTime: writeDateTime(at) })) }),
  };
}

export function summaryView(jobs: JobsService, job: JobRecord): JobSummary {
  const { account } = jobs.iot.context;
  const [target, ...others] = job.targets;
  const group = others.length > 0 ? undefined : iotResourceName(account, 'thinggroup', target ?? '');
  const record = group === undefined ? undefined : jobs.iot.registry.state.thingGroups.get(group);
  return { ...commonView(jobs, job), ...(record === undefined ? {} : { thingGroupId: record.id }) };
}

export function executionView(jobs: JobsService, execution: ExecutionRecord): JobExecution {
  const left = secondsLeft(execution, jobs.iot.context.clock.now());
  const { jobId, status, forceCanceled, statusDetails, executionNumber, versionNumber } = execution;
  return {
    jobId,
    status,
    ...(forceCanceled === true ? { forceCanceled } : {}),
    statusDetails: { detailsMap: { ...statusDetails } },
    thingArn: jobs.iot.registry.state.arn('thing', execution.thingName),
    ...datesOf(execution),
    executionNumber,
    versionNumber,
    ...(left === undefined ? {} : { approximateSecondsBeforeTimedOut: left }),
  };
}

export function executionSummaryView(execution: ExecutionRecord): JobExecutionSummary {
  const { status, executionNumber, retries } = execution;
  return { status, ...datesOf(execution), executionNumber, retryAttempt: retries.FAILED + retries.TIMED_OUT };
}

function datesOf({ queuedAt, startedAt, lastUpdatedAt }: ExecutionRecord) {
  return {
    queuedAt: new Date(queuedAt),
    ...(startedAt === undefined ? {} : { startedAt: new Date(startedAt) }),
    lastUpdatedAt: new Date(lastUpdatedAt),
  };
}

function commonView({ iot, state }: JobsService, job: JobRecord) {
  return {
    jobArn: iot.registry.state.arn('job', job.id),
    jobId: job.id,
    targetSelection: job.targetSelection,
    status: job.status,
    createdAt: new Date(job.createdAt),
    lastUpdatedAt: new Date(job.lastUpdatedAt),
    ...(job.completedAt === undefined ? {} : { completedAt: new Date(job.completedAt) }),
    // "true when a job is rolling out new job executions"
    isConcurrent: job.status === 'IN_PROGRESS' && state.rollouts.has(job.id),
  };
}
