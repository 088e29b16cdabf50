import type { Tag } from '@aws-sdk/client-iot';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { resourceAlreadyExists } from '../errors.ts';
import type { IotService } from '../iot-service.ts';
import { MAX_NAME_LENGTH } from '../limits.ts';
import { durableProvider } from './durable-provider.ts';

interface ThingGroupProperties {
  ParentGroupName?: string;
  Tags?: Tag[];
  ThingGroupName?: string;
  ThingGroupProperties?: {
    AttributePayload?: { Attributes?: Record<string, string> };
    ThingGroupDescription?: string;
  };
}

/** AWS::IoT::ThingGroup, static groups only: `QueryString` is not among its properties. */
export function thingGroupResource(service: IotService): ResourceProvider<ThingGroupProperties> {
  const { thingGroups, state, tags } = service.registry;
  const stateOf = (name: string): ResourceState => ({
    physicalId: name,
    attributes: { Arn: state.arn('thinggroup', name), Id: thingGroups.get(name).id },
  });
  const definitionOf = ({ ThingGroupProperties: definition }: ThingGroupProperties) => ({
    thingGroupDescription: definition?.ThingGroupDescription,
    attributePayload: { attributes: definition?.AttributePayload?.Attributes ?? {} },
  });
  return durableProvider(service, {
    type: 'AWS::IoT::ThingGroup',
    replaceOn: ['ParentGroupName', 'ThingGroupName'],
    properties: ['ParentGroupName', 'Tags', 'ThingGroupName', 'ThingGroupProperties'],
    async create(properties, scope) {
      const name = properties.ThingGroupName ?? scope.generateName(MAX_NAME_LENGTH);
      const existing = state.thingGroups.get(name);
      if (existing !== undefined) {
        throw resourceAlreadyExists(`Thing group ${name} already exists.`, state.arn('thinggroup', name), existing.id);
      }
      thingGroups.create(name, properties.ParentGroupName, definitionOf(properties));
      tags.replace(state.arn('thinggroup', name), properties.Tags);
      return stateOf(name);
    },
    async update(properties, _previous, { physicalId: name }) {
      const definition = definitionOf(properties);
      thingGroups.update(name, { ...definition, thingGroupDescription: definition.thingGroupDescription ?? '' });
      tags.replace(state.arn('thinggroup', name), properties.Tags);
      return stateOf(name);
    },
    async delete({ physicalId: name }) {
      thingGroups.delete(name);
    },
  });
}
