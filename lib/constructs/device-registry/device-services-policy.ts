import {
  OUTCOME_LEVEL,
  type PlatformNames,
  PRESENCE_LEVEL,
  PRESENCE_SHADOW,
  ROTATION_LEVEL,
} from '@fleetwright/contracts';
import { ownTopics, THING_NAME } from './device-policy.ts';
import type { IotPolicyDocument } from './policy-size.ts';

/** Reserved topics below a thing (IoT developer guide, "Reserved topics") that are the thing's own business. */
const SERVICES = ['shadow/*', 'jobs/*', 'streams/*', 'defender/metrics/*'] as const;

/**
 * A device uses its own shadows, jobs, streams and metrics, leaves its last will, answers commands and asks
 * for another certificate. What it is told there it may read by the first policy.
 * What the platform says about its presence is not the device's to change: a denial outweighs every permission
 * (IoT developer guide, "AWS IoT Core policies").
 * @param arnPrefix `arn:aws:iot:<region>:<account>:`
 */
export function deviceServicesPolicyDocument(arnPrefix: string, names: PlatformNames): IotPolicyDocument {
  const thing = `$aws/things/${THING_NAME}`;
  const own = ownTopics(names);
  const presence = `${arnPrefix}topic/${thing}/shadow/name/${PRESENCE_SHADOW}`;
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Effect: 'Allow',
        Action: ['iot:Publish', 'iot:Receive'],
        Resource: SERVICES.map((service) => `${arnPrefix}topic/${thing}/${service}`),
      },
      {
        Effect: 'Allow',
        Action: 'iot:Subscribe',
        Resource: SERVICES.map((service) => `${arnPrefix}topicfilter/${thing}/${service}`),
      },
      {
        Effect: 'Allow',
        Action: 'iot:Publish',
        Resource: [PRESENCE_LEVEL, OUTCOME_LEVEL, ROTATION_LEVEL].map((level) => `${arnPrefix}topic/${own}/${level}`),
      },
      // `update` and `delete`, and not `get`, in the room that one policy has.
      { Effect: 'Deny', Action: 'iot:Publish', Resource: `${presence}/*te` },
    ],
  };
}
