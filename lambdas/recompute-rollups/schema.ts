import * as z from 'zod';
import { wholeNumber } from '../shared/environment.ts';

export const environmentSchema = z.object({
  MINUTE_QUERY_ARN: z.string().min(1),
  HOUR_QUERY_ARN: z.string().min(1),
  MAX_OFFLINE_HOURS: wholeNumber,
});
