import type { PlatformNames } from '@fleetwright/contracts';
import type { IotPolicyDocument } from './policy-size.ts';

/**
 * Policy variables that AWS IoT fills in from the thing that the connected certificate is attached to
 * (IoT developer guide, "Thing policy variables"). They have a value only when the client id is the thing's name.
 */
export const THING_NAME = '${iot:Connection.Thing.ThingName}';
const SITE = '${iot:Connection.Thing.Attributes[site]}';
/** An attribute, not the thing type: type names belong to the whole account and so carry project and stage. */
const DEVICE_TYPE = '${iot:Connection.Thing.Attributes[deviceType]}';

/** Channels with a rule behind them. */
const ORDINARY_CHANNELS = ['telemetry', 'event', 'health'] as const;

/** The topics of a device, without their last level. */
export function ownTopics(names: PlatformNames): string {
  return `${names.topicRoot}/${SITE}/${DEVICE_TYPE}/${THING_NAME}`;
}

/**
 * A device connects as itself, publishes its own channels, and subscribes and receives below its own address.
 * The one wildcard is the end of its own subtree.
 * @param arnPrefix `arn:aws:iot:<region>:<account>:`
 */
export function devicePolicyDocument(
  arnPrefix: string,
  names: PlatformNames,
  basicIngestChannels: readonly ('telemetry' | 'event')[],
): IotPolicyDocument {
  const own = ownTopics(names);
  return {
    Version: '2012-10-17',
    Statement: [
      { Effect: 'Allow', Action: 'iot:Connect', Resource: `${arnPrefix}client/${THING_NAME}` },
      {
        Effect: 'Allow',
        Action: 'iot:Publish',
        Resource: [
          ...ORDINARY_CHANNELS.map((channel) => `${arnPrefix}topic/${own}/${channel}`),
          ...basicIngestChannels.map(
            (channel) => `${arnPrefix}topic/$aws/rules/${names.ruleName(channel)}/${own}/${channel}`,
          ),
        ],
      },
      { Effect: 'Allow', Action: 'iot:Subscribe', Resource: `${arnPrefix}topicfilter/${own}/*` },
      { Effect: 'Allow', Action: 'iot:Receive', Resource: `${arnPrefix}topic/${own}/*` },
    ],
  };
}
