import * as z from 'zod';
import { wholeNumber } from '../shared/environment.ts';

export const environmentSchema = z.object({
  MINUTE_QUERY_ARN: z.string().startsWith('arn:'),
  HOUR_QUERY_ARN: z.string().startsWith('arn:'),
  MAX_OFFLINE_HOURS: wholeNumber,
});
