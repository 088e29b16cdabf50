import { mkdirSync, rmSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { engineMacros } from './engine-macros.ts';

const SETTINGS = {
  threads: '2',
  memory_limit: '1GB',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
} as const;

/**
 * An engine without tables of its own, which reads and writes files of one scratch directory.
 *
 * INVARIANTS
 * - Before the first statement runs, every other path, the network, extensions and these settings are locked (DuckDB
 *   documentation, "Securing DuckDB").
 * - A task's files are gone when it has ended; what a crash left is removed before the first task.
 */
export class ScratchEngine {
  readonly #directory: string;
  #opened: Promise<DuckDBInstance> | undefined;
  #tasks = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** `task` gets a connection and an empty directory of its own. */
  async run<T>(task: (connection: DuckDBConnection, directory: string) => Promise<T>): Promise<T> {
    this.#opened ??= open(this.#directory);
    const instance = await this.#opened;
    const directory = join(this.#directory, String(this.#tasks++));
    await mkdir(directory, { mode: 0o700 });
    const connection = await instance.connect();
    try {
      return await task(connection, directory);
    } finally {
      connection.closeSync();
      await rm(directory, { recursive: true, force: true });
    }
  }

  async close(): Promise<void> {
    const opened = await this.#opened?.catch(() => undefined);
    this.#opened = undefined;
    opened?.closeSync();
  }
}

async function open(directory: string): Promise<DuckDBInstance> {
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const instance = await DuckDBInstance.create(':memory:', { ...SETTINGS });
  const connection = await instance.connect();
  try {
    await connection.run(engineMacros('milliseconds'));
    await connection.run(`SET allowed_directories = ['${directory.replaceAll("'", "''")}/']`);
    await connection.run("SET temp_directory = ''");
    await connection.run('SET enable_external_access = false');
    await connection.run('SET lock_configuration = true');
  } finally {
    connection.closeSync();
  }
  return instance;
}
