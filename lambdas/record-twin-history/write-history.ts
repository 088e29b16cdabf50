import type { _Record as StoreRecord } from '@aws-sdk/client-timestream-write';
import { twinChangeSchema } from '@fleetwright/contracts';
import { errorName, messageOf } from '../shared/errors.ts';
import type { QueueMessage } from '../shared/queue-batch.ts';
import { buildHistory } from './build-history.ts';

/** Records of one request (Timestream developer guide, "Quotas"). */
const MAX_RECORDS = 100;

export interface HistoryPorts {
  /** Writes at most 100 records. Rejects as WriteRecords does, after the client's own retries. */
  write(records: readonly StoreRecord[]): Promise<void>;
  onFailure(messageIds: readonly string[], problem: string): void;
}

export interface HistoryReport {
  readonly stored: number;
  /** Ids of messages that must come again, and end in the dead letters if they fail on. */
  readonly failed: readonly string[];
}

interface Entry {
  readonly messageId: string;
  readonly records: readonly StoreRecord[];
}

/**
 * Writes a batch of changes to the history. A change that is delivered twice writes the same records, which the store
 * takes as one; within a batch it is written once, because a request must not hold a record twice.
 */
export async function writeHistory(messages: readonly QueueMessage[], ports: HistoryPorts): Promise<HistoryReport> {
  const failed: string[] = [];
  const fail = (ids: readonly string[], error: unknown): void => {
    failed.push(...ids);
    ports.onFailure(ids, `${errorName(error)}: ${messageOf(error)}`);
  };
  const entries = new Map<string, Entry & { readonly copies: string[] }>();
  for (const { messageId, body } of messages) {
    try {
      const change = twinChangeSchema.parse(JSON.parse(body));
      const key = `${change.thingName}/${change.shadowName}/${change.version}/${change.kind}/${change.madeAt}`;
      const known = entries.get(key);
      if (known === undefined) entries.set(key, { messageId, records: buildHistory(change), copies: [messageId] });
      else known.copies.push(messageId);
    } catch (error) {
      fail([messageId], error);
    }
  }
  const copies = new Map([...entries.values()].map((entry) => [entry.messageId, entry.copies]));
  const report = (entry: Entry, error: unknown): void => fail(copies.get(entry.messageId) ?? [], error);
  let stored = 0;
  for (const batch of toBatches([...entries.values()])) stored += await writeBatch(batch, ports, report);
  return { stored, failed };
}

/** @returns the number of records stored */
async function writeBatch(
  batch: readonly Entry[],
  ports: HistoryPorts,
  report: (entry: Entry, error: unknown) => void,
): Promise<number> {
  const count = batch.reduce((sum, { records }) => sum + records.length, 0);
  try {
    await ports.write(batch.flatMap(({ records }) => records));
    return count;
  } catch (error) {
    const rejected = (error as { RejectedRecords?: { RecordIndex?: number }[] }).RejectedRecords;
    if (errorName(error) === 'RejectedRecordsException' && rejected !== undefined) {
      // The records that are not named were stored (Timestream API reference, WriteRecords).
      const owners = batch.flatMap((entry) => entry.records.map(() => entry));
      const refused = new Set(rejected.map(({ RecordIndex: index }) => owners[index ?? -1]));
      for (const entry of refused) if (entry !== undefined) report(entry, error);
      return count - rejected.length;
    }
    // A request that is invalid as a whole is taken apart, so that the change that makes it so fails alone.
    if (errorName(error) === 'ValidationException' && batch.length > 1) {
      let stored = 0;
      for (const entry of batch) stored += await writeBatch([entry], ports, report);
      return stored;
    }
    for (const entry of batch) report(entry, error);
    return 0;
  }
}

/** The parts of a change stay together: a shadow makes fewer than a hundred. */
function toBatches(entries: readonly Entry[]): Entry[][] {
  const batches: Entry[][] = [];
  let batch: Entry[] = [];
  let size = 0;
  for (const entry of entries) {
    if (size + entry.records.length > MAX_RECORDS && batch.length > 0) {
      batches.push(batch);
      batch = [];
      size = 0;
    }
    batch.push(entry);
    size += entry.records.length;
  }
  if (batch.length > 0) batches.push(batch);
  return batches;
}
