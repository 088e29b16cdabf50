import { alertRulesSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { wholeNumber } from '../shared/environment.ts';

export const environmentSchema = z.object({
  TOPIC_ROOT: z.string().min(1),
  STATE_TABLE: z.string().min(1),
  ALERT_TOPIC_ARN: z.string().min(1),
  MAX_LATENESS_SECONDS: wholeNumber,
});

/** Rules by device type and name. */
export const settingsSchema = z.object({ rules: z.record(z.string(), alertRulesSchema) });
