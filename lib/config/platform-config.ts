import { topicLevelSchema } from '@fleetwright/contracts';
import { z } from 'zod';
import { edgeSchema } from './edge-settings.ts';
import { fleetSchema } from './fleet-settings.ts';
import { identitySchema } from './identity-settings.ts';
import { otaSchema } from './ota-settings.ts';
import { alertsSchema, modelsSchema, remainingLifeSchema } from './prediction-settings.ts';
import { observabilitySchema, securitySchema } from './security-settings.ts';
import { HOT_STORES, lakeSchema, measuresSchema, rollupsSchema } from './telemetry-settings.ts';
import { twinSchema } from './twin-settings.ts';

/** Retention periods that CloudWatch Logs knows (API reference, PutRetentionPolicy), in days. */
export const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

/**
 * Project and stage stand in physical names with bounds: a provisioning template has at most 36 characters, and
 * `<project>-<stage>-claim` must fit. A stage has no hyphen, so that the last one in a prefix always divides the two.
 */
export const projectSchema = z
  .string()
  .regex(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/, 'must be lower-case words joined by single hyphens')
  .max(17, 'must be at most 17 characters');
export const stageNameSchema = z
  .string()
  .regex(/^[a-z][a-z0-9]{0,11}$/, 'must be 1 to 12 lower-case letters or digits, beginning with a letter');

function unique<T>(values: readonly T[]): boolean {
  return new Set(values).size === values.length;
}

const allowList = z.array(topicLevelSchema).min(1, 'must name at least one').refine(unique, 'must not repeat a name');

/** Things of a type `claim` would have the client ids of claims, which any holder of the claim may connect with. */
const deviceTypeList = allowList.refine(
  (types) => !types.some((type) => /^claim(-|$)/.test(type)),
  "must not hold a type called 'claim' or beginning with 'claim-'",
);

const channelSchema = z.strictObject({
  /** Publish through Basic Ingest: no messaging charge, but nobody can subscribe. */
  basicIngest: z.boolean(),
  /** Keep received sequence numbers and digests in DynamoDB, so that replays are told apart for certain. */
  strictReplay: z.boolean(),
});

/** One stage, complete: what the stacks are built from. Defaults stand here and nowhere else. */
export const stageSchema = z.strictObject({
  env: z
    .strictObject({
      account: z
        .string()
        .regex(/^\d{12}$/, 'must be 12 digits')
        .optional(),
      region: z
        .string()
        .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region name such as us-east-1')
        .optional(),
    })
    .prefault({}),
  /** What becomes of tables, buckets, queues and secrets when they leave the stack. */
  removalPolicy: z.enum(['retain', 'destroy']).default('retain'),
  provisioning: z.strictObject({
    /** `list` admits serial numbers that are on the allow-list; `open` admits all that are not denied. */
    admission: z.enum(['open', 'list']).default('list'),
    sites: allowList,
    deviceTypes: deviceTypeList,
    /** Raise it to make a new claim certificate and withdraw the old one. */
    claimGeneration: z.int().min(1).default(1),
  }),
  hotStore: z.enum(HOT_STORES).default('timestream'),
  lake: lakeSchema.prefault({}),
  rollups: rollupsSchema.prefault({}),
  /** By device type: what its samples hold. */
  measures: measuresSchema.default({}),
  retention: z
    .strictObject({
      /** Longest time a device may be offline and still have its backlog taken in at once, in hours. */
      maxOfflineHours: z.int().min(1).default(72),
      memoryHours: z.int().min(1).max(8766).default(168),
      magneticDays: z.int().min(1).max(73_000).default(365),
      archiveDays: z.int().min(1).max(36_500).default(1825),
      deadLetterDays: z.int().min(1).max(14).default(14),
      /** How long a sequence number of a strict channel is remembered, in days. */
      replayDays: z.int().min(1).max(3650).default(90),
      logDays: z
        .int()
        .refine(
          (days) => (LOG_RETENTION_DAYS as readonly number[]).includes(days),
          `must be one of ${LOG_RETENTION_DAYS.join(', ')}`,
        )
        .default(90),
    })
    .prefault({}),
  ingest: z
    .strictObject({
      batchSize: z.int().min(1).max(10_000).default(1000),
      batchWindowSeconds: z.int().min(0).max(300).default(1),
      maxConcurrency: z.int().min(2).max(1000).default(10),
      memoryMegabytes: z.int().min(128).max(10_240).default(1024),
      timeoutSeconds: z.int().min(5).max(900).default(30),
      /** Deliveries of a message before the ingest dead-letter queue takes it. */
      maxReceives: z.int().min(1).max(1000).default(5),
      /** Requests to the store under way at once, per invocation. */
      parallelWrites: z.int().min(1).max(64).default(8),
      /** A sample older than this on arrival counts as late, in seconds. */
      lateAfterSeconds: z.int().min(1).default(300),
    })
    .prefault({}),
  channels: z
    .strictObject({
      telemetry: channelSchema.default({ basicIngest: true, strictReplay: false }),
      event: channelSchema.default({ basicIngest: false, strictReplay: true }),
    })
    .prefault({}),
  archive: z
    .strictObject({
      bufferSeconds: z.int().min(0).max(900).default(300),
      bufferMegabytes: z.int().min(1).max(128).default(64),
    })
    .prefault({}),
  alarms: z
    .strictObject({
      /** ARNs of existing topics or other targets that alarms notify. */
      actionArns: z
        .array(z.string().startsWith('arn:', 'must be an ARN'))
        .refine(unique, 'must not repeat an ARN')
        .default([]),
      /** Addresses that alarms and security findings are mailed to, once their owners have confirmed. */
      emails: z.array(z.email('must be an e-mail address')).refine(unique, 'must not repeat an address').default([]),
    })
    .prefault({}),
  fleet: fleetSchema.prefault({}),
  identity: identitySchema.prefault({}),
  security: securitySchema.prefault({}),
  twin: twinSchema.prefault({}),
  alerts: alertsSchema.prefault({}),
  models: modelsSchema.default({}),
  remainingLife: remainingLifeSchema.default({}),
  observability: observabilitySchema.prefault({}),
  ota: otaSchema,
  edge: edgeSchema.prefault({}),
});

export type StageConfig = z.infer<typeof stageSchema>;

export interface PlatformConfig {
  readonly project: string;
  readonly stage: string;
  readonly settings: StageConfig;
}
