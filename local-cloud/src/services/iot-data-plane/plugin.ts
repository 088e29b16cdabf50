import * as schemas from '@aws-sdk/client-iot-data-plane';
import type { CloudContext, PluginFactory, ServicePlugin } from '../../core/plugin.ts';
import { SHADOW_LIMITS, type ShadowLimits } from './limits.ts';
import { connectionOperations } from './operations/connection-operations.ts';
import type { DataPlaneService } from './operations/data-plane-service.ts';
import { listNamedShadowsForThing } from './operations/list-named-shadows-for-thing.ts';
import { publish } from './operations/publish.ts';
import { retainedMessageOperations } from './operations/retained-message-operations.ts';
import { sendDirectMessage } from './operations/send-direct-message.ts';
import { thingShadowOperations } from './operations/thing-shadow-operations.ts';
import { ShadowRequests } from './shadow/shadow-requests.ts';
import { ShadowService } from './shadow/shadow-service.ts';

/** The Device Shadow service and the data plane API of AWS IoT. Provides the port `shadows`. */
export function iotDataPlanePlugin(options: Partial<ShadowLimits> = {}): PluginFactory {
  return (context) => createPlugin(context, { ...SHADOW_LIMITS, ...options });
}

export const createIotDataPlanePlugin: PluginFactory = iotDataPlanePlugin();

function createPlugin(context: CloudContext, limits: ShadowLimits): ServicePlugin {
  const { ports, store } = context;
  const shadows = new ShadowService(context, limits);
  ports.provide('shadows', shadows);
  const service: DataPlaneService = { context, shadows };
  return {
    name: 'iot-data-plane',
    apis: [
      {
        service: 'iot-data-plane',
        signingName: 'iotdata',
        protocol: 'restJson1',
        schemas,
        operations: [
          ...thingShadowOperations(service),
          listNamedShadowsForThing(service),
          publish(service),
          ...retainedMessageOperations(service),
          ...connectionOperations(service),
          sendDirectMessage(service),
        ],
      },
    ],
    async start() {
      const reservedTopics = ports.get('reservedTopics');
      for (const handler of new ShadowRequests(context, shadows, limits).handlers()) reservedTopics.register(handler);
      shadows.start();
    },
    async stop() {
      shadows.stop();
      await store.durable();
    },
  };
}
