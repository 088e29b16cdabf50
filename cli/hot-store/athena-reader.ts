import { setTimeout as pause } from 'node:timers/promises';
import {
  AthenaClient,
  GetQueryExecutionCommand,
  paginateGetQueryResults,
  StartQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { Failure } from '../failure.ts';
import type { ResultTable } from '../output/table.ts';
import type { AwsClientSettings } from '../running-cloud.ts';

const FIRST_LOOK = 50;
const LONGEST_LOOK = 1_000;

/** Queries Athena: begins a query, waits for its end, follows all pages. */
export class AthenaReader {
  readonly #client: AthenaClient;
  readonly #workGroup: string;
  readonly #database: string;

  constructor(settings: AwsClientSettings, workGroup: string, database: string) {
    this.#client = new AthenaClient(settings);
    this.#workGroup = workGroup;
    this.#database = database;
  }

  /** @throws Failure with Athena's reason for a query that failed or was cancelled */
  async query(sql: string): Promise<ResultTable> {
    const { QueryExecutionId } = await this.#client.send(
      new StartQueryExecutionCommand({
        QueryString: sql,
        WorkGroup: this.#workGroup,
        QueryExecutionContext: { Database: this.#database },
      }),
    );
    await this.#end(QueryExecutionId);
    let columns: string[] = [];
    const rows: (string | null)[][] = [];
    for await (const { ResultSet } of paginateGetQueryResults({ client: this.#client }, { QueryExecutionId })) {
      columns = ResultSet?.ResultSetMetadata?.ColumnInfo?.map(({ Name = '' }) => Name) ?? columns;
      for (const { Data = [] } of ResultSet?.Rows ?? [])
        rows.push(Data.map(({ VarCharValue }) => VarCharValue ?? null));
    }
    // The first row of a SELECT's result holds the names of its columns (Athena API reference, GetQueryResults).
    return { columns, rows: rows.slice(1) };
  }

  /** The single number that a query answers. */
  async number(sql: string): Promise<number> {
    const { rows } = await this.query(sql);
    return Number(rows[0]?.[0] ?? Number.NaN);
  }

  close(): void {
    this.#client.destroy();
  }

  async #end(QueryExecutionId: string | undefined): Promise<void> {
    for (let look = FIRST_LOOK; ; look = Math.min(LONGEST_LOOK, look * 2)) {
      const { QueryExecution } = await this.#client.send(new GetQueryExecutionCommand({ QueryExecutionId }));
      const { State, StateChangeReason } = QueryExecution?.Status ?? {};
      if (State === 'SUCCEEDED') return;
      if (State === 'FAILED' || State === 'CANCELLED') {
        throw new Failure(StateChangeReason ?? `the query was ${State.toLowerCase()}`);
      }
      await pause(look);
    }
  }
}
