import { MAX_SHADOW_NAME_LENGTH, MAX_THING_NAME_LENGTH, SHADOW_NAME_PATTERN, THING_NAME_PATTERN } from '../limits.ts';
import type { ShadowId } from './shadow-document.ts';

export type ShadowVerb = 'get' | 'update' | 'delete';

/** What may follow the prefix of a shadow's topics (developer guide, `reserved-topics`, "Shadow topics"). */
export type ShadowTopicStub =
  | ShadowVerb
  | `${ShadowVerb}/accepted`
  | `${ShadowVerb}/rejected`
  | 'update/delta'
  | 'update/documents';

export function shadowTopic({ thingName, shadowName }: ShadowId, stub: ShadowTopicStub): string {
  return shadowName === undefined
    ? `$aws/things/${thingName}/shadow/${stub}`
    : `$aws/things/${thingName}/shadow/name/${shadowName}/${stub}`;
}

/** Filters of the requests of one verb, for classic and named shadows. */
export function requestFilters(verb: ShadowVerb): readonly string[] {
  return [`$aws/things/+/shadow/${verb}`, `$aws/things/+/shadow/name/+/${verb}`];
}

/** The shadow that a request's topic names. The topic matches one of {@link requestFilters}. */
export function shadowOfTopic(topic: string): ShadowId {
  const levels = topic.split('/');
  return { thingName: levels[2] as string, shadowName: levels.length === 7 ? levels[5] : undefined };
}

const THING_NAME = new RegExp(`^${THING_NAME_PATTERN}$`);
const SHADOW_NAME = new RegExp(`^${SHADOW_NAME_PATTERN}$`);

export function isThingName(name: string): boolean {
  return name.length <= MAX_THING_NAME_LENGTH && THING_NAME.test(name);
}

export function isShadowName(name: string): boolean {
  return name.length <= MAX_SHADOW_NAME_LENGTH && SHADOW_NAME.test(name);
}
