import type { CreateJobTemplateRequest, MaintenanceWindow, Tag } from '@aws-sdk/client-iot';
import { uuid } from '../../../../core/entropy.ts';
import { administratorOf } from '../../../../core/iam/administrator.ts';
import type { ResourceProvider, ResourceState } from '../../../../core/resources.ts';
import { invalidRequest } from '../../errors.ts';
import { durableProvider } from '../../resources/durable-provider.ts';
import { createJobTemplate, deleteJobTemplate } from '../job-templates.ts';
import type { JobsService } from '../jobs-service.ts';

interface JobTemplateProperties {
  AbortConfig?: object;
  Description?: string;
  Document?: string;
  DocumentSource?: string;
  JobArn?: string;
  JobExecutionsRetryConfig?: object;
  JobExecutionsRolloutConfig?: object;
  JobTemplateId?: string;
  MaintenanceWindows?: object[];
  PresignedUrlConfig?: object;
  Tags?: Tag[];
  TimeoutConfig?: object;
}

/** Members of the property types, by what the API calls them. */
const MEMBERS: Readonly<Record<string, string>> = {
  CriteriaList: 'criteriaList',
  RetryCriteriaList: 'criteriaList',
  Action: 'action',
  FailureType: 'failureType',
  MinNumberOfExecutedThings: 'minNumberOfExecutedThings',
  ThresholdPercentage: 'thresholdPercentage',
  NumberOfRetries: 'numberOfRetries',
  MaximumPerMinute: 'maximumPerMinute',
  ExponentialRolloutRate: 'exponentialRate',
  BaseRatePerMinute: 'baseRatePerMinute',
  IncrementFactor: 'incrementFactor',
  RateIncreaseCriteria: 'rateIncreaseCriteria',
  NumberOfNotifiedThings: 'numberOfNotifiedThings',
  NumberOfSucceededThings: 'numberOfSucceededThings',
  InProgressTimeoutInMinutes: 'inProgressTimeoutInMinutes',
  DurationInMinutes: 'durationInMinutes',
  StartTime: 'startTime',
  ExpiresInSec: 'expiresInSec',
  RoleArn: 'roleArn',
};

const TEXTS: ReadonlySet<string> = new Set(['action', 'failureType', 'startTime', 'roleArn']);

/** AWS::IoT::JobTemplate. Every property but its tags means replacement, as templates never change. */
export function jobTemplateResource(jobs: JobsService): ResourceProvider<JobTemplateProperties> {
  const { context, registry } = jobs.iot;
  const stateOf = (id: string): ResourceState => ({
    physicalId: id,
    attributes: { Arn: registry.state.arn('jobtemplate', id) },
  });
  return durableProvider(jobs.iot, {
    type: 'AWS::IoT::JobTemplate',
    replaceOn: [
      'AbortConfig',
      'Description',
      'Document',
      'DocumentSource',
      'JobArn',
      'JobExecutionsRetryConfig',
      'JobExecutionsRolloutConfig',
      'JobTemplateId',
      'MaintenanceWindows',
      'PresignedUrlConfig',
      'TimeoutConfig',
    ],
    properties: [
      'AbortConfig',
      'Description',
      'Document',
      'DocumentSource',
      'JobArn',
      'JobExecutionsRetryConfig',
      'JobExecutionsRolloutConfig',
      'JobTemplateId',
      'MaintenanceWindows',
      'PresignedUrlConfig',
      'Tags',
      'TimeoutConfig',
    ],
    async create(properties) {
      const principal = administratorOf(context.account);
      const call = { principal, requestId: uuid(context.entropy), sourceIp: '127.0.0.1', secure: true };
      return stateOf((await createJobTemplate(jobs, requestOf(properties), call)).id);
    },
    async update(properties, _previous, { physicalId: id }) {
      registry.tags.replace(registry.state.arn('jobtemplate', id), properties.Tags);
      return stateOf(id);
    },
    async delete({ physicalId: id }) {
      deleteJobTemplate(jobs, id);
    },
  });
}

function requestOf(properties: JobTemplateProperties): CreateJobTemplateRequest {
  const { MaintenanceWindows } = properties;
  return {
    jobTemplateId: properties.JobTemplateId,
    description: properties.Description,
    document: properties.Document,
    documentSource: properties.DocumentSource,
    jobArn: properties.JobArn,
    abortConfig: renamed(properties.AbortConfig) as CreateJobTemplateRequest['abortConfig'],
    jobExecutionsRetryConfig: renamed(
      properties.JobExecutionsRetryConfig,
    ) as CreateJobTemplateRequest['jobExecutionsRetryConfig'],
    jobExecutionsRolloutConfig: renamed(properties.JobExecutionsRolloutConfig),
    maintenanceWindows: MaintenanceWindows?.map((window) => renamed(window) as MaintenanceWindow),
    presignedUrlConfig: renamed(properties.PresignedUrlConfig),
    timeoutConfig: renamed(properties.TimeoutConfig),
    tags: properties.Tags,
  };
}

/** As the API writes it; numbers of a template may be text. @throws AwsError for a member that no property type has */
function renamed(value: object | undefined): object | undefined {
  if (value === undefined) return undefined;
  return Object.fromEntries(
    Object.entries(value).map(([member, content]) => {
      const name = Object.hasOwn(MEMBERS, member) ? (MEMBERS[member] as string) : undefined;
      if (name === undefined) throw invalidRequest(`AWS::IoT::JobTemplate has no member ${member}`);
      return [name, readMember(name, content)];
    }),
  );
}

function readMember(name: string, content: unknown): unknown {
  if (Array.isArray(content)) return content.map((item) => renamed(item as object));
  if (typeof content === 'object' && content !== null) return renamed(content);
  if (typeof content === 'string' && !TEXTS.has(name) && content.trim() !== '') return Number(content);
  return content;
}
