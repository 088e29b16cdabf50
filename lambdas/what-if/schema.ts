import { alertRulesSchema, deviceModelSchema } from '@fleetwright/contracts';
import * as z from 'zod';
import { wholeNumber } from '../shared/environment.ts';

export const environmentSchema = z.object({
  THING_NAME_PREFIX: z.string().min(1),
  DATABASE_NAME: z.string().min(1),
  TELEMETRY_TABLE: z.string().min(1),
  HEALTH_TABLE: z.string().min(1),
  /** Of the evaluation of alerts; undefined: the stage has no rules. */
  ALERT_TABLE: z.string().min(1).optional(),
  DRIFT_AFTER_SECONDS: wholeNumber,
});

/** By device type. */
export const settingsSchema = z.object({
  models: z.record(z.string(), deviceModelSchema),
  rules: z.record(z.string(), alertRulesSchema),
});

/** What is looked at of a shadow's document (IoT developer guide, "Device Shadow service documents"). */
export const shadowDocumentSchema = z.object({
  version: z.int().nonnegative(),
  state: z.object({
    desired: z.record(z.string(), z.json()).default({}),
    reported: z.record(z.string(), z.json()).default({}),
  }),
});

export type ShadowDocument = z.infer<typeof shadowDocumentSchema>;
