import type { MagneticStoreWriteProperties, PartitionKey, RetentionProperties } from '@aws-sdk/client-timestream-write';

/** A database as the store keeps it. Times in ms since the epoch. */
export interface DatabaseDefinition {
  readonly name: string;
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** Retention with both periods known. They add up: a row lives in the memory store first, then in the magnetic store. */
export interface Retention {
  readonly memoryHours: number;
  readonly magneticDays: number;
}

/** A table as the store keeps it. `id` is never used again and names the table in the storage engine. */
export interface TableDefinition {
  readonly id: number;
  readonly database: string;
  readonly name: string;
  readonly retention: Retention;
  readonly magneticWrites: MagneticStoreWriteProperties;
  readonly partitionKey: readonly PartitionKey[];
  readonly createdAt: number;
  readonly updatedAt: number;
}

const HOUR = 3_600_000;
const DAY = 86_400_000;

/** Oldest time that the memory store holds, ms since the epoch. */
export function memoryStoreStart(retention: Retention, now: number): number {
  return now - retention.memoryHours * HOUR;
}

/** Oldest time that the table holds at all, ms since the epoch. */
export function magneticStoreStart(retention: Retention, now: number): number {
  return memoryStoreStart(retention, now) - retention.magneticDays * DAY;
}

export function retentionProperties(retention: Retention): RetentionProperties {
  return {
    MemoryStoreRetentionPeriodInHours: retention.memoryHours,
    MagneticStoreRetentionPeriodInDays: retention.magneticDays,
  };
}
