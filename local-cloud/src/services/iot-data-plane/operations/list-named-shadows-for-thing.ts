import type { ListNamedShadowsForThingRequest, ListNamedShadowsForThingResponse } from '@aws-sdk/client-iot-data-plane';
import type { Operation } from '../../../core/api.ts';
import { ConstraintViolations } from '../../../core/constraint-violations.ts';
import { DEFAULT_SHADOW_PAGE, MAX_SHADOW_PAGE } from '../limits.ts';
import { toSeconds } from '../shadow/shadow-document.ts';
import { type DataPlaneService, shadowArn, shadowIdOf } from './data-plane-service.ts';
import { pageOf } from './page-of.ts';

/**
 * "The response is an empty list if you only have a classic shadow or if the thingName you specify doesn't exist"
 * (developer guide, `device-shadow-rest-api`).
 */
export function listNamedShadowsForThing({
  context,
  shadows,
}: DataPlaneService): Operation<ListNamedShadowsForThingRequest, ListNamedShadowsForThingResponse> {
  return {
    name: 'ListNamedShadowsForThing',
    authorize: ({ thingName }) => [
      { action: 'iot:ListNamedShadowsForThing', resource: shadowArn(context.account, { thingName }) },
    ],
    handle({ thingName, pageSize = DEFAULT_SHADOW_PAGE, nextToken }) {
      const id = shadowIdOf({ thingName });
      new ConstraintViolations().range('pageSize', pageSize, 1, MAX_SHADOW_PAGE).throwIfAny('InvalidRequestException');
      const page = pageOf(shadows.namesOf(id.thingName), (name) => name, pageSize, nextToken);
      return {
        results: [...page.items],
        ...(page.nextToken === undefined ? {} : { nextToken: page.nextToken }),
        timestamp: toSeconds(context.clock.now()),
      };
    },
  };
}
