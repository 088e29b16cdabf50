import { magneticStoreStart, memoryStoreStart, type TableDefinition } from '../catalog/definitions.ts';
import type { RejectedRecord } from '../faults.ts';
import { FUTURE_INGESTION_MINUTES } from '../limits.ts';
import type { IngestRecord } from './record.ts';

const MINUTE = 60_000;
const NANOSECONDS = 1_000_000n;

/**
 * The records whose time and dimensions the table takes; the others are rejected.
 *
 * Times run from the start of the memory store, or of the magnetic store where writes to it are enabled, to the future
 * ingestion period of 15 minutes (developer guide, "Writes" under best practices, and "Quotas"). The words are AWS's.
 */
export function admitRecords(
  records: readonly IngestRecord[],
  table: TableDefinition,
  now: number,
  rejected: RejectedRecord[],
): readonly IngestRecord[] {
  const magnetic = table.magneticWrites.EnableMagneticStoreWrites === true;
  const from = Math.floor((magnetic ? magneticStoreStart : memoryStoreStart)(table.retention, now));
  const to = Math.floor(now) + FUTURE_INGESTION_MINUTES * MINUTE;
  const start = BigInt(from) * NANOSECONDS;
  const end = BigInt(to) * NANOSECONDS;
  const required = table.partitionKey.find(({ EnforcementInRecord }) => EnforcementInRecord === 'REQUIRED')?.Name;
  const admitted: IngestRecord[] = [];
  for (const record of records) {
    if (record.time < start || record.time >= end) {
      const store = magnetic ? 'the data ingestion window' : 'the memory store';
      const range = `[${new Date(from).toISOString()}, ${new Date(to).toISOString()})`;
      const Reason = `The record timestamp is outside the time range ${range} of ${store}.`;
      rejected.push({ RecordIndex: record.index, Reason });
    } else if (required !== undefined && !record.dimensions.some(({ name }) => name === required)) {
      const Reason = `The record does not have the dimension '${required}', which the table's partition key requires.`;
      rejected.push({ RecordIndex: record.index, Reason });
    } else admitted.push(record);
  }
  return admitted;
}
