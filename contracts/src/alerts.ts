import * as z from 'zod';

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
]);

export type Alert = z.infer<typeof alertSchema>;
