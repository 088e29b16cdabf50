import * as schemas from '@aws-sdk/client-cloudwatch-logs';
import type { Timer } from '../../core/clock.ts';
import { messageOf } from '../../core/errors.ts';
import type { PluginFactory } from '../../core/plugin.ts';
import { RETENTION_SWEEP_MS } from './limits.ts';
import { LogGroups } from './log-groups.ts';
import { createFilterLogEvents } from './operations/filter-log-events.ts';
import { createGetLogEvents } from './operations/get-log-events.ts';
import { createLogGroupOperations } from './operations/log-groups.ts';
import { createLogStreamOperations } from './operations/log-streams.ts';
import { createPutLogEvents } from './operations/put-log-events.ts';
import { createTagOperations } from './operations/tags.ts';
import { createLogGroupProvider } from './resources/log-group.ts';
import { createLogStreamProvider } from './resources/log-stream.ts';

/** Amazon CloudWatch Logs: groups, streams, events, retention by the clock, search by terms. */
export const createCloudwatchLogsPlugin: PluginFactory = (context) => {
  const logs = new LogGroups(context);
  let sweep: Timer | undefined;
  const expire = () => {
    logs.expire().catch((error: unknown) => {
      context.log('error', 'expired log events could not be removed', { reason: messageOf(error) });
    });
  };
  return {
    name: 'cloudwatch-logs',
    apis: [
      {
        service: 'cloudwatch-logs',
        signingName: 'logs',
        protocol: 'awsJson1_1',
        schemas,
        operations: [
          ...createLogGroupOperations(context, logs),
          ...createLogStreamOperations(context, logs),
          createPutLogEvents(context, logs),
          createGetLogEvents(context, logs),
          createFilterLogEvents(context, logs),
          ...createTagOperations(context, logs),
        ],
      },
    ],
    resources: [createLogGroupProvider(context, logs), createLogStreamProvider(context, logs)],
    async start() {
      sweep = context.clock.every(RETENTION_SWEEP_MS, expire);
    },
    async stop() {
      sweep?.cancel();
      await logs.settle();
    },
  };
};
