import * as z from 'zod';

export const environmentSchema = z.object({
  DATABASE_NAME: z.string().min(1),
  TABLE_NAME: z.string().min(1),
});
