import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-greengrassv2';
import type { Operation } from '../../../core/api.ts';
import type { ConditionKeys } from '../../../core/iam/policy-document.ts';
import { notFound } from '../errors.ts';
import type { GreengrassState } from '../greengrass-state.ts';
import { requestTags, resourceTags, type Tags, withTags } from '../tags.ts';

interface Tagged {
  readonly tags: Tags;
  set(tags: Tags): void;
}

/** Component versions, deployments and core devices have tags (developer guide, `tag-resources`). */
export function tagOperations(state: GreengrassState): Operation[] {
  const permission = (action: string, resourceArn: string | undefined, conditions: ConditionKeys = {}) => [
    {
      action: `greengrass:${action}`,
      resource: resourceArn ?? '*',
      conditions: { ...resourceTags(find(state, resourceArn)?.tags), ...conditions },
    },
  ];
  const require = (resourceArn: string | undefined): Tagged => {
    const found = find(state, resourceArn);
    if (found === undefined) throw notFound('resource', resourceArn ?? '');
    return found;
  };

  const tag: Operation<TagResourceRequest, object> = {
    name: 'TagResource',
    authorize: ({ resourceArn, tags }) => permission('TagResource', resourceArn, requestTags(tags)),
    async handle({ resourceArn, tags }) {
      const found = require(resourceArn);
      found.set(withTags(found.tags, tags));
      await state.context.store.durable();
      return {};
    },
  };

  const untag: Operation<UntagResourceRequest, object> = {
    name: 'UntagResource',
    authorize: ({ resourceArn, tagKeys }) => permission('UntagResource', resourceArn, { 'aws:TagKeys': tagKeys ?? [] }),
    async handle({ resourceArn, tagKeys = [] }) {
      const found = require(resourceArn);
      found.set(Object.fromEntries(Object.entries(found.tags).filter(([key]) => !tagKeys.includes(key))));
      await state.context.store.durable();
      return {};
    },
  };

  const list: Operation<ListTagsForResourceRequest, ListTagsForResourceResponse> = {
    name: 'ListTagsForResource',
    authorize: ({ resourceArn }) => permission('ListTagsForResource', resourceArn),
    handle: ({ resourceArn }) => ({ tags: { ...require(resourceArn).tags } }),
  };

  return [tag, untag, list];
}

function find(state: GreengrassState, resourceArn = ''): Tagged | undefined {
  const component = state.components.get(resourceArn);
  if (component !== undefined) {
    return { tags: component.tags, set: (tags) => state.components.put(resourceArn, { ...component, tags }) };
  }
  const [, kind, id = ''] = /:(deployments|coreDevices):(.+)$/.exec(resourceArn) ?? [];
  if (kind === 'deployments') {
    const deployment = state.deployments.get(id);
    if (deployment?.arn !== resourceArn) return undefined;
    return { tags: deployment.tags, set: (tags) => state.deployments.put(id, { ...deployment, tags }) };
  }
  const core = state.coreDevices.get(id);
  if (core?.arn !== resourceArn) return undefined;
  return { tags: core.tags, set: (tags) => state.coreDevices.put(id, { ...core, tags }) };
}
