import { measureSchemasSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { nameList, wholeNumber } from '../shared/environment.ts';

export const environmentSchema = z
  .object({
    TOPIC_ROOT: z.string().min(1),
    HOT_STORE: z.enum(['timestream', 'lake']),
    DATABASE_NAME: z.string().min(1).optional(),
    TABLE_NAME: z.string().min(1).optional(),
    /** Delivery stream of the lake: the hot store itself, or a copy of what it takes. */
    LAKE_STREAM: z.string().min(1).optional(),
    LATE_SLOTS_QUEUE_URL: z.url().optional(),
    MAX_OFFLINE_HOURS: wholeNumber.optional(),
    MEMORY_HOURS: wholeNumber,
    MAGNETIC_DAYS: wholeNumber,
    REJECTED_QUEUE_URL: z.url(),
    PARALLEL_WRITES: wholeNumber,
    LATE_AFTER_SECONDS: wholeNumber,
    STRICT_REPLAY_CHANNELS: nameList,
    RECEIVED_SEQUENCES_TABLE: z.string().min(1).optional(),
    REPLAY_DAYS: wholeNumber.optional(),
  })
  .refine(
    (environment) =>
      environment.STRICT_REPLAY_CHANNELS.size === 0 ||
      (environment.RECEIVED_SEQUENCES_TABLE !== undefined && environment.REPLAY_DAYS !== undefined),
    'RECEIVED_SEQUENCES_TABLE and REPLAY_DAYS must be set with STRICT_REPLAY_CHANNELS',
  )
  .refine(
    ({ DATABASE_NAME, HOT_STORE, LAKE_STREAM, TABLE_NAME }) =>
      HOT_STORE === 'lake' ? LAKE_STREAM !== undefined : DATABASE_NAME !== undefined && TABLE_NAME !== undefined,
    'DATABASE_NAME and TABLE_NAME must be set with HOT_STORE timestream, LAKE_STREAM with lake',
  );

export type IngestEnvironment = z.infer<typeof environmentSchema>;

/** Beside the bundle: what devices of each type measure. */
export const settingsSchema = z.object({ measures: measureSchemasSchema });
