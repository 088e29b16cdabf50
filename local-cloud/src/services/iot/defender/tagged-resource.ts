import type { Tag } from '@aws-sdk/client-iot';
import { type IotResourceType, iotArn } from '../arns.ts';
import type { IotService } from '../iot-service.ts';
import { readTags } from '../registry/validation.ts';

/** Tags of one kind of resource. */
export interface TaggedResource {
  arn(name: string): string;
  /** Checks tags before the resource is made. @throws AwsError InvalidRequestException */
  check(tags: readonly Tag[] | undefined): void;
  add(name: string, tags: readonly Tag[] | undefined): void;
  replace(name: string, tags: readonly Tag[] | undefined): void;
  forget(name: string): void;
}

export function taggedResource(
  { context, registry }: IotService,
  type: IotResourceType,
  exists: (name: string) => boolean,
): TaggedResource {
  const arn = (name: string): string => iotArn(context.account, type, name);
  registry.tags.allow(type, exists);
  return {
    arn,
    check: (tags) => void readTags(tags),
    add: (name, tags) => registry.tags.add(arn(name), tags),
    replace: (name, tags) => registry.tags.replace(arn(name), tags),
    forget: (name) => void registry.state.tags.delete(arn(name)),
  };
}
