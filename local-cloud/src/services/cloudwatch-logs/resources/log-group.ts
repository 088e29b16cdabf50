import type { CloudContext } from '../../../core/plugin.ts';
import type { ResourceProvider, ResourceState } from '../../../core/resources.ts';
import { MAX_LOG_GROUP_NAME } from '../limits.ts';
import { logGroupArn } from '../log-arns.ts';
import type { LogGroups } from '../log-groups.ts';
import { validateTags } from '../operations/tags.ts';

interface LogGroupProperties {
  LogGroupName?: string;
  LogGroupClass?: string;
  RetentionInDays?: number | string;
  Tags?: { Key: string; Value: string }[];
}

/** CloudFormation template reference, "AWS::Logs::LogGroup". */
export function createLogGroupProvider(context: CloudContext, logs: LogGroups): ResourceProvider<LogGroupProperties> {
  const state = (name: string): ResourceState => ({
    physicalId: name,
    attributes: { Arn: `${logGroupArn(context.account, name)}:*` },
  });
  return {
    type: 'AWS::Logs::LogGroup',
    // A change of LogGroupClass is an error on AWS, not a replacement; it is refused in `update`.
    replaceOn: ['LogGroupName'],
    properties: ['LogGroupName', 'LogGroupClass', 'RetentionInDays', 'Tags'],
    async create(properties, scope) {
      const tags = tagRecord(properties);
      validateTags(tags);
      const name = properties.LogGroupName ?? scope.generateName(MAX_LOG_GROUP_NAME);
      const group = logs.create(name, { logGroupClass: properties.LogGroupClass, tags });
      logs.setRetention(group, retention(properties));
      await context.store.durable();
      return state(name);
    },
    async update(properties, previous, { physicalId }) {
      if ((properties.LogGroupClass ?? 'STANDARD') !== (previous.LogGroupClass ?? 'STANDARD')) {
        throw new Error(`the LogGroupClass of '${physicalId}' cannot be changed after the log group is created`);
      }
      const group = logs.require(physicalId);
      const tags = tagRecord(properties);
      validateTags(tags);
      group.record.tags = tags;
      logs.setRetention(group, retention(properties));
      await context.store.durable();
      return state(physicalId);
    },
    async delete({ physicalId }) {
      const group = logs.find(physicalId);
      if (group !== undefined) await logs.delete(group);
      await context.store.durable();
    },
  };
}

function retention(properties: LogGroupProperties): number | undefined {
  return properties.RetentionInDays === undefined ? undefined : Number(properties.RetentionInDays);
}

function tagRecord(properties: LogGroupProperties): Record<string, string> {
  return Object.fromEntries((properties.Tags ?? []).map(({ Key, Value }) => [Key, Value]));
}
