import * as schemas from '@aws-sdk/client-greengrassv2';
import type { PluginFactory } from '../../core/plugin.ts';
import { ClientTokens } from './client-tokens.ts';
import { healthTopics } from './core-devices/health-topics.ts';
import { ListThingGroupsForCoreDevice$ } from './data-plane-schemas.ts';
import { Deployments } from './deployments/deployments.ts';
import { followShadows } from './deployments/follow-shadows.ts';
import { GreengrassState } from './greengrass-state.ts';
import { componentOperations } from './operations/component-operations.ts';
import { coreDeviceOperations } from './operations/core-device-operations.ts';
import { dataPlaneOperations } from './operations/data-plane-operations.ts';
import { deploymentOperations } from './operations/deployment-operations.ts';
import { tagOperations } from './operations/tag-operations.ts';
import { componentVersionResource } from './resources/component-version.ts';
import { deploymentResource } from './resources/deployment.ts';

/**
 * AWS IoT Greengrass V2: component versions, deployments, core devices, and the data plane of the cores. Components of Lambda
 * functions, client devices, subdeployments and the service role are not built.
 */
export const createGreengrassv2Plugin: PluginFactory = (context) => {
  const state = new GreengrassState(context);
  const deployments = new Deployments(state);
  const tokens = new ClientTokens(context);
  return {
    name: 'greengrassv2',
    apis: [
      {
        service: 'greengrassv2',
        signingName: 'greengrass',
        protocol: 'restJson1',
        schemas: { ...schemas, ListThingGroupsForCoreDevice$ },
        operations: [
          ...componentOperations(state, tokens),
          ...deploymentOperations(state, deployments, tokens),
          ...coreDeviceOperations(state),
          ...tagOperations(state),
          ...dataPlaneOperations(state),
        ],
      },
    ],
    resources: [componentVersionResource(state), deploymentResource(state, deployments)],
    async start() {
      context.ports.find('reservedTopics')?.register(healthTopics(state));
      followShadows(context, state);
    },
  };
};
