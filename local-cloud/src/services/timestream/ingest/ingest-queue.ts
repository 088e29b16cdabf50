import type { DuckDBConnection } from '@duckdb/node-api';
import { AwsError } from '../../../core/errors.ts';
import { internalError, resourceNotFound, throttled } from '../faults.ts';
import type { StorageEngine } from '../storage/engine.ts';
import { TableLayout } from '../storage/table-layout.ts';
import { TableWriter, type WriteOutcome, type WriteRequest } from './table-writer.ts';

/** Records that one transaction takes at most. */
const MAX_GROUP_RECORDS = 5000;
/** Records waiting before calls are throttled. */
const MAX_WAITING_RECORDS = 100_000;

interface PendingCall {
  readonly tableId: number;
  readonly request: WriteRequest;
  resolve(outcome: WriteOutcome): void;
  reject(error: unknown): void;
}

/**
 * Group commit: calls that arrive while a transaction is under way share the next one. A call is answered after its
 * rows are on disk.
 */
export class IngestQueue {
  readonly #engine: StorageEngine;
  readonly #isLive: (tableId: number) => boolean;
  readonly #waiting: PendingCall[] = [];
  readonly #layouts = new Map<number, TableLayout>();
  readonly #writers = new Map<number, TableWriter>();
  #waitingRecords = 0;
  #pumping = false;

  /** `isLive` tells whether a table still exists when its turn has come. */
  constructor(engine: StorageEngine, isLive: (tableId: number) => boolean) {
    this.#engine = engine;
    this.#isLive = isLive;
  }

  /** @throws AwsError `ThrottlingException`, `InternalServerException`, `ResourceNotFoundException` */
  submit(tableId: number, request: WriteRequest): Promise<WriteOutcome> {
    if (this.#waitingRecords > MAX_WAITING_RECORDS) {
      return Promise.reject(throttled('Too many records are waiting to be written. Try again later.'));
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ tableId, request, resolve, reject });
      this.#waitingRecords += request.records.length;
      void this.#pump();
    });
  }

  /** Columns and measure names of a table as queries see them. */
  async layout(tableId: number): Promise<TableLayout> {
    return (
      this.#layouts.get(tableId) ??
      this.#engine.exclusive(async (connection) => this.#layouts.get(tableId) ?? this.#loadLayout(connection, tableId))
    );
  }

  /** Drops what is known of a table's rows, which have changed in another way than by writing. */
  forgetRows(tableId: number): void {
    this.#writers.delete(tableId);
  }

  /** Drops what is known of a table. */
  forget(tableId: number): void {
    this.#layouts.delete(tableId);
    this.#writers.delete(tableId);
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#waiting.length > 0) {
      await this.#engine.exclusive((connection) => this.#writeGroup(connection)).catch((error) => this.#fail(error));
    }
    this.#pumping = false;
  }

  async #writeGroup(connection: DuckDBConnection): Promise<void> {
    const byTable = new Map<number, PendingCall[]>();
    for (const call of this.#takeGroup()) {
      const calls = byTable.get(call.tableId);
      if (calls === undefined) byTable.set(call.tableId, [call]);
      else calls.push(call);
    }
    for (const [tableId, calls] of byTable) {
      try {
        if (!this.#isLive(tableId)) throw resourceNotFound('The table');
        const writer = await this.#writer(connection, tableId);
        await writer.write(
          connection,
          calls.map(({ request }) => request),
        );
        for (const { request, resolve } of calls) resolve(request.outcome);
      } catch (error) {
        this.forget(tableId);
        const fault = error instanceof AwsError ? error : internalError('The records could not be written.', error);
        for (const { reject } of calls) reject(fault);
      }
    }
  }

  #takeGroup(): PendingCall[] {
    let records = 0;
    let count = 0;
    for (const { request } of this.#waiting) {
      if (count > 0 && records + request.records.length > MAX_GROUP_RECORDS) break;
      records += request.records.length;
      count++;
    }
    this.#waitingRecords -= records;
    return this.#waiting.splice(0, count);
  }

  /** The engine itself cannot be opened. */
  #fail(cause: unknown): void {
    for (const { reject } of this.#takeGroup()) reject(internalError('The storage engine is not available.', cause));
  }

  async #writer(connection: DuckDBConnection, tableId: number): Promise<TableWriter> {
    let writer = this.#writers.get(tableId);
    if (writer === undefined) {
      const layout = this.#layouts.get(tableId) ?? (await this.#loadLayout(connection, tableId));
      writer = await TableWriter.load(connection, tableId, layout);
      this.#writers.set(tableId, writer);
    }
    return writer;
  }

  async #loadLayout(connection: DuckDBConnection, tableId: number): Promise<TableLayout> {
    const layout = await TableLayout.load(connection, tableId);
    this.#layouts.set(tableId, layout);
    return layout;
  }
}
