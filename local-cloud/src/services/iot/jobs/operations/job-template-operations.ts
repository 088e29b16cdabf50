import type {
  CreateJobTemplateRequest,
  CreateJobTemplateResponse,
  DeleteJobTemplateRequest,
  DescribeJobTemplateRequest,
  DescribeJobTemplateResponse,
  DescribeManagedJobTemplateRequest,
  DescribeManagedJobTemplateResponse,
  ListJobTemplatesRequest,
  ListJobTemplatesResponse,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../../core/api.ts';
import { NotImplementedError } from '../../../../core/errors.ts';
import { anywhere, changing, reading, resource } from '../../iot-service.ts';
import { pageOf } from '../../registry/paging.ts';
import { checkPageSize } from '../../registry/validation.ts';
import { showSettings } from '../job-settings.ts';
import { createJobTemplate, deleteJobTemplate } from '../job-templates.ts';
import { type JobsService, passRole } from '../jobs-service.ts';
import { findManagedTemplate, managedTemplateArn } from '../managed-templates.ts';
import type { JobTemplateRecord } from '../records.ts';

/** AWS documents its managed templates in part: those known word for word are described, their list is not built. */
export function jobTemplateOperations(jobs: JobsService): Operation[] {
  const { iot, state } = jobs;
  const { account } = iot.context;
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
    reading<DescribeManagedJobTemplateRequest, DescribeManagedJobTemplateResponse>(
      'DescribeManagedJobTemplate',
      (input) => `arn:${account.partition}:iot:${account.region}::jobtemplate/${input.templateName ?? ''}`,
      (input) => {
        const managed = findManagedTemplate(input.templateName ?? '', input.templateVersion);
        if (managed?.documentParameters === undefined) {
          throw new NotImplementedError(`the AWS managed job template ${input.templateName}`);
        }
        return {
          templateName: managed.name,
          templateArn: managedTemplateArn(account.partition, account.region, managed),
          description: managed.description,
          templateVersion: managed.version,
          environments: ['LINUX'],
          documentParameters: [...managed.documentParameters],
          document: managed.document,
        };
      },
    ),
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
