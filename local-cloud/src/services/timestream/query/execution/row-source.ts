import type { ColumnInfo, Row } from '@aws-sdk/client-timestream-query';
import type { DuckDBConnection, DuckDBDataChunk, DuckDBResult } from '@duckdb/node-api';
import type { Clock } from '../../../../core/clock.ts';
import { AwsError } from '../../../../core/errors.ts';
import type { CompiledQuery } from '../../../../core/sql/analysis/expression-context.ts';
import { internalError, queryExecutionError, validationError } from '../../faults.ts';
import { columnInfo, datum } from './datum.ts';

/** Rows of a result, read piece by piece so that only one piece is in memory. */
export interface RowSource {
  readonly columns: readonly ColumnInfo[];
  /** The next rows; an empty list at the end. */
  read(): Promise<readonly Row[]>;
  /** Interrupts what still runs. */
  close(): void;
}

/** A result that is known already: SHOW and DESCRIBE. */
export function knownRows(columns: readonly ColumnInfo[], rows: readonly Row[]): RowSource {
  let left = rows;
  return {
    columns,
    async read() {
      const next = left;
      left = [];
      return next;
    },
    close() {
      left = [];
    },
  };
}

/** AWS lets a query run for an hour; on one machine that would hold up everything else. */
const TIME_LIMIT = 120_000;

/** A query on a connection of its own, in a transaction that cannot write. */
export class QueryRows implements RowSource {
  readonly columns: readonly ColumnInfo[];
  readonly #query: CompiledQuery;
  readonly #connection: DuckDBConnection;
  readonly #clock: Clock;
  #result: DuckDBResult | undefined;
  #running = false;
  #closed = false;

  private constructor(query: CompiledQuery, connection: DuckDBConnection, clock: Clock) {
    this.columns = columnInfo(query.columns);
    this.#query = query;
    this.#connection = connection;
    this.#clock = clock;
  }

  /**
   * Runs the query until its first rows are there.
   * @throws AwsError `QueryExecutionException` when evaluating fails, `InternalServerException` for SQL of ours that the
   * engine does not take
   */
  static async start(query: CompiledQuery, connection: DuckDBConnection, clock: Clock): Promise<QueryRows> {
    const rows = new QueryRows(query, connection, clock);
    await rows.#run(async () => {
      await connection.run('BEGIN TRANSACTION READ ONLY');
      rows.#result = await connection.stream(query.sql);
    });
    return rows;
  }

  async read(): Promise<readonly Row[]> {
    const result = this.#result;
    if (this.#closed || result === undefined) return [];
    let chunk: DuckDBDataChunk | null = null;
    await this.#run(async () => {
      chunk = await result.fetchChunk();
    });
    const rows = (chunk as DuckDBDataChunk | null)?.getRows() ?? [];
    if (rows.length === 0) this.close();
    const { columns } = this.#query;
    return rows.map((row) => ({ Data: columns.map(({ type }, index) => datum(row[index] ?? null, type)) }));
  }

  /** The connection goes only when nothing runs on it. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#running) this.#connection.interrupt();
    else this.#connection.closeSync();
  }

  async #run(task: () => Promise<void>): Promise<void> {
    const timer = this.#clock.after(TIME_LIMIT, () => this.#connection.interrupt());
    this.#running = true;
    try {
      await task();
    } catch (error) {
      this.#closed = true;
      throw asFault(error);
    } finally {
      this.#running = false;
      timer.cancel();
      if (this.#closed) this.#connection.closeSync();
    }
  }
}

/** Kinds of engine errors that come from values, not from the SQL. */
const VALUE_ERROR = /^(Invalid Input|Out of Range|Conversion|Divide by Zero) Error: /;

function asFault(error: unknown): AwsError {
  if (error instanceof AwsError) return error;
  // The engine's errors come from native code and need not be instances of this realm's Error.
  const [line = ''] = String((error as { message?: unknown }).message ?? error).split('\n');
  if (VALUE_ERROR.test(line)) return queryExecutionError(line.replace(VALUE_ERROR, ''), error);
  if (line.startsWith('INTERRUPT')) return queryExecutionError('The query was cancelled or timed out.', error);
  if (line.includes('Max expression depth')) return validationError('The query is nested too deeply.');
  if (line.startsWith('Out of Memory Error')) {
    return queryExecutionError('The query needs more memory than the local cloud gives to queries.', error);
  }
  return internalError(`The query could not be run by the local engine: ${line}`, error);
}
