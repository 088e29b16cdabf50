import * as z from 'zod';
import { firmwareVersionSchema } from './firmware-version.ts';

const percent = z.number().min(0).max(100);
const seconds = (least: number, most: number) => z.int().min(least).max(most);

/** Bounds are those of AWS IoT Jobs (API reference; developer guide, "Job configurations"). */
export const rolloutSchema = z.strictObject({
  /** Devices notified a minute at most. */
  maximumPerMinute: z.int().min(1).max(1_000),
  /** Begins slowly and grows by the factor each time so many have succeeded. */
  exponential: z
    .strictObject({
      baseRatePerMinute: z.int().min(1).max(1_000),
      incrementFactor: z.number().min(1.1).max(5),
      afterSucceeded: z.int().min(1),
    })
    .optional(),
});

export const maintenanceWindowSchema = z.strictObject({
  /** `cron(0 2 * * ? *)`, UTC */
  startTime: z.string().min(1).max(256),
  durationInMinutes: z.int().min(1).max(1_430),
});

/** How a release reaches a fleet. */
export const campaignSettingsSchema = z.strictObject({
  /** Devices of the first wave: members of an existing static group, or a share of all, at least `atLeast` of them. */
  canary: z.strictObject({
    group: z.string().min(1).max(128).optional(),
    percent: percent.default(5),
    atLeast: z.int().min(1).default(1),
  }),
  /** Shares of the fleet that have had their turn after each further wave. The last is 100. */
  waves: z
    .array(percent.min(1))
    .min(1)
    .max(10)
    .refine((shares) => shares.every((share, at) => at === 0 || share > (shares[at - 1] as number)), 'must grow')
    .refine((shares) => shares.at(-1) === 100, 'must end with 100'),
  /** Of a wave's devices that ended, so many must have succeeded, with a proof, for the next wave to begin. */
  successPercent: percent,
  /** After a wave, and after this wait, so many of its devices must still run the release and be online. */
  healthPercent: percent,
  soakSeconds: seconds(0, 1_209_600),
  /** The wave is given up when so many of at least `minimumEnded` ended devices failed, were rejected or timed out. */
  abort: z.strictObject({ failurePercent: percent.min(1), minimumEnded: z.int().min(1) }),
  rollout: rolloutSchema,
  /** minutes that a device has from beginning to end (1 to 10,080) */
  inProgressMinutes: z.int().min(1).max(10_080),
  /** … and seconds that a whole wave has: devices that never come are given up then. */
  waveSeconds: seconds(60, 5_184_000),
  retries: z.int().min(0).max(10),
  maintenanceWindows: z.array(maintenanceWindowSchema).max(7),
  /** What becomes of a device whose hardware revision nobody knows. It refuses firmware that is not for it in any case. */
  unknownHardware: z.enum(['exclude', 'include']),
  /** A success counts only with a valid proof of the device. */
  requireProof: z.boolean(),
});

export type CampaignSettings = z.infer<typeof campaignSettingsSchema>;

/** What a campaign may set otherwise than its stage. */
export const campaignOverridesSchema = campaignSettingsSchema.partial();

export const campaignIdSchema = z.string().regex(/^[a-z0-9]{8,9}-[a-z0-9]{4}$/, 'must be the id of a campaign');

export const CAMPAIGN_STATUSES = ['planning', 'running', 'paused', 'succeeded', 'stopped', 'aborted'] as const;
export type CampaignStatus = (typeof CAMPAIGN_STATUSES)[number];
export const FINAL_CAMPAIGN_STATUSES: ReadonlySet<CampaignStatus> = new Set(['succeeded', 'stopped', 'aborted']);

/** Why a campaign ended without having reached the whole fleet. */
export const STOP_REASONS = [
  'NO_DEVICES',
  'ABORT_THRESHOLD',
  'SUCCESS_TOO_LOW',
  'HEALTH_TOO_LOW',
  'RELEASE_EXPIRED',
  'JOB_CANCELED',
  'ORDERED',
] as const;

/** Devices of a wave by how they stand. */
const countsSchema = z.object({
  succeeded: z.int().nonnegative(),
  failed: z.int().nonnegative(),
  /** Gone, or not reached before the wave ended. */
  missed: z.int().nonnegative(),
});

export const waveSchema = z.object({
  /** Devices that it is meant to have. */
  size: z.int().nonnegative(),
  /** `gathering`: devices are put into its group. `closing`: no device begins any more, some are still at it. */
  phase: z.enum(['gathering', 'rolling', 'closing', 'soaking', 'passed', 'failed']),
  /** How often its job has been made: once, and once more after each pause. */
  attempt: z.int().min(1),
  /** Set while a resumed wave waits to see whom the pause left without the release. */
  reopening: z.boolean().optional(),
  counts: countsSchema,
  /** ms since the epoch */
  startedAt: z.int().nonnegative().optional(),
  soakUntil: z.int().nonnegative().optional(),
  health: z.object({ checked: z.int(), healthy: z.int() }).optional(),
});

export type Wave = z.infer<typeof waveSchema>;

/** A campaign: attribute `record`, as JSON, of its item in the campaign table. */
export const campaignRecordSchema = z.object({
  campaignId: campaignIdSchema,
  version: firmwareVersionSchema,
  manifestSha256: z.string(),
  settings: campaignSettingsSchema,
  status: z.enum(CAMPAIGN_STATUSES),
  reason: z.enum(STOP_REASONS).optional(),
  /** ms since the epoch after which no device takes the release. */
  releaseExpiresAt: z.int().nonnegative(),
  /** Pages of the registry that have been searched, and where the search goes on. */
  planPage: z.int().nonnegative(),
  planToken: z.string().optional(),
  compatible: z.int().nonnegative(),
  canaries: z.int().nonnegative(),
  excluded: z.int().nonnegative(),
  /** Empty until all devices are found. */
  waves: z.array(waveSchema),
  createdBy: z.string(),
  createdAt: z.int().nonnegative(),
  changedAt: z.int().nonnegative(),
});

export type CampaignRecord = z.infer<typeof campaignRecordSchema>;

export const DEVICE_OUTCOMES = ['excluded', 'waiting', 'sent', 'succeeded', 'failed', 'missed'] as const;

/** What a campaign meant for one device; flat attributes of an item of the device table. */
export const deviceUpdateSchema = z.object({
  campaignId: z.string(),
  thingName: z.string(),
  version: z.string(),
  outcome: z.enum(DEVICE_OUTCOMES),
  canary: z.boolean(),
  /** Absent until it is chosen for a wave. */
  wave: z.int().optional(),
  jobId: z.string().optional(),
  reason: z.string().optional(),
  detail: z.string().optional(),
  firmware: z.string().optional(),
  slot: z.string().optional(),
  proof: z.enum(['valid', 'invalid', 'missing']).optional(),
  changedAt: z.int(),
});

export type DeviceUpdate = z.infer<typeof deviceUpdateSchema>;

/** Index of the device table: what was meant for one device, by campaign. */
export const DEVICE_HISTORY_INDEX = 'byThing';

/** What the campaign function is invoked with. */
export const campaignOrderSchema = z.discriminatedUnion('order', [
  z.strictObject({
    order: z.literal('create'),
    campaignId: campaignIdSchema,
    version: firmwareVersionSchema,
    settings: campaignOverridesSchema,
    by: z.string().min(1).max(256),
  }),
  ...(['pause', 'resume', 'abort'] as const).map((order) =>
    z.strictObject({ order: z.literal(order), campaignId: campaignIdSchema, by: z.string().min(1).max(256) }),
  ),
]);

export type CampaignOrder = z.infer<typeof campaignOrderSchema>;

/** What it answers. */
export type CampaignAnswer =
  | { readonly ok: true; readonly campaign: CampaignRecord }
  | {
      readonly ok: false;
      readonly reason: 'INVALID' | 'UNKNOWN_RELEASE' | 'UNKNOWN_CAMPAIGN' | 'NOT_POSSIBLE' | 'BUSY';
      readonly message: string;
    };

/** Beginning of the names of all jobs, job templates and groups of campaigns. */
export function campaignPrefix(topicRoot: string): string {
  return `${topicRoot}-ota-`;
}

/**
 * Job of a wave, and also its job template and the group that it is for: at most 64 characters (IoT API reference,
 * CreateJob), also with the longest project and stage.
 */
export function waveJobId(topicRoot: string, campaignId: string, wave: number, attempt: number): string {
  return `${campaignPrefix(topicRoot)}${campaignId}-w${wave}-${attempt}`;
}
