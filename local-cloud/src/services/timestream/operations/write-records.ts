import type { WriteRecordsRequest, WriteRecordsResponse } from '@aws-sdk/client-timestream-write';
import type { Operation } from '../../../core/api.ts';
import { memoryStoreStart } from '../catalog/definitions.ts';
import { rejectedRecords, resourceNotFound } from '../faults.ts';
import { admitRecords } from '../ingest/ingestion-window.ts';
import { readRecords } from '../ingest/read-records.ts';
import { reportRejections } from '../ingest/rejection-report.ts';
import type { WriteOutcome } from '../ingest/table-writer.ts';
import type { Timestream } from '../timestream.ts';

/**
 * Stores what it can of a call and answers once that is on disk. When any record is rejected the call fails with
 * `RejectedRecordsException`, the other records of the call being stored all the same (developer guide, "Writes").
 */
export function writeRecords(timestream: Timestream): Operation<WriteRecordsRequest, WriteRecordsResponse> {
  const { catalog, queue, context } = timestream;
  return {
    name: 'WriteRecords',
    authorize: ({ DatabaseName, TableName }) => [
      { action: 'timestream:WriteRecords', resource: catalog.tableArn(DatabaseName ?? '', TableName ?? '') },
    ],
    async handle(input) {
      const read = readRecords(input);
      const database = input.DatabaseName as string;
      if (catalog.findDatabase(database) === undefined) throw resourceNotFound(`The database ${database}`);
      const table = catalog.table(database, input.TableName as string);
      const now = context.clock.now();
      const outcome: WriteOutcome = {
        memoryStore: 0,
        magneticStore: 0,
        inserted: 0,
        rejected: read.rejected,
        rejectedLater: [],
      };
      const records = admitRecords(read.records, table, now, outcome.rejected);
      if (records.length > 0) {
        const start = BigInt(Math.floor(memoryStoreStart(table.retention, now))) * 1_000_000n;
        await queue.submit(table.id, { records, memoryStoreStart: start, outcome });
      }
      context.meter.count('timestream.recordsStored', outcome.inserted);
      const rejectedCount = outcome.rejected.length + outcome.rejectedLater.length;
      if (rejectedCount > 0) context.meter.count('timestream.recordsRejected', rejectedCount);
      if (outcome.rejectedLater.length > 0) void reportRejections(context, table, outcome.rejectedLater);
      if (outcome.rejected.length > 0) {
        throw rejectedRecords(outcome.rejected.sort((left, right) => left.RecordIndex - right.RecordIndex));
      }
      const { memoryStore: MemoryStore, magneticStore: MagneticStore } = outcome;
      return { RecordsIngested: { Total: MemoryStore + MagneticStore, MemoryStore, MagneticStore } };
    },
  };
}
