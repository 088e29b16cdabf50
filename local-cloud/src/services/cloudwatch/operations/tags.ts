import type {
  ListTagsForResourceInput,
  ListTagsForResourceOutput,
  TagResourceInput,
  UntagResourceInput,
} from '@aws-sdk/client-cloudwatch';
import type { Operation } from '../../../core/api.ts';
import { AwsError } from '../../../core/errors.ts';
import type { AlarmRecord } from '../alarms/alarm-record.ts';
import type { Alarms } from '../alarms/alarms.ts';
import { readTags } from '../tags.ts';

/** Tags of alarms: nothing else here has any. */
export function tagOperations(alarms: Alarms): readonly Operation[] {
  const on = (action: string, resource: string | undefined) => [
    { action: `cloudwatch:${action}`, resource: resource ?? '*' },
  ];
  const require = (resource: string | undefined): AlarmRecord => {
    const alarm = alarms.findByArn(resource);
    if (alarm === undefined) throw new AwsError('ResourceNotFoundException', `Unknown resource ${resource}`, 404);
    return alarm;
  };
  const list: Operation<ListTagsForResourceInput, ListTagsForResourceOutput> = {
    name: 'ListTagsForResource',
    authorize: (input) => on('ListTagsForResource', input.ResourceARN),
    handle: (input) => ({
      Tags: Object.entries(require(input.ResourceARN).tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  };
  const tag: Operation<TagResourceInput, object> = {
    name: 'TagResource',
    authorize: (input) => on('TagResource', input.ResourceARN),
    async handle(input) {
      const alarm = require(input.ResourceARN);
      await alarms.change(alarm, { tags: readTags(alarm.tags, input.Tags) });
      return {};
    },
  };
  const untag: Operation<UntagResourceInput, object> = {
    name: 'UntagResource',
    authorize: (input) => on('UntagResource', input.ResourceARN),
    async handle(input) {
      const alarm = require(input.ResourceARN);
      const tags = Object.fromEntries(Object.entries(alarm.tags).filter(([key]) => !input.TagKeys?.includes(key)));
      await alarms.change(alarm, { tags });
      return {};
    },
  };
  return [list, tag, untag];
}
