import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-cloudwatch-logs';
import type { Operation } from '../../../core/api.ts';
import { AwsError } from '../../../core/errors.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import { MAX_TAGS } from '../limits.ts';
import { groupOfArn, tagPermission } from '../log-arns.ts';
import type { LogGroup, LogGroups } from '../log-groups.ts';

export function createTagOperations(context: CloudContext, logs: LogGroups): Operation[] {
  const { account } = context;
  const tagged = (arn: string | undefined): LogGroup => {
    const name = groupOfArn(account, arn ?? '');
    const group = name === undefined || arn?.endsWith(':*') === true ? undefined : logs.find(name);
    if (group === undefined) throw new AwsError('ResourceNotFoundException', 'The specified resource does not exist.');
    return group;
  };
  const permission = (action: string, arn: string | undefined) =>
    tagPermission(account, action, groupOfArn(account, arn ?? '') ?? '');

  const tagResource: Operation<TagResourceRequest, object> = {
    name: 'TagResource',
    authorize: (input) => [permission('TagResource', input.resourceArn)],
    async handle(input) {
      const { record } = tagged(input.resourceArn);
      const tags = { ...record.tags, ...input.tags };
      validateTags(tags);
      record.tags = tags;
      logs.save(record);
      await context.store.durable();
      return {};
    },
  };

  const untagResource: Operation<UntagResourceRequest, object> = {
    name: 'UntagResource',
    authorize: (input) => [permission('UntagResource', input.resourceArn)],
    async handle(input) {
      const { record } = tagged(input.resourceArn);
      for (const key of input.tagKeys ?? []) delete record.tags[key];
      logs.save(record);
      await context.store.durable();
      return {};
    },
  };

  const listTagsForResource: Operation<ListTagsForResourceRequest, ListTagsForResourceResponse> = {
    name: 'ListTagsForResource',
    authorize: (input) => [permission('ListTagsForResource', input.resourceArn)],
    handle: (input) => ({ tags: { ...tagged(input.resourceArn).record.tags } }),
  };

  return [tagResource, untagResource, listTagsForResource];
}

/** @throws AwsError `InvalidParameterException` for reserved keys, `TooManyTagsException` beyond 50 */
export function validateTags(tags: Readonly<Record<string, string>>): void {
  const keys = Object.keys(tags);
  const reserved = keys.find((key) => key.toLowerCase().startsWith('aws:'));
  if (reserved !== undefined) {
    throw new AwsError(
      'InvalidParameterException',
      `Tag key '${reserved}' must not begin with the reserved prefix 'aws:'`,
    );
  }
  if (keys.length > MAX_TAGS) {
    throw new AwsError('TooManyTagsException', `A resource can have no more than ${MAX_TAGS} tags.`);
  }
}
