/** Tables of the lake. In the variant `lake` of the hot store all three are filled, otherwise telemetry alone. */
export const LAKE_TABLES = ['telemetry', 'health', 'twin'] as const;

export type LakeTable = (typeof LAKE_TABLES)[number];

export interface LakeColumn {
  readonly name: string;
  /** Type of the Glue Data Catalog. */
  readonly type: 'string' | 'timestamp' | 'bigint' | 'double' | 'boolean';
  readonly comment: string;
}

const TIME = { name: 'time', type: 'timestamp', comment: 'Device time, UTC' } as const;
const KEY = {
  name: 'time_ns',
  type: 'bigint',
  comment: "Time of the store's key, ns since the epoch: with the dimensions it names a row once",
} as const;
const RECEIVED = { name: 'received_at', type: 'timestamp', comment: 'When AWS IoT received it, UTC' } as const;
const PLACE = [
  { name: 'thing_name', type: 'string', comment: 'Device' },
  { name: 'site', type: 'string', comment: 'Where it stands' },
  { name: 'device_type', type: 'string', comment: 'What it is' },
] as const;
const ORDER = [
  { name: 'boot_id', type: 'bigint', comment: 'Counts starts of the device' },
  { name: 'sequence', type: 'bigint', comment: 'Counts messages of a start, by channel' },
] as const;

/**
 * Columns of the lake's tables, without the partition keys `date` (`yyyy-MM-dd`) and `hour` (0–23), which say when a
 * row was received, in UTC. To those of telemetry come the measures that are configured; the others are in `other`.
 *
 * Rows are delivered at least once. Rows of one key are copies: those of telemetry and events are told apart by
 * `thing_name`, `measure_name`, `time_ns`, those of twins by `thing_name`, `shadow`, `time_ns`, those of health by
 * `thing_name`, `boot_id`, `sequence`. Of copies, the one that was received first counts.
 */
export const LAKE_COLUMNS: Readonly<Record<LakeTable, readonly LakeColumn[]>> = {
  telemetry: [
    TIME,
    KEY,
    { name: 'measure_name', type: 'string', comment: 'Channel: telemetry or event' },
    ...PLACE,
    ...ORDER,
    RECEIVED,
    { name: 'other', type: 'string', comment: 'Measures that have no column, as JSON' },
  ],
  health: [
    TIME,
    ...PLACE,
    ...ORDER,
    RECEIVED,
    { name: 'battery_permille', type: 'bigint', comment: 'Tenths of a percent' },
    { name: 'signal_dbm', type: 'bigint', comment: 'dBm' },
    { name: 'memory_free_bytes', type: 'bigint', comment: 'Bytes' },
    { name: 'firmware', type: 'string', comment: 'Version that runs' },
  ],
  twin: [
    TIME,
    KEY,
    { name: 'thing_name', type: 'string', comment: 'Device' },
    { name: 'shadow', type: 'string', comment: 'Name of the shadow, or (classic)' },
    { name: 'version', type: 'bigint', comment: 'Version of the shadow' },
    { name: 'deleted', type: 'boolean', comment: 'The shadow was deleted' },
    { name: 'desired', type: 'string', comment: 'Desired state as JSON' },
    { name: 'reported', type: 'string', comment: 'Reported state as JSON' },
    RECEIVED,
  ],
};

/** Columns that make a row the same row: see {@link LAKE_COLUMNS}. */
export const LAKE_KEYS: Readonly<Record<LakeTable, readonly string[]>> = {
  telemetry: ['thing_name', 'measure_name', 'time_ns'],
  health: ['thing_name', 'boot_id', 'sequence'],
  twin: ['thing_name', 'shadow', 'time_ns'],
};
