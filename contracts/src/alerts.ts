import * as z from 'zod';
import { SEVERITIES } from './device-model/alert-rules.ts';

const common = {
  version: z.literal(1),
  /** The same for an alert that is published twice; also the same when it is raised and cleared. */
  alertId: z.string().min(1),
  state: z.enum(['raised', 'cleared']),
  thingName: z.string().min(1),
  /** ms since the epoch at which the condition began */
  since: z.int().nonnegative(),
  /** ms since the epoch at which the alert was decided */
  at: z.int().nonnegative(),
};

/** A message of the alert topic. Its message attributes `kind` and `state` let subscribers filter. */
export const alertSchema = z.discriminatedUnion('kind', [
  z.object({
    ...common,
    kind: z.literal('drift'),
    shadowName: z.string().min(1),
    /** Paths whose reported value is not the desired one; the first of them, if they are many. */
    paths: z.array(z.string()),
  }),
  z.object({ ...common, kind: z.literal('offline'), reason: z.string() }),
  z.object({
    ...common,
    /** What a device measures, by a rule of its type; times are of the device's clock, but for `at`. */
    kind: z.literal('telemetry'),
    rule: z.string().min(1),
    measure: z.string(),
    severity: z.enum(SEVERITIES),
    /** Whether the value itself is judged, or its rate of change. */
    basis: z.enum(['value', 'rate']),
    direction: z.enum(['above', 'below']),
    /** Value or rate that decided, and the level that it was judged by; not when the rule is gone. */
    value: z.number().optional(),
    limit: z.number().optional(),
  }),
]);

export type Alert = z.infer<typeof alertSchema>;
