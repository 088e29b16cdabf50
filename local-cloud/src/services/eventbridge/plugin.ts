import * as schemas from '@aws-sdk/client-eventbridge';
import type { PluginFactory } from '../../core/plugin.ts';
import { EventBridge } from './event-bridge.ts';
import { busOperations } from './operations/buses.ts';
import { putEvents } from './operations/put-events.ts';
import { ruleOperations } from './operations/rules.ts';
import { eventBusResource } from './resources/event-bus.ts';
import { ruleResource } from './resources/rule.ts';

/**
 * Amazon EventBridge: buses, rules by pattern and schedule, and their targets. Archives, pipes, API destinations, bus
 * policies and targets on other buses are refused by name.
 */
export const createEventbridgePlugin: PluginFactory = (context) => {
  const bridge = new EventBridge(context);
  context.ports.provide('awsEvents', bridge);
  return {
    name: 'eventbridge',
    apis: [
      {
        service: 'eventbridge',
        signingName: 'events',
        protocol: 'awsJson1_1',
        schemas,
        operations: [...busOperations(bridge), ...ruleOperations(bridge), putEvents(bridge)],
      },
    ],
    resources: [eventBusResource(bridge), ruleResource(bridge)],
    async start() {
      bridge.start();
    },
    stop: () => bridge.stop(),
  };
};
