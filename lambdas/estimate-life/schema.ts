import { lifeRulesSchema } from '@fleetwright/contracts';
import * as z from 'zod';

export const environmentSchema = z.object({
  THING_NAME_PREFIX: z.string().min(1),
  DATABASE_NAME: z.string().min(1),
  TELEMETRY_TABLE: z.string().min(1),
  HEALTH_TABLE: z.string().min(1),
});

/** By device type. */
export const settingsSchema = z.object({ life: z.record(z.string(), lifeRulesSchema) });
