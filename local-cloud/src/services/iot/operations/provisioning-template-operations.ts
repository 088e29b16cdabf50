import type {
  CreateProvisioningTemplateRequest,
  CreateProvisioningTemplateResponse,
  CreateProvisioningTemplateVersionRequest,
  CreateProvisioningTemplateVersionResponse,
  DeleteProvisioningTemplateRequest,
  DeleteProvisioningTemplateVersionRequest,
  DescribeProvisioningTemplateRequest,
  DescribeProvisioningTemplateResponse,
  DescribeProvisioningTemplateVersionRequest,
  DescribeProvisioningTemplateVersionResponse,
  ListProvisioningTemplatesRequest,
  ListProvisioningTemplatesResponse,
  ListProvisioningTemplateVersionsRequest,
  ListProvisioningTemplateVersionsResponse,
  UpdateProvisioningTemplateRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { anywhere, changing, type IotService, reading, resource } from '../iot-service.ts';
import { pageOf } from '../registry/paging.ts';
import { defaultVersionOf } from '../registry/provisioning-templates.ts';
import type { TemplateRecord } from '../registry/records.ts';
import { checkPageSize, readTags } from '../registry/validation.ts';
import { passingRole } from './passing-role.ts';

export function provisioningTemplateOperations(service: IotService): Operation[] {
  const { templates, state, tags } = service.registry;
  const templateArn = (input: { templateName: string | undefined }) =>
    resource(service, 'provisioningtemplate', input.templateName);
  return [
    passingRole(
      changing<CreateProvisioningTemplateRequest, CreateProvisioningTemplateResponse>(
        service,
        'CreateProvisioningTemplate',
        templateArn,
        (input) => {
          readTags(input.tags);
          const template = templates.create(input);
          const arn = state.arn('provisioningtemplate', template.name);
          tags.add(arn, input.tags);
          return { templateArn: arn, templateName: template.name, defaultVersionId: template.defaultVersionId };
        },
      ),
      (input) => input.provisioningRoleArn,
    ),
    reading<DescribeProvisioningTemplateRequest, DescribeProvisioningTemplateResponse>(
      'DescribeProvisioningTemplate',
      templateArn,
      (input) => {
        const template = templates.get(input.templateName);
        return {
          ...summaryOf(service, template),
          defaultVersionId: template.defaultVersionId,
          templateBody: defaultVersionOf(template).body,
          provisioningRoleArn: template.provisioningRoleArn,
          ...(template.hook === undefined ? {} : { preProvisioningHook: { ...template.hook } }),
        };
      },
    ),
    passingRole(
      changing<UpdateProvisioningTemplateRequest, object>(
        service,
        'UpdateProvisioningTemplate',
        templateArn,
        (input) => {
          templates.update(input);
          return {};
        },
      ),
      (input) => input.provisioningRoleArn,
    ),
    changing<DeleteProvisioningTemplateRequest, object>(service, 'DeleteProvisioningTemplate', templateArn, (input) => {
      templates.delete(input.templateName);
      return {};
    }),
    reading<ListProvisioningTemplatesRequest, ListProvisioningTemplatesResponse>(
      'ListProvisioningTemplates',
      anywhere,
      (input) => {
        checkPageSize('maxResults', input.maxResults);
        const page = pageOf(state.templates.sortedKeys(), { token: input.nextToken, size: input.maxResults });
        const found = page.keys.map((name) => state.templates.get(name) as TemplateRecord);
        return { templates: found.map((template) => summaryOf(service, template)), nextToken: page.nextToken };
      },
    ),
    changing<CreateProvisioningTemplateVersionRequest, CreateProvisioningTemplateVersionResponse>(
      service,
      'CreateProvisioningTemplateVersion',
      templateArn,
      (input) => {
        const setAsDefault = input.setAsDefault === true;
        const version = templates.createVersion(input.templateName, input.templateBody, setAsDefault);
        return {
          templateArn: templateArn(input),
          templateName: input.templateName,
          versionId: version.id,
          isDefaultVersion: setAsDefault,
        };
      },
    ),
    reading<DescribeProvisioningTemplateVersionRequest, DescribeProvisioningTemplateVersionResponse>(
      'DescribeProvisioningTemplateVersion',
      templateArn,
      (input) => {
        const version = templates.getVersion(input.templateName, input.versionId);
        return {
          versionId: version.id,
          creationDate: new Date(version.creationDate),
          templateBody: version.body,
          isDefaultVersion: version.id === templates.get(input.templateName).defaultVersionId,
        };
      },
    ),
    changing<DeleteProvisioningTemplateVersionRequest, object>(
      service,
      'DeleteProvisioningTemplateVersion',
      templateArn,
      (input) => {
        templates.deleteVersion(input.templateName, input.versionId);
        return {};
      },
    ),
    reading<ListProvisioningTemplateVersionsRequest, ListProvisioningTemplateVersionsResponse>(
      'ListProvisioningTemplateVersions',
      templateArn,
      (input) => {
        const { versions, defaultVersionId } = templates.get(input.templateName);
        return {
          versions: versions.map(({ id, creationDate }) => ({
            versionId: id,
            creationDate: new Date(creationDate),
            isDefaultVersion: id === defaultVersionId,
          })),
        };
      },
    ),
  ];
}

function summaryOf(service: IotService, template: TemplateRecord) {
  return {
    templateArn: resource(service, 'provisioningtemplate', template.name),
    templateName: template.name,
    ...(template.description === undefined ? {} : { description: template.description }),
    creationDate: new Date(template.creationDate),
    lastModifiedDate: new Date(template.lastModifiedDate),
    enabled: template.enabled,
    type: template.type,
  };
}
