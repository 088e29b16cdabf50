import type { IotPart } from '../iot-part.ts';
import type { IotService } from '../iot-service.ts';
import { streamOperations } from './stream-operations.ts';
import { streamTopics } from './stream-topics.ts';
import { Streams } from './streams.ts';

/** MQTT-based file delivery: the control plane of streams, and the topics through which devices read them. */
export function createStreamsPart(service: IotService): IotPart {
  const streams = new Streams(service);
  return {
    operations: streamOperations(streams),
    start() {
      const reservedTopics = service.context.ports.get('reservedTopics');
      for (const handler of streamTopics(streams)) reservedTopics.register(handler);
    },
  };
}
