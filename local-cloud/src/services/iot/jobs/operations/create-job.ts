import type { CreateJobRequest, CreateJobResponse, SchedulingConfig } from '@aws-sdk/client-iot';
import type { ApiCall, Operation } from '../../../../core/api.ts';
import { ConstraintViolations } from '../../../../core/constraint-violations.ts';
import { NotImplementedError } from '../../../../core/errors.ts';
import { iotResourceName } from '../../arns.ts';
import { invalidRequest, resourceAlreadyExists } from '../../errors.ts';
import { resource } from '../../iot-service.ts';
import { readTags } from '../../registry/validation.ts';
import { readDocumentSource } from '../document-source.ts';
import { checkDocument } from '../job-document.ts';
import { checkDescription, refuseNamespace, requireJobId } from '../job-input.ts';
import { checkScheduling } from '../job-scheduling.ts';
import { checkTogether, readSettings } from '../job-settings.ts';
import { checkTargets, thingsOf } from '../job-targets.ts';
import { checkRole, type JobsService, passRole } from '../jobs-service.ts';
import { MAX_DOCUMENT_SOURCE_LENGTH, MAX_TARGET_LENGTH, MAX_TARGETS } from '../limits.ts';
import { fillDocument, type ManagedTemplate, managedTemplateOf } from '../managed-templates.ts';
import type { JobRecord, JobTemplateRecord } from '../records.ts';

/** API CreateJob. */
export function createJob(jobs: JobsService): Operation<CreateJobRequest, CreateJobResponse> {
  const { iot } = jobs;
  const { registry, context } = iot;
  return {
    name: 'CreateJob',
    authorize: (input) => [
      ...[resource(iot, 'job', input.jobId), ...(input.targets ?? [])].map((arn) => ({
        action: 'iot:CreateJob',
        resource: arn,
      })),
      ...(input.jobTemplateArn === undefined ? [] : [{ action: 'iot:CreateJob', resource: input.jobTemplateArn }]),
      ...passRole(input.presignedUrlConfig),
    ],
    async handle(input, call) {
      const { jobId } = input;
      requireJobId(jobId);
      refuseUnbuilt(input);
      checkDescription(input.description);
      readTags(input.tags);
      const targets = checkTargetList(input.targets);
      checkTargets(registry.state, targets);
      refuseKnown(jobs, jobId);
      const managed = managedOf(input);
      const template = managed === undefined ? templateOf(jobs, input) : undefined;
      const settings = { ...settingsOf(template), ...readSettings(input) };
      checkTogether(settings);
      const now = context.clock.now();
      const scheduling = schedulingOf(input, template);
      checkScheduling(scheduling, now);
      checkRole(jobs, jobId, settings.presignedUrl);
      const { document, documentSource } = managed ?? template ?? (await readDocument(jobs, input, call));
      checkDocument(document, settings.presignedUrl);
      // The guide's job from a template is described as its template is (`job-template-manage-cli-create`).
      const description = input.description ?? managed?.template.description ?? template?.description;
      // Another may have come while the document was read.
      refuseKnown(jobs, jobId);
      const job: JobRecord = {
        id: jobId,
        ...settings,
        document,
        ...(documentSource === undefined ? {} : { documentSource }),
        ...(description === undefined ? {} : { description }),
        ...(managed === undefined
          ? {}
          : { documentBefore: managed.template.document, documentParameters: managed.values }),
        targets,
        targetSelection: input.targetSelection ?? 'SNAPSHOT',
        ...(scheduling === undefined ? {} : { scheduling }),
        ...(input.jobTemplateArn === undefined ? {} : { templateArn: input.jobTemplateArn }),
        status: 'IN_PROGRESS',
        createdAt: now,
        lastUpdatedAt: now,
      };
      jobs.rollouts.begin(job, thingsOf(registry.state, targets));
      registry.tags.add(registry.state.arn('job', jobId), input.tags);
      await context.store.durable();
      return {
        jobArn: registry.state.arn('job', jobId),
        jobId,
        ...(description === undefined ? {} : { description }),
      };
    },
  };
}

/** @throws AwsError InvalidRequestException */
export function checkTargetList(targets: readonly string[] | undefined): string[] {
  const violations = new ConstraintViolations()
    .required('targets', targets)
    .length('targets', targets, 1, Number.MAX_SAFE_INTEGER);
  for (const [index, target] of (targets ?? []).entries()) {
    violations.length(`targets.${index + 1}.member`, target, 1, MAX_TARGET_LENGTH);
  }
  violations.throwIfAny('InvalidRequestException');
  const unique = [...new Set(targets)];
  if (unique.length > MAX_TARGETS) throw invalidRequest(`A job can have at most ${MAX_TARGETS} targets`);
  return unique;
}

/** The document that a request gives itself. @throws AwsError InvalidRequestException */
export async function readDocument(
  jobs: JobsService,
  input: { readonly document?: string | undefined; readonly documentSource?: string | undefined },
  call: ApiCall,
): Promise<{ document: string; documentSource?: string }> {
  const { document, documentSource } = input;
  if (document !== undefined && documentSource !== undefined) {
    throw invalidRequest('Only one of document and documentSource can be given');
  }
  if (document !== undefined) return { document };
  if (documentSource === undefined) throw invalidRequest('One of document and documentSource is required');
  new ConstraintViolations()
    .length('documentSource', documentSource, 1, MAX_DOCUMENT_SOURCE_LENGTH)
    .throwIfAny('InvalidRequestException');
  return { document: await readDocumentSource(jobs.iot.context, call.principal, documentSource), documentSource };
}

export function refusePackageVersions(versions: readonly string[] | undefined, operation: string): void {
  if (versions !== undefined && versions.length > 0) {
    throw new NotImplementedError(`destinationPackageVersions of ${operation}`);
  }
}

function refuseUnbuilt(input: CreateJobRequest): void {
  refuseNamespace(input.namespaceId, 'CreateJob');
  refusePackageVersions(input.destinationPackageVersions, 'CreateJob');
}

interface FilledTemplate {
  readonly template: ManagedTemplate;
  readonly values: Readonly<Record<string, string>>;
  readonly document: string;
  readonly documentSource?: never;
}

/** @throws AwsError InvalidRequestException, NotImplemented */
function managedOf(input: CreateJobRequest): FilledTemplate | undefined {
  const template = managedTemplateOf(input.jobTemplateArn);
  const values = input.documentParameters ?? {};
  if (template === undefined) {
    if (Object.keys(values).length === 0) return undefined;
    throw invalidRequest('documentParameters can only be used when creating jobs from AWS managed templates');
  }
  refuseOwnDocument(input);
  return { template, values, document: fillDocument(template, values) };
}

function refuseOwnDocument(input: CreateJobRequest): void {
  if (input.document === undefined && input.documentSource === undefined) return;
  throw invalidRequest('A job from a job template takes its document from there');
}

function refuseKnown({ state, iot }: JobsService, jobId: string): void {
  if (!state.jobs.has(jobId)) return;
  const jobArn = resource(iot, 'job', jobId);
  throw resourceAlreadyExists(`Job ${jobId} already exists.`, jobArn, jobId);
}

function templateOf(jobs: JobsService, input: CreateJobRequest): JobTemplateRecord | undefined {
  if (input.jobTemplateArn === undefined) return undefined;
  refuseOwnDocument(input);
  const id = iotResourceName(jobs.iot.context.account, 'jobtemplate', input.jobTemplateArn);
  if (id === undefined) throw invalidRequest(`Invalid job template ARN: ${input.jobTemplateArn}`);
  return jobs.requireTemplate(id);
}

/** "You can override advanced configurations" of the template (`job-templates-cli`). */
function settingsOf(template: JobTemplateRecord | undefined) {
  if (template === undefined) return {};
  const { id, description, document, documentSource, maintenanceWindows, createdAt, ...settings } = template;
  return settings;
}

function schedulingOf(input: CreateJobRequest, template: JobTemplateRecord | undefined): SchedulingConfig | undefined {
  const maintenanceWindows = input.schedulingConfig?.maintenanceWindows ?? template?.maintenanceWindows;
  if (maintenanceWindows === undefined) return input.schedulingConfig;
  return { ...input.schedulingConfig, maintenanceWindows };
}
