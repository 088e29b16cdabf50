import type { Tag } from '@aws-sdk/client-iot';
import { NotImplementedError } from '../../../core/errors.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { resourceAlreadyExists } from '../errors.ts';
import type { IotService } from '../iot-service.ts';
import { MAX_NAME_LENGTH } from '../limits.ts';
import { durableProvider } from './durable-provider.ts';
import { isTrue } from './template-boolean.ts';

interface ThingTypeProperties {
  DeprecateThingType?: boolean | string;
  Tags?: Tag[];
  ThingTypeName?: string;
  ThingTypeProperties?: {
    Mqtt5Configuration?: unknown;
    SearchableAttributes?: string[];
    ThingTypeDescription?: string;
  };
}

/** AWS::IoT::ThingType. CloudFormation itself deprecates a type and waits before it deletes it; here the wait is left out. */
export function thingTypeResource(service: IotService): ResourceProvider<ThingTypeProperties> {
  const { thingTypes, state, tags } = service.registry;
  const stateOf = (name: string): ResourceState => ({
    physicalId: name,
    attributes: { Arn: state.arn('thingtype', name), Id: thingTypes.get(name).id },
  });
  return durableProvider(service, {
    type: 'AWS::IoT::ThingType',
    replaceOn: ['ThingTypeName'],
    properties: ['DeprecateThingType', 'Tags', 'ThingTypeName', 'ThingTypeProperties'],
    async create(properties, scope) {
      const name = properties.ThingTypeName ?? scope.generateName(MAX_NAME_LENGTH);
      const existing = state.thingTypes.get(name);
      if (existing !== undefined) {
        throw resourceAlreadyExists(`Thing type ${name} already exists.`, state.arn('thingtype', name), existing.id);
      }
      thingTypes.create(name, definitionOf(properties));
      tags.replace(state.arn('thingtype', name), properties.Tags);
      if (isTrue(properties.DeprecateThingType)) thingTypes.deprecate(name, false);
      return stateOf(name);
    },
    async update(properties, _previous, { physicalId: name }) {
      const { thingTypeDescription = '', searchableAttributes = [] } = definitionOf(properties);
      thingTypes.update(name, { thingTypeDescription, searchableAttributes });
      thingTypes.deprecate(name, !isTrue(properties.DeprecateThingType));
      tags.replace(state.arn('thingtype', name), properties.Tags);
      return stateOf(name);
    },
    async delete({ physicalId: name }) {
      thingTypes.get(name);
      thingTypes.deleteUnused(name);
    },
  });
}

function definitionOf({ ThingTypeProperties: definition }: ThingTypeProperties) {
  if (definition?.Mqtt5Configuration !== undefined) throw new NotImplementedError('Mqtt5Configuration of a thing type');
  return {
    thingTypeDescription: definition?.ThingTypeDescription,
    searchableAttributes: definition?.SearchableAttributes,
  };
}
