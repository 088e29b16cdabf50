import type { UpdateJobRequest } from '@aws-sdk/client-iot';
import { invalidRequest } from '../../errors.ts';
import { checkDocument } from '../job-document.ts';
import { isActive } from '../job-engine.ts';
import { checkDescription, refuseNamespace } from '../job-input.ts';
import { checkTogether, readSettings } from '../job-settings.ts';
import { checkRole, type JobsService } from '../jobs-service.ts';
import type { JobRecord } from '../records.ts';

/** API UpdateJob, with the restrictions of `jobs-configurations-details` and `job-configurations-api`. */
export function updateJob(jobs: JobsService, input: UpdateJobRequest): object {
  const { state, iot } = jobs;
  refuseNamespace(input.namespaceId, 'UpdateJob');
  checkDescription(input.description);
  const settings = readSettings(input);
  const job = jobs.requireJob(input.jobId);
  if (!isActive(job)) throw invalidRequest(`Job ${job.id} in status ${job.status} cannot be updated.`);
  // "You can update the value of this timer until the start of your job execution."
  if (settings.timeoutMinutes !== undefined && hasStarted(jobs, job)) {
    throw invalidRequest(`timeoutConfig of job ${job.id} cannot be updated: an execution has started.`);
  }
  // "You can only set the number of retries to 0 by using the UpdateJob API operation."
  if (settings.retry?.criteriaList?.some(({ numberOfRetries }) => numberOfRetries !== 0) === true) {
    throw invalidRequest('The number of retries of a job can only be updated to 0.');
  }
  const updated: JobRecord = {
    ...job,
    ...settings,
    ...(input.description === undefined ? {} : { description: input.description }),
    lastUpdatedAt: iot.context.clock.now(),
  };
  checkTogether(updated);
  checkDocument(updated.document, updated.presignedUrl);
  checkRole(jobs, job.id, settings.presignedUrl);
  state.jobs.put(job.id, updated);
  return {};
}

function hasStarted({ state }: JobsService, job: JobRecord): boolean {
  for (const { startedAt } of state.executionsOfJob(job.id)) if (startedAt !== undefined) return true;
  return false;
}
