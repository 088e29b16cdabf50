import type {
  ListTagsForResourceRequest,
  ListTagsForResourceResponse,
  TagResourceRequest,
  UntagResourceRequest,
} from '@aws-sdk/client-iot';
import type { Operation } from '../../../core/api.ts';
import { changing, type IotService, reading } from '../iot-service.ts';

export function tagOperations(service: IotService): Operation[] {
  const { tags } = service.registry;
  const arnOf = (input: { resourceArn: string | undefined }) => input.resourceArn ?? '*';
  return [
    changing<TagResourceRequest, object>(service, 'TagResource', arnOf, (input) => {
      tags.add(input.resourceArn, input.tags);
      return {};
    }),
    changing<UntagResourceRequest, object>(service, 'UntagResource', arnOf, (input) => {
      tags.remove(input.resourceArn, input.tagKeys);
      return {};
    }),
    reading<ListTagsForResourceRequest, ListTagsForResourceResponse>('ListTagsForResource', arnOf, (input) => ({
      tags: tags.list(input.resourceArn),
    })),
  ];
}
