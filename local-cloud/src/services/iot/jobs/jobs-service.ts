import type { Permission } from '../../../core/iam/authorizer.ts';
import { iotResourceName } from '../arns.ts';
import { invalidRequest, resourceNotFound } from '../errors.ts';
import type { IotService } from '../iot-service.ts';
import { Deadlines } from './deadlines.ts';
import { DeviceJobs } from './device-jobs.ts';
import { JobDocuments } from './job-document.ts';
import { JobEngine } from './job-engine.ts';
import { JobEvents } from './job-events.ts';
import { requireJobId } from './job-input.ts';
import { JobNotifications } from './job-notifications.ts';
import { JobRollouts } from './job-rollouts.ts';
import { JobsState } from './jobs-state.ts';
import type { ExecutionRecord, JobRecord, JobTemplateRecord, PresignedUrlSettings } from './records.ts';

/** The parts of AWS IoT Jobs, put together. */
export class JobsService {
  readonly iot: IotService;
  readonly state: JobsState;
  readonly documents: JobDocuments;
  readonly notifications: JobNotifications;
  readonly deadlines: Deadlines;
  readonly engine: JobEngine;
  readonly rollouts: JobRollouts;
  readonly devices: DeviceJobs;

  constructor(service: IotService) {
    const { context, registry } = service;
    this.iot = service;
    this.state = new JobsState(context.store);
    this.documents = new JobDocuments(context);
    this.notifications = new JobNotifications(context, this.state, this.documents);
    this.deadlines = new Deadlines(context.clock);
    const events = new JobEvents(service, this.state);
    const { state, notifications, deadlines } = this;
    const parts = { service, state, notifications, events, deadlines };
    this.engine = new JobEngine(parts);
    this.rollouts = new JobRollouts(parts, this.engine);
    this.devices = new DeviceJobs(registry.state, state, this.engine);
    registry.tags.allow('job', (id) => state.jobs.has(id));
    registry.tags.allow('jobtemplate', (id) => state.templates.has(id));
  }

  /** @throws AwsError InvalidRequestException, ResourceNotFoundException */
  requireJob(jobId: string | undefined): JobRecord {
    requireJobId(jobId);
    const job = this.state.jobs.get(jobId);
    if (job === undefined) throw resourceNotFound(`Job ${jobId} cannot be found.`);
    return job;
  }

  /** @throws AwsError InvalidRequestException, ResourceNotFoundException */
  requireTemplate(templateId: string | undefined): JobTemplateRecord {
    requireJobId(templateId, 'jobTemplateId');
    const template = this.state.templates.get(templateId);
    if (template === undefined) throw resourceNotFound(`Job template ${templateId} cannot be found.`);
    return template;
  }

  /** @throws AwsError InvalidRequestException, ResourceNotFoundException */
  requireExecution(
    jobId: string | undefined,
    thingName: string | undefined,
    executionNumber?: number,
  ): ExecutionRecord {
    requireJobId(jobId);
    const execution = this.state.execution(jobId, thingName ?? '', executionNumber);
    if (execution !== undefined) return execution;
    throw resourceNotFound(`Job execution of job ${jobId} on thing ${thingName} cannot be found.`);
  }

  /** A job that is named by its ARN. @throws AwsError */
  requireJobOf(jobArn: string): JobRecord {
    const id = iotResourceName(this.iot.context.account, 'job', jobArn);
    if (id === undefined) throw invalidRequest(`Invalid job ARN: ${jobArn}`);
    return this.requireJob(id);
  }
}

/** Whoever names a role for presigned URLs must be allowed to pass it to AWS IoT. */
export function passRole(settings: { readonly roleArn?: string | undefined } | undefined): Permission[] {
  if (settings?.roleArn === undefined) return [];
  return [
    {
      action: 'iam:PassRole',
      resource: settings.roleArn,
      conditions: { 'iam:PassedToService': 'iot.amazonaws.com' },
    },
  ];
}

/** A role that AWS IoT cannot assume is refused when it is named, not when the first device asks. @throws AwsError */
export function checkRole(jobs: JobsService, jobId: string, presignedUrl: PresignedUrlSettings | undefined): void {
  if (presignedUrl === undefined) return;
  try {
    jobs.documents.assumeRole(jobId, presignedUrl.roleArn);
  } catch {
    throw invalidRequest(`AWS IoT cannot assume the role ${presignedUrl.roleArn} of presignedUrlConfig`);
  }
}
