import type {
  CreateJobTemplateRequest,
  CreateJobTemplateResponse,
  DeleteJobTemplateRequest,
  DescribeJobTemplateRequest,
  DescribeJobTemplateResponse,
  ListJobTemplatesRequest,
  ListJobTemplatesResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../core/api.ts';
import { anywhere, changing, reading, resource } from '../../iot-service.ts';
import { pageOf } from '../../registry/paging.ts';
import { checkPageSize } from '../../registry/validation.ts';
import { showSettings } from '../job-settings.ts';
import { createJobTemplate, deleteJobTemplate } from '../job-templates.ts';
import { type JobsService, passRole } from '../jobs-service.ts';
import type { JobTemplateRecord } from '../records.ts';

/** Managed templates are not among them: their ARNs, versions and parameters are documented only in part. */
export function jobTemplateOperations(jobs: JobsService): Operation[] {
  const { iot, state } = jobs;
  const templateArn = (input: { jobTemplateId: string | undefined }) =>
    resource(iot, 'jobtemplate', input.jobTemplateId);
  const summaryOf = ({ id, description, createdAt }: JobTemplateRecord) => ({
    jobTemplateArn: resource(iot, 'jobtemplate', id),
    jobTemplateId: id,
    description,
    createdAt: new Date(createdAt),
  });
  const create: Operation<CreateJobTemplateRequest, CreateJobTemplateResponse> = {
    name: 'CreateJobTemplate',
    authorize: (input) => [
      { action: 'iot:CreateJobTemplate', resource: templateArn(input) },
      ...(input.jobArn === undefined ? [] : [{ action: 'iot:CreateJobTemplate', resource: input.jobArn }]),
      ...passRole(input.presignedUrlConfig),
    ],
    async handle(input, call) {
      const template = await createJobTemplate(jobs, input, call);
      await iot.context.store.durable();
      return { jobTemplateArn: resource(iot, 'jobtemplate', template.id), jobTemplateId: template.id };
    },
  };
  return [
    create,
    reading<DescribeJobTemplateRequest, DescribeJobTemplateResponse>('DescribeJobTemplate', templateArn, (input) => {
      const template = jobs.requireTemplate(input.jobTemplateId);
      const { document, documentSource, maintenanceWindows } = template;
      return {
        ...summaryOf(template),
        ...(documentSource === undefined ? {} : { documentSource }),
        document,
        ...showSettings(template),
        ...(maintenanceWindows === undefined ? {} : { maintenanceWindows }),
      };
    }),
    changing<DeleteJobTemplateRequest, object>(iot, 'DeleteJobTemplate', templateArn, (input) => {
      deleteJobTemplate(jobs, jobs.requireTemplate(input.jobTemplateId).id);
      return {};
    }),
    reading<ListJobTemplatesRequest, ListJobTemplatesResponse>('ListJobTemplates', anywhere, (input) => {
      checkPageSize('maxResults', input.maxResults);
      const page = pageOf(state.templates.sortedKeys(), { token: input.nextToken, size: input.maxResults });
      return {
        jobTemplates: page.keys.map((id) => summaryOf(state.templates.get(id) as JobTemplateRecord)),
        nextToken: page.nextToken,
      };
    }),
  ];
}
