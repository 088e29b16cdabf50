import { EventConfigurations } from '../event-configurations/event-configurations.ts';
import type { IotPart } from '../iot-part.ts';
import type { IotService } from '../iot-service.ts';
import { registryEventMessages } from './registry-event-messages.ts';

/** Event messages of things, thing types and thing groups (developer guide, `registry-events`): none until enabled. */
export function createRegistryEventsPart(service: IotService): IotPart {
  const { state } = service.registry;
  const configurations = new EventConfigurations(service.context);
  return {
    operations: [],
    start() {
      state.events.onChange((change) => {
        for (const { type, topic, payload } of registryEventMessages(state, change)) {
          configurations.publish(type, topic, payload);
        }
      });
    },
  };
}
