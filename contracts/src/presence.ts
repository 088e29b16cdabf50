import * as z from 'zod';
import type { DeviceAddress } from './topics.ts';

/** Last level of the topic on which a device leaves its last will. */
export const PRESENCE_LEVEL = 'presence';

/** Topic of a device's last will; its payload is not looked at. */
export function lastWillTopic({ topicRoot, site, deviceType, thingName }: DeviceAddress): string {
  return [topicRoot, site, deviceType, thingName, PRESENCE_LEVEL].join('/');
}

/**
 * What the presence rules put on the queue. Source of the fields: IoT developer guide, "Lifecycle events".
 * Events may come twice and in any order; `version` is the same for a connect and its disconnect, and begins anew
 * when a client was away for about an hour.
 */
export const presenceEventSchema = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('connected'),
    thingName: z.string().min(1),
    sessionId: z.string(),
    version: z.int().nonnegative(),
    /** ms since the epoch, right to two minutes */
    at: z.int().nonnegative(),
  }),
  z.object({
    kind: z.literal('disconnected'),
    thingName: z.string().min(1),
    sessionId: z.string(),
    version: z.int().nonnegative(),
    at: z.int().nonnegative(),
    reason: z.string().optional(),
  }),
  z.object({
    kind: z.literal('will'),
    thingName: z.string().min(1),
    /** ms since the epoch, by the clock of the rule */
    at: z.int().nonnegative(),
  }),
]);

export type PresenceEvent = z.infer<typeof presenceEventSchema>;

/** `reported` of the named shadow `presence`. */
export const presenceShadowSchema = z.object({
  status: z.enum(['online', 'offline']),
  /** ms since the epoch of the event that made it so */
  since: z.int().nonnegative(),
  /** Why the connection ended, in the words of AWS IoT, or `LAST_WILL`; empty while online. */
  reason: z.string(),
  /** Connections came and went so often that changes are held back. */
  flapping: z.boolean(),
});

export type PresenceShadow = z.infer<typeof presenceShadowSchema>;
