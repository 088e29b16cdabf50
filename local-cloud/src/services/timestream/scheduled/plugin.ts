import * as schemas from '@aws-sdk/client-timestream-query';
import type { PluginFactory } from '../../../core/plugin.ts';
import { scheduledQueryOperations } from './operations.ts';
import { scheduledQueryResource } from './resource.ts';
import { ScheduledQueries } from './scheduled-queries.ts';

/**
 * Scheduled queries of Timestream, a plugin of its own: they take on roles and call other services, so that they run on
 * the cloud's own thread where the store runs on another.
 */
export const createTimestreamScheduledPlugin: PluginFactory = (context) => {
  const queries = new ScheduledQueries(context);
  return {
    name: 'timestream-scheduled',
    apis: [
      {
        service: 'timestream-query',
        signingName: 'timestream',
        protocol: 'awsJson1_0',
        schemas,
        operations: scheduledQueryOperations(queries),
      },
    ],
    resources: [scheduledQueryResource(queries)],
    async start() {
      queries.start();
    },
    stop: () => queries.stop(),
  };
};
