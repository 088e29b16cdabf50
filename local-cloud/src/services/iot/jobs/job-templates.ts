import type { CreateJobTemplateRequest } from '@aws-sdk/client-iot';
import type { ApiCall } from '../../../core/api.ts';
import { AwsError } from '../../../core/errors.ts';
import { invalidRequest } from '../errors.ts';
import { readTags } from '../registry/validation.ts';
import { checkDocument } from './job-document.ts';
import { checkDescription, requireJobId } from './job-input.ts';
import { checkMaintenanceWindows } from './job-scheduling.ts';
import { checkTogether, readSettings } from './job-settings.ts';
import type { JobsService } from './jobs-service.ts';
import { readDocument, refusePackageVersions } from './operations/create-job.ts';
import type { JobRecord, JobSettings, JobTemplateRecord } from './records.ts';

/** API CreateJobTemplate, and the resource that stands on it. Templates never change. @throws AwsError */
export async function createJobTemplate(
  jobs: JobsService,
  input: CreateJobTemplateRequest,
  call: ApiCall,
): Promise<JobTemplateRecord> {
  const { jobTemplateId: id, description } = input;
  requireJobId(id, 'jobTemplateId');
  if (description === undefined) throw invalidRequest('description is required');
  checkDescription(description);
  readTags(input.tags);
  refusePackageVersions(input.destinationPackageVersions, 'CreateJobTemplate');
  checkMaintenanceWindows('maintenanceWindows', input.maintenanceWindows);
  refuseKnown(jobs, id);
  const basis = basisOf(jobs, input);
  const settings: JobSettings = { ...basis?.settings, ...readSettings(input) };
  checkTogether(settings);
  const { document, documentSource } = basis?.job ?? (await readDocument(jobs, input, call));
  checkDocument(document, settings.presignedUrl);
  refuseKnown(jobs, id);
  const maintenanceWindows = input.maintenanceWindows ?? basis?.job.scheduling?.maintenanceWindows;
  const template: JobTemplateRecord = {
    id,
    description,
    ...settings,
    document,
    ...(documentSource === undefined ? {} : { documentSource }),
    ...(maintenanceWindows === undefined ? {} : { maintenanceWindows }),
    createdAt: jobs.iot.context.clock.now(),
  };
  jobs.state.templates.put(id, template);
  const { registry } = jobs.iot;
  registry.tags.add(registry.state.arn('jobtemplate', id), input.tags);
  return template;
}

export function deleteJobTemplate(jobs: JobsService, id: string): void {
  const { registry } = jobs.iot;
  jobs.state.templates.delete(id);
  registry.state.tags.delete(registry.state.arn('jobtemplate', id));
}

/** The job that a template is made of. */
function basisOf(
  jobs: JobsService,
  input: CreateJobTemplateRequest,
): { job: JobRecord; settings: JobSettings } | undefined {
  if (input.jobArn === undefined) return undefined;
  if (input.document !== undefined || input.documentSource !== undefined) {
    throw invalidRequest('Only one of jobArn, document and documentSource can be given');
  }
  const job = jobs.requireJobOf(input.jobArn);
  const { presignedUrl, rollout, abort, timeoutMinutes, retry } = job;
  return {
    job,
    settings: {
      ...(presignedUrl === undefined ? {} : { presignedUrl }),
      ...(rollout === undefined ? {} : { rollout }),
      ...(abort === undefined ? {} : { abort }),
      ...(timeoutMinutes === undefined ? {} : { timeoutMinutes }),
      ...(retry === undefined ? {} : { retry }),
    },
  };
}

function refuseKnown(jobs: JobsService, id: string): void {
  if (!jobs.state.templates.has(id)) return;
  throw new AwsError('ConflictException', `Job template ${id} already exists.`, 409, { fields: { resourceId: id } });
}
