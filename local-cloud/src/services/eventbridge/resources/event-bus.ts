import type { CreateEventBusRequest } from '@aws-sdk/client-eventbridge';
import type { ResourceProvider } from '../../../core/resources.ts';
import type { EventBridge } from '../event-bridge.ts';
import { createBus, deleteBus } from '../operations/buses.ts';

type EventBusProperties = Pick<CreateEventBusRequest, 'Name' | 'Description' | 'Tags'>;

/** CloudFormation template reference, "AWS::Events::EventBus". */
export function eventBusResource(bridge: EventBridge): ResourceProvider<EventBusProperties> {
  const stateOf = (name: string) => ({ physicalId: name, attributes: { Arn: bridge.busArn(name), Name: name } });
  return {
    type: 'AWS::Events::EventBus',
    replaceOn: ['Name'],
    properties: ['Name', 'Description', 'Tags'],
    create: async (properties) => stateOf((await createBus(bridge, properties)).name),
    async update({ Description, Tags = [] }, _previous, { physicalId }) {
      const tags = Tags.map(({ Key = '', Value = '' }) => ({ Key, Value }));
      const updatedAt = bridge.context.clock.now();
      await bridge.putBus({ ...bridge.bus(physicalId), description: Description, tags, updatedAt });
      return stateOf(physicalId);
    },
    async delete({ physicalId }) {
      if (bridge.findBus(physicalId) !== undefined) await deleteBus(bridge, physicalId);
    },
  };
}
