import type { Clock, Timer } from '../../../core/clock.ts';
import { messageOf } from '../../../core/errors.ts';
import type { Log } from '../../../core/log.ts';
import { magneticStoreStart, type TableDefinition } from '../catalog/definitions.ts';
import { type StorageEngine, storageName } from './engine.ts';

const SWEEP_INTERVAL = 3_600_000;

/**
 * Removes rows that have outlived both stores. Queries leave such rows out by themselves; sweeping only frees their space.
 */
export class RetentionSweeper {
  readonly #engine: StorageEngine;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #tables: () => readonly TableDefinition[];
  readonly #onSwept: (tableId: number) => void;
  #timer: Timer | undefined;

  /** `onSwept` is told, before anything else is written, of a table that rows may have been removed from. */
  constructor(
    engine: StorageEngine,
    clock: Clock,
    log: Log,
    tables: () => readonly TableDefinition[],
    onSwept: (tableId: number) => void,
  ) {
    this.#engine = engine;
    this.#clock = clock;
    this.#log = log;
    this.#tables = tables;
    this.#onSwept = onSwept;
  }

  start(): void {
    this.#timer = this.#clock.every(SWEEP_INTERVAL, () => {
      for (const table of this.#tables()) {
        this.sweep(table).catch((error: unknown) => {
          this.#log('warn', 'could not remove expired Timestream rows', {
            table: table.name,
            reason: messageOf(error),
          });
        });
      }
    });
  }

  stop(): void {
    this.#timer?.cancel();
  }

  async sweep(table: TableDefinition): Promise<void> {
    await this.#engine.exclusive(async (connection) => {
      const name = storageName(table.id);
      const found = await connection.runAndReadAll(`SELECT 1 FROM duckdb_tables() WHERE table_name = '${name}'`);
      if (found.currentRowCount === 0) return;
      const oldest = BigInt(Math.floor(magneticStoreStart(table.retention, this.#clock.now()))) * 1_000_000n;
      const { rowsChanged } = await connection.run(`DELETE FROM ${name} WHERE time < ${oldest}`);
      if (rowsChanged > 0) this.#onSwept(table.id);
    });
  }
}
