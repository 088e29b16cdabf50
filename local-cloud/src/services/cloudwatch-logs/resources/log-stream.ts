import type { CloudContext } from '../../../core/plugin.ts';
import type { ResourceProvider } from '../../../core/resources.ts';
import { MAX_LOG_STREAM_NAME } from '../limits.ts';
import type { LogGroups } from '../log-groups.ts';

interface LogStreamProperties {
  LogGroupName: string;
  LogStreamName?: string;
}

/** CloudFormation template reference, "AWS::Logs::LogStream": every property replaces. */
export function createLogStreamProvider(context: CloudContext, logs: LogGroups): ResourceProvider<LogStreamProperties> {
  return {
    type: 'AWS::Logs::LogStream',
    replaceOn: ['LogGroupName', 'LogStreamName'],
    properties: ['LogGroupName', 'LogStreamName'],
    async create(properties, scope) {
      const name = properties.LogStreamName ?? scope.generateName(MAX_LOG_STREAM_NAME);
      logs.createStream(logs.require(properties.LogGroupName), name);
      await context.store.durable();
      return { physicalId: name, attributes: {} };
    },
    update: async (_properties, _previous, state) => state,
    async delete({ physicalId }, properties) {
      const group = logs.find(properties.LogGroupName);
      const stream = group?.streams.get(physicalId);
      if (group !== undefined && stream !== undefined) await logs.deleteStream(group, stream);
      await context.store.durable();
    },
  };
}
