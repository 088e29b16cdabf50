import type { Tag, TemplateType } from '@aws-sdk/client-iot';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import type { IotService } from '../iot-service.ts';
import { MAX_TEMPLATE_NAME_LENGTH, MAX_TEMPLATE_VERSIONS } from '../limits.ts';
import { durableProvider } from './durable-provider.ts';
import { isTrue } from './template-boolean.ts';

interface ProvisioningTemplateProperties {
  Description?: string;
  Enabled?: boolean | string;
  PreProvisioningHook?: { PayloadVersion?: string; TargetArn?: string };
  ProvisioningRoleArn: string;
  Tags?: Tag[];
  TemplateBody: string;
  TemplateName?: string;
  TemplateType?: TemplateType;
}

/** AWS::IoT::ProvisioningTemplate. A changed body becomes the default version; the oldest other version makes room. */
export function provisioningTemplateResource(service: IotService): ResourceProvider<ProvisioningTemplateProperties> {
  const { templates, state, tags } = service.registry;
  const stateOf = (name: string): ResourceState => ({
    physicalId: name,
    attributes: { TemplateArn: state.arn('provisioningtemplate', name) },
  });
  const hookOf = ({ PreProvisioningHook: hook }: ProvisioningTemplateProperties) =>
    hook === undefined ? undefined : { targetArn: hook.TargetArn, payloadVersion: hook.PayloadVersion };
  return durableProvider(service, {
    type: 'AWS::IoT::ProvisioningTemplate',
    replaceOn: ['TemplateName', 'TemplateType'],
    properties: [
      'Description',
      'Enabled',
      'PreProvisioningHook',
      'ProvisioningRoleArn',
      'Tags',
      'TemplateBody',
      'TemplateName',
      'TemplateType',
    ],
    async create(properties, scope) {
      const { name } = templates.create({
        templateName: properties.TemplateName ?? scope.generateName(MAX_TEMPLATE_NAME_LENGTH),
        description: properties.Description,
        templateBody: properties.TemplateBody,
        enabled: isEnabled(properties),
        provisioningRoleArn: properties.ProvisioningRoleArn,
        preProvisioningHook: hookOf(properties),
        type: properties.TemplateType,
      });
      tags.replace(state.arn('provisioningtemplate', name), properties.Tags);
      return stateOf(name);
    },
    async update(properties, previous, { physicalId: name }) {
      if (properties.TemplateBody !== previous.TemplateBody) {
        const { versions, defaultVersionId } = templates.get(name);
        const oldest = versions.find(({ id }) => id !== defaultVersionId);
        if (versions.length >= MAX_TEMPLATE_VERSIONS) templates.deleteVersion(name, oldest?.id);
        templates.createVersion(name, properties.TemplateBody, true);
      }
      const hook = hookOf(properties);
      templates.update({
        templateName: name,
        description: properties.Description ?? '',
        enabled: isEnabled(properties),
        provisioningRoleArn: properties.ProvisioningRoleArn,
        preProvisioningHook: hook,
        removePreProvisioningHook: hook === undefined,
      });
      tags.replace(state.arn('provisioningtemplate', name), properties.Tags);
      return stateOf(name);
    },
    async delete({ physicalId: name }) {
      const { versions, defaultVersionId } = templates.get(name);
      for (const { id } of versions) if (id !== defaultVersionId) templates.deleteVersion(name, id);
      templates.delete(name);
    },
  });
}

/** As the API has it: a template of type JITP is in use unless it says otherwise. */
function isEnabled({ Enabled: enabled, TemplateType: type }: ProvisioningTemplateProperties): boolean {
  return enabled === undefined ? type === 'JITP' : isTrue(enabled);
}
