import * as z from 'zod';
import { nameList, wholeNumber } from '../shared/environment.ts';

export const environmentSchema = z
  .object({
    TOPIC_ROOT: z.string().min(1),
    DATABASE_NAME: z.string().min(1),
    TABLE_NAME: z.string().min(1),
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
  );

export type IngestEnvironment = z.infer<typeof environmentSchema>;
