import * as z from 'zod';

/** Bounds of one message. AWS IoT accepts 128 KB of payload (`iot-core-limits`, "Publish request maximum size"). */
export const MAX_PAYLOAD_BYTES = 131_072;
export const MAX_SAMPLES_PER_MESSAGE = 500;
export const MAX_VALUES_PER_SAMPLE = 100;

/** Measure names that the store adds itself, and its dimensions, which are columns of the same table. */
export const RESERVED_MEASURES = [
  'boot_id',
  'sequence',
  'time',
  'measure_name',
  'thing_name',
  'site',
  'device_type',
] as const;

/** Beginnings that Timestream keeps for itself (developer guide, "Quotas", naming constraints). */
export const RESERVED_MEASURE_PREFIXES = ['ts_', 'measure_name', 'measure_value'] as const;

export const measureNameSchema = z
  .string()
  .regex(/^[a-zA-Z][a-zA-Z0-9_]{0,63}$/, 'must be 1 to 64 letters, digits or underscores, beginning with a letter')
  .refine((name) => !isReserved(name.toLowerCase()), 'is reserved');

/** Column names of a query do not tell cases apart. */
function isReserved(name: string): boolean {
  return (
    (RESERVED_MEASURES as readonly string[]).includes(name) ||
    RESERVED_MEASURE_PREFIXES.some((prefix) => name.startsWith(prefix))
  );
}

const measureValue = z.union([z.number(), z.boolean(), z.string().max(2048)]);

export const sampleSchema = z.strictObject({
  /** Device time, ms since the Unix epoch. */
  time: z.int().nonnegative(),
  values: z
    .record(measureNameSchema, measureValue)
    .refine((values) => Object.keys(values).length > 0, 'must hold at least one value')
    .refine(
      (values) => Object.keys(values).length <= MAX_VALUES_PER_SAMPLE,
      `must hold at most ${MAX_VALUES_PER_SAMPLE} values`,
    ),
});

/**
 * A telemetry or event message.
 *
 * `sequence` grows by one per message within (thing, boot, channel); `bootId` is a counter that the device keeps on
 * disk and raises at each start. The same sequence with the same content is a duplicate, with other content a replay.
 */
export const telemetryMessageSchema = z.strictObject({
  version: z.literal(1),
  bootId: z.int().min(1).max(0xffff_ffff),
  sequence: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
  samples: z.array(sampleSchema).min(1).max(MAX_SAMPLES_PER_MESSAGE),
});

export type Sample = z.infer<typeof sampleSchema>;
export type TelemetryMessage = z.infer<typeof telemetryMessageSchema>;

const NANOSECONDS_PER_MILLISECOND = 1_000_000n;

/**
 * Store time of a sample in nanoseconds. The sub-millisecond part is `(sequence mod 1000) * 1000 + index mod 1000`,
 * so that two samples of one millisecond, in one message or in neighbouring ones, keep rows of their own, while the
 * same sample sent again meets its own key: identical content is taken as a duplicate, other content is rejected.
 */
export function storeTime(sample: Sample, sequence: number, index: number): bigint {
  const offset = BigInt(sequence % 1000) * 1000n + BigInt(index % 1000);
  return BigInt(sample.time) * NANOSECONDS_PER_MILLISECOND + offset;
}

/** {@link storeTime} as text, without the cost of a big integer. */
export function storeTimeText(sample: Sample, sequence: number, index: number): string {
  if (sample.time === 0) return storeTime(sample, sequence, index).toString();
  const offset = (sequence % 1000) * 1000 + (index % 1000);
  return `${sample.time}${String(offset).padStart(6, '0')}`;
}

/**
 * A health message: flat, because a rule writes it straight to its table, one record per attribute. What a device does
 * not have (a battery, a radio) or cannot read, it leaves out.
 */
export const healthMessageSchema = z.strictObject({
  time: z.int().nonnegative(),
  bootId: z.int().min(1),
  sequence: z.int().min(1),
  /** percent */
  battery: z.number().min(0).max(100).optional(),
  /** dBm */
  signal: z.number().optional(),
  /** bytes */
  memoryFree: z.number().nonnegative(),
  firmware: z.string().min(1).max(64),
  /** bytes of the file system that holds the device's state */
  diskFree: z.number().nonnegative().optional(),
  /** percent of all processors since the message before */
  cpu: z.number().min(0).max(100).optional(),
  /** °C, of the hottest part that tells */
  temperature: z.number().optional(),
  /** seconds since the operating system started */
  uptime: z.int().nonnegative().optional(),
  /** errors logged since the agent started */
  errors: z.int().nonnegative().optional(),
  /** samples stored on the device and not acknowledged */
  samplesWaiting: z.int().nonnegative().optional(),
  /** samples lost since the agent started, for lack of room */
  samplesDropped: z.int().nonnegative().optional(),
});

export type HealthMessage = z.infer<typeof healthMessageSchema>;
