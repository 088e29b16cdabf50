import * as z from 'zod';
import { nameList, wholeNumber } from '../shared/environment.ts';

export const environmentSchema = z.object({
  TOPIC_ROOT: z.string().min(1),
  QUARANTINE_GROUP: z.string().min(1),
  QUARANTINE_TABLE: z.string().min(1),
  QUARANTINE_QUEUE_URL: z.url(),
  AUTOMATIC: z.enum(['true', 'false']),
  BEHAVIORS: nameList,
  AUDIT_CHECKS: nameList,
  MAX_PER_HOUR: wholeNumber,
  GRACE_MINUTES: wholeNumber,
  CONFIRM_SECONDS: wholeNumber,
});

/** An operator's order: the whole event of a direct invocation. */
export const orderSchema = z.strictObject({
  action: z.enum(['quarantine', 'release']),
  thingName: z.string().min(1).max(128),
  reason: z.string().min(1).max(1_000),
  /** Who says so. */
  by: z.string().min(1).max(256),
});

export type Order = z.infer<typeof orderSchema>;

/** What this function tells itself for later. */
export const confirmationSchema = z.strictObject({
  action: z.literal('confirm'),
  thingName: z.string().min(1),
  /** Of the quarantine that is meant. */
  since: z.int(),
});

export type Confirmation = z.infer<typeof confirmationSchema>;

/** An alert of Device Defender (IoT developer guide, "AWS IoT Device Defender Detect", SNS payload), as far as it matters here. */
export const violationSchema = z.object({
  violationId: z.string().min(1),
  violationEventType: z.string(),
  violationEventTime: z.number(),
  thingName: z.string().min(1),
  securityProfileName: z.string(),
  behavior: z.object({ name: z.string() }),
});

export type Violation = z.infer<typeof violationSchema>;

/** Notice of a finished audit (IoT developer guide, "Device Defender audit notifications"), as far as it matters here. */
export const auditSchema = z.object({
  taskId: z.string().min(1),
  taskStatus: z.string(),
  auditDetails: z.array(z.object({ checkName: z.string(), nonCompliantResourcesCount: z.number().optional() })),
});

export type AuditNotice = z.infer<typeof auditSchema>;

export const messageSchema = z.union([confirmationSchema, violationSchema, auditSchema]);

export type Message = z.infer<typeof messageSchema>;
