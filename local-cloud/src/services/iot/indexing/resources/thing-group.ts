import type { Tag } from '@aws-sdk/client-iot';
import type { ResourceProvider, ResourceState } from '../../../../core/resources.ts';
import { invalidRequest, resourceAlreadyExists } from '../../errors.ts';
import type { IotService } from '../../iot-service.ts';
import { MAX_NAME_LENGTH } from '../../limits.ts';
import { durableProvider } from '../../resources/durable-provider.ts';
import type { DynamicThingGroups } from '../dynamic-groups/dynamic-thing-groups.ts';

interface ThingGroupProperties {
  ParentGroupName?: string;
  QueryString?: string;
  Tags?: Tag[];
  ThingGroupName?: string;
  ThingGroupProperties?: {
    AttributePayload?: { Attributes?: Record<string, string> };
    ThingGroupDescription?: string;
  };
}

/** AWS::IoT::ThingGroup: with a `QueryString` a dynamic group. */
export function thingGroupResource(
  service: IotService,
  dynamicGroups: DynamicThingGroups,
): ResourceProvider<ThingGroupProperties> {
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
    properties: ['ParentGroupName', 'QueryString', 'Tags', 'ThingGroupName', 'ThingGroupProperties'],
    async create(properties, scope) {
      const name = properties.ThingGroupName ?? scope.generateName(MAX_NAME_LENGTH);
      const existing = state.thingGroups.get(name);
      if (existing !== undefined) {
        throw resourceAlreadyExists(`Thing group ${name} already exists.`, state.arn('thinggroup', name), existing.id);
      }
      if (properties.QueryString === undefined) {
        thingGroups.create(name, properties.ParentGroupName, definitionOf(properties));
      } else {
        if (properties.ParentGroupName !== undefined) {
          throw invalidRequest(`The dynamic thing group ${name} cannot have a parent group`);
        }
        dynamicGroups.create(name, definitionOf(properties), { queryString: properties.QueryString });
      }
      tags.replace(state.arn('thinggroup', name), properties.Tags);
      return stateOf(name);
    },
    async update(properties, previous, { physicalId: name }) {
      const definition = definitionOf(properties);
      const changed = { ...definition, thingGroupDescription: definition.thingGroupDescription ?? '' };
      if ((properties.QueryString === undefined) !== (previous.QueryString === undefined)) {
        throw invalidRequest(`Thing group ${name} cannot change between static and dynamic`);
      }
      if (properties.QueryString === undefined) thingGroups.update(name, changed);
      else dynamicGroups.update(name, changed, { queryString: properties.QueryString });
      tags.replace(state.arn('thinggroup', name), properties.Tags);
      return stateOf(name);
    },
    async delete({ physicalId: name }, properties) {
      thingGroups.delete(name, undefined, properties.QueryString === undefined ? 'static' : 'dynamic');
    },
  });
}
