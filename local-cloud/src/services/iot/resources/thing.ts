import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { resourceAlreadyExists } from '../errors.ts';
import type { IotService } from '../iot-service.ts';
import { MAX_NAME_LENGTH } from '../limits.ts';
import { durableProvider } from './durable-provider.ts';

interface ThingProperties {
  AttributePayload?: { Attributes?: Record<string, string> };
  ThingName?: string;
}

/** AWS::IoT::Thing */
export function thingResource(service: IotService): ResourceProvider<ThingProperties> {
  const { things, state } = service.registry;
  const stateOf = (name: string): ResourceState => ({
    physicalId: name,
    attributes: { Arn: state.arn('thing', name), Id: things.get(name).id },
  });
  const attributesOf = (properties: ThingProperties) => ({
    attributes: properties.AttributePayload?.Attributes ?? {},
  });
  return durableProvider(service, {
    type: 'AWS::IoT::Thing',
    replaceOn: ['ThingName'],
    properties: ['AttributePayload', 'ThingName'],
    async create(properties, scope) {
      const thingName = properties.ThingName ?? scope.generateName(MAX_NAME_LENGTH);
      const existing = state.things.get(thingName);
      if (existing !== undefined) {
        throw resourceAlreadyExists(`Thing ${thingName} already exists.`, state.arn('thing', thingName), existing.id);
      }
      things.create({ thingName, attributePayload: attributesOf(properties) });
      return stateOf(thingName);
    },
    async update(properties, _previous, { physicalId: thingName }) {
      things.update({ thingName, attributePayload: attributesOf(properties) });
      return stateOf(thingName);
    },
    async delete({ physicalId: thingName }) {
      things.delete(thingName);
    },
  });
}
