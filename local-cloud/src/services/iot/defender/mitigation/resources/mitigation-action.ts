import type { MitigationActionParams, Tag } from '@aws-sdk/client-iot';
import type { ResourceProvider } from '../../../../../core/resources.ts';
import { durableProvider } from '../../../resources/durable-provider.ts';
import { isTrue } from '../../../resources/template-boolean.ts';
import { MAX_NAME_LENGTH } from '../../limits.ts';
import type { Mitigation } from '../mitigation.ts';

interface MitigationActionProperties {
  ActionName?: string;
  ActionParams: Record<string, Record<string, unknown>>;
  RoleArn: string;
  Tags?: Tag[];
}

/** Members of the API whose names differ from the property's by more than its first letter. */
const NAMES: Readonly<Record<string, string>> = {
  UpdateCACertificateParams: 'updateCACertificateParams',
  EnableIoTLoggingParams: 'enableIoTLoggingParams',
};

/** AWS::IoT::MitigationAction */
export function mitigationActionResource({
  service,
  actions,
  tags,
}: Mitigation): ResourceProvider<MitigationActionProperties> {
  const stateOf = (name: string) => ({
    physicalId: name,
    attributes: { MitigationActionArn: tags.arn(name), MitigationActionId: actions.get(name).id },
  });
  return durableProvider(service, {
    type: 'AWS::IoT::MitigationAction',
    replaceOn: ['ActionName'],
    properties: ['ActionName', 'ActionParams', 'RoleArn', 'Tags'],
    async create(properties, scope) {
      const name = properties.ActionName ?? scope.generateName(MAX_NAME_LENGTH);
      actions.create({ actionName: name, roleArn: properties.RoleArn, actionParams: paramsOf(properties) });
      tags.replace(name, properties.Tags);
      return stateOf(name);
    },
    async update(properties, _previous, { physicalId: name }) {
      actions.update({ actionName: name, roleArn: properties.RoleArn, actionParams: paramsOf(properties) });
      tags.replace(name, properties.Tags);
      return stateOf(name);
    },
    async delete({ physicalId: name }) {
      actions.delete(name);
      tags.forget(name);
    },
  });
}

function paramsOf({ ActionParams }: MitigationActionProperties): MitigationActionParams {
  return Object.fromEntries(
    Object.entries(ActionParams).map(([property, params]) => [
      memberName(property),
      Object.fromEntries(
        Object.entries(params).map(([name, value]) => [
          memberName(name),
          name === 'OverrideDynamicGroups' ? isTrue(value as boolean | string) : value,
        ]),
      ),
    ]),
  );
}

function memberName(property: string): string {
  return NAMES[property] ?? property.charAt(0).toLowerCase() + property.slice(1);
}
