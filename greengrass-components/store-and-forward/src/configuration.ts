import { basicIngestTopic, channelTopic, type DeviceAddress } from '@fleetwright/contracts';
import * as z from 'zod';

/** Channels of uploads. */
export const UPLOAD_CHANNELS = ['telemetry', 'event'] as const;
export type UploadChannel = (typeof UPLOAD_CHANNELS)[number];

const level = z
  .string()
  .regex(/^[\w-]{1,64}$/, 'must be a topic level of 1 to 64 letters, digits, underscores or hyphens');
const rule = z.string().regex(/^\w{1,128}$/, 'must be the name of a rule');

/** AWS IoT Core quotas, "Publish requests per second per connection" and "Throughput per second per connection". */
const MAX_PUBLISHES = 100;
const MAX_THROUGHPUT = 524_288;
const MIB = 1_048_576;
/** bytes of one message: below the 128 KB of AWS IoT, with room for what the spool adds */
export const MAX_MESSAGE_BYTES = 120_000;

export const configurationSchema = z.strictObject({
  topicRoot: level.default('fleetwright-dev'),
  site: level,
  deviceType: level.default('edge-core'),
  telemetryRule: rule.optional(),
  eventRule: rule.optional(),
  basicIngestChannels: z.array(z.enum(UPLOAD_CHANNELS)).default([...UPLOAD_CHANNELS]),
  disk: z
    .strictObject({
      maxBytes: z
        .int()
        .min(4 * MIB)
        .max(65_536 * MIB)
        .default(64 * MIB),
    })
    .prefault({}),
  batch: z
    .strictObject({
      bytes: z.int().min(256).max(MAX_MESSAGE_BYTES).default(5_120),
      /** ms */
      linger: z.int().min(0).max(1_000).default(100),
    })
    .prefault({}),
  rate: z
    .strictObject({
      messages: z.number().positive().max(MAX_PUBLISHES).default(20),
      bytes: z.number().min(1_024).max(MAX_THROUGHPUT).default(131_072),
    })
    .prefault({}),
  window: z
    .strictObject({
      messages: z.int().min(1).max(256).default(32),
      bytes: z.int().min(1_024).max(MIB).default(262_144),
    })
    .prefault({}),
  /** ms */
  echoPatience: z.int().min(1_000).max(900_000).default(30_000),
  /** ms */
  reportInterval: z.int().min(1_000).max(86_400_000).default(60_000),
});

export type SpoolConfiguration = z.output<typeof configurationSchema>;

/** Where a channel's messages go. */
export function uploadTopic(configuration: SpoolConfiguration, thingName: string, channel: UploadChannel): string {
  const { basicIngestChannels, eventRule, telemetryRule, topicRoot } = configuration;
  const address = addressOf(configuration, thingName);
  if (!basicIngestChannels.includes(channel)) return channelTopic(address, channel);
  const named = channel === 'telemetry' ? telemetryRule : eventRule;
  return basicIngestTopic(address, channel, named ?? `${topicRoot}-${channel}`.replaceAll('-', '_'));
}

/** Where the spool's probes go, and come back from. */
export function echoTopic(configuration: SpoolConfiguration, thingName: string): string {
  const { deviceType, site, topicRoot } = addressOf(configuration, thingName);
  return [topicRoot, site, deviceType, thingName, 'echo'].join('/');
}

function addressOf({ deviceType, site, topicRoot }: SpoolConfiguration, thingName: string): DeviceAddress {
  return { topicRoot, site, deviceType, thingName };
}
