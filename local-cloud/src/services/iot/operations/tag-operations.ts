import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  Tag,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import type { ResourceTags } from '../../../core/resource-tags.ts';
import { iotResourceType } from '../arns.ts';
import { invalidRequest, resourceNotFound } from '../errors.ts';
import { changing, type IotService, reading } from '../iot-service.ts';
import { MAX_TAGS } from '../limits.ts';
import { readTags } from '../registry/validation.ts';

/** Topic rules have tags too (developer guide, `tagging-iot`); the rules engine keeps them. */
export function tagOperations(service: IotService): Operation[] {
  const { tags } = service.registry;
  const { account, ports } = service.context;
  const arnOf = (input: { resourceArn: string | undefined }) => input.resourceArn ?? '*';
  const ofRules = (resourceArn: string | undefined): ResourceTags | undefined =>
    iotResourceType(account, resourceArn ?? '') === 'rule' ? ports.find('ruleTags') : undefined;
  return [
    changing<TagResourceRequest, object>(service, 'TagResource', arnOf, async ({ resourceArn = '', tags: given }) => {
      const rules = ofRules(resourceArn);
      if (rules === undefined) tags.add(resourceArn, given);
      else await rules.set(resourceArn, withTags(tagsOf(rules, resourceArn), given));
      return {};
    }),
    changing<UntagResourceRequest, object>(service, 'UntagResource', arnOf, async ({ resourceArn = '', tagKeys }) => {
      const rules = ofRules(resourceArn);
      if (rules === undefined) tags.remove(resourceArn, tagKeys);
      else {
        const kept = Object.entries(tagsOf(rules, resourceArn)).filter(([key]) => !(tagKeys ?? []).includes(key));
        await rules.set(resourceArn, Object.fromEntries(kept));
      }
      return {};
    }),
    reading<ListTagsForResourceRequest, ListTagsForResourceResponse>(
      'ListTagsForResource',
      arnOf,
      ({ resourceArn = '' }) => {
        const rules = ofRules(resourceArn);
        if (rules === undefined) return { tags: tags.list(resourceArn) };
        return { tags: Object.entries(tagsOf(rules, resourceArn)).map(([Key, Value]) => ({ Key, Value })) };
      },
    ),
  ];
}

function tagsOf(rules: ResourceTags, resourceArn: string): Readonly<Record<string, string>> {
  const tags = rules.get(resourceArn);
  if (tags === undefined) throw resourceNotFound(`Resource not found: ${resourceArn}`);
  return tags;
}

function withTags(
  before: Readonly<Record<string, string>>,
  given: readonly Tag[] | undefined,
): Readonly<Record<string, string>> {
  const all = { ...before, ...readTags(given) };
  if (Object.keys(all).length > MAX_TAGS) throw invalidRequest(`A resource can have at most ${MAX_TAGS} tags`);
  return all;
}
