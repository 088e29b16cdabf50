import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { CloudError, messageOf } from '../../../core/errors.ts';
import { engineMacros } from '../../../core/sql/engine-macros.ts';

/**
 * Nothing that a query says can reach files, the network, extensions or these settings: external access is off and the
 * configuration is locked before the first statement runs (DuckDB documentation, "Securing DuckDB").
 */
const LOCKED_DOWN = {
  enable_external_access: 'false',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
  lock_configuration: 'true',
} as const;

/** What a query may take of the machine: a larger one fails instead. */
const RESOURCES = { threads: '2', memory_limit: '1GB', max_temp_directory_size: '2GB' } as const;

const METADATA_TABLES = `
CREATE TABLE IF NOT EXISTS stored_columns (
  table_id INTEGER NOT NULL, ordinal INTEGER NOT NULL, attribute VARCHAR NOT NULL, name VARCHAR NOT NULL, type VARCHAR NOT NULL
);
CREATE TABLE IF NOT EXISTS stored_measures (
  table_id INTEGER NOT NULL, name VARCHAR NOT NULL, type VARCHAR NOT NULL, dimension VARCHAR
);`;

interface OpenDatabase {
  readonly instance: DuckDBInstance;
  readonly writer: DuckDBConnection;
}

/**
 * The DuckDB file behind all tables.
 *
 * INVARIANTS
 * - One connection writes, and only inside `exclusive`, so that write transactions never conflict.
 * - A transaction that committed survives `kill -9`: DuckDB syncs its write-ahead log at commit.
 * - Readers have connections of their own and see a snapshot.
 */
export class StorageEngine {
  readonly #directory: string;
  readonly #liveTables: () => readonly number[];
  #opened: Promise<OpenDatabase> | undefined;
  #lane: Promise<unknown> = Promise.resolve();

  /** `liveTables` tells the ids of the tables that exist, so that data of a table whose deletion was cut short is dropped. */
  constructor(directory: string, liveTables: () => readonly number[]) {
    this.#directory = directory;
    this.#liveTables = liveTables;
  }

  /** @throws CloudError `DATA_DIRECTORY_UNUSABLE` */
  open(): Promise<OpenDatabase> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  /** Runs `task` with the writing connection, after all tasks given before it. */
  exclusive<T>(task: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const result = this.#lane.then(async () => {
      const { writer } = await this.open();
      return task(writer);
    });
    this.#lane = result.catch(() => undefined);
    return result;
  }

  /** A connection for reading; the caller closes it. */
  async reader(): Promise<DuckDBConnection> {
    const { instance } = await this.open();
    return instance.connect();
  }

  async dropTable(id: number): Promise<void> {
    await this.exclusive((connection) => dropTable(connection, id));
  }

  async close(): Promise<void> {
    await this.#lane;
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    opened?.writer.closeSync();
    opened?.instance.closeSync();
  }

  async #open(): Promise<OpenDatabase> {
    const path = join(this.#directory, 'records.duckdb');
    try {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      const instance = await DuckDBInstance.create(path, { ...LOCKED_DOWN, ...RESOURCES });
      const writer = await instance.connect();
      await writer.run(METADATA_TABLES);
      await writer.run(engineMacros('nanoseconds'));
      await this.#dropOrphans(writer);
      return { instance, writer };
    } catch (cause) {
      this.#opened = undefined;
      throw new CloudError('DATA_DIRECTORY_UNUSABLE', `cannot open ${path}: ${messageOf(cause)}`, { cause });
    }
  }

  async #dropOrphans(writer: DuckDBConnection): Promise<void> {
    const live = new Set(this.#liveTables());
    const known = await writer.runAndReadAll(
      `SELECT CAST(substr(table_name, 2) AS INTEGER) FROM duckdb_tables() WHERE regexp_full_match(table_name, 't[0-9]+')
       UNION SELECT table_id FROM stored_columns UNION SELECT table_id FROM stored_measures`,
    );
    for (const [id] of known.getRows()) if (!live.has(Number(id))) await dropTable(writer, Number(id));
  }
}

/** Name of the engine's table for a Timestream table. */
export function storageName(id: number): string {
  return `t${id}`;
}

export async function transaction<T>(connection: DuckDBConnection, task: () => Promise<T>): Promise<T> {
  await connection.run('BEGIN');
  try {
    const result = await task();
    await connection.run('COMMIT');
    return result;
  } catch (error) {
    await connection.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

async function dropTable(connection: DuckDBConnection, id: number): Promise<void> {
  await transaction(connection, async () => {
    await connection.run(`DROP TABLE IF EXISTS ${storageName(id)}`);
    await connection.run(`DELETE FROM stored_columns WHERE table_id = ${id}`);
    await connection.run(`DELETE FROM stored_measures WHERE table_id = ${id}`);
  });
}
