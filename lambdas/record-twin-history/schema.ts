import * as z from 'zod';

export const environmentSchema = z.discriminatedUnion('HOT_STORE', [
  z.object({
    HOT_STORE: z.literal('timestream'),
    DATABASE_NAME: z.string().min(1),
    TABLE_NAME: z.string().min(1),
  }),
  z.object({
    HOT_STORE: z.literal('lake'),
    /** Delivery stream of the lake's table of twins. */
    LAKE_STREAM: z.string().min(1),
  }),
]);

export type HistoryEnvironment = z.infer<typeof environmentSchema>;
