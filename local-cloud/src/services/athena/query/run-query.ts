import type { DuckDBConnection } from '@duckdb/node-api';
import { AwsError } from '../../../core/errors.ts';
import type { Principal } from '../../../core/iam/principal.ts';
import type { CloudContext } from '../../../core/plugin.ts';
import type { QueryColumn } from '../../../core/sql/analysis/expression-context.ts';
import { QueryCompiler } from '../../../core/sql/analysis/query-compiler.ts';
import type { ReadableTable } from '../../../core/sql/analysis/relations.ts';
import type { ScratchEngine } from '../../../core/sql/scratch-engine.ts';
import { QueryFailure } from '../errors.ts';
import { type CatalogTable, readCatalogTable } from '../tables/catalog-table.ts';
import { loadTable } from '../tables/readable-table.ts';
import { refuseDecimals } from './decimal-literals.ts';
import type { ReadQuery } from './dialect.ts';
import { conditionOn } from './pruning.ts';
import { csvLine, precisionOf, resultText, resultType } from './result-text.ts';

export interface ResultColumn {
  readonly name: string;
  readonly type: string;
  readonly precision: number;
}

export interface QueryResult {
  readonly columns: readonly ResultColumn[];
  /** The result file. */
  readonly csv: string;
  readonly bytesRead: number;
}

export interface QueryRun {
  readonly context: CloudContext;
  readonly engine: ScratchEngine;
  readonly caller: Principal;
  readonly text: string;
  readonly read: ReadQuery;
  /** Bytes that it may read; undefined: any. */
  readonly cutoff?: number | undefined;
  /** Told of the connection once there is something to interrupt. */
  started(connection: DuckDBConnection): void;
}

/** Runs one query as its caller. @throws QueryFailure, ScanLimitExceeded, AwsError of what the caller may not read */
export async function runQuery({
  caller,
  context,
  cutoff,
  engine,
  read,
  started,
  text,
}: QueryRun): Promise<QueryResult> {
  const catalogued = await catalogTables(context, caller, read);
  refuseDecimals(read.query, text, (column) => isDouble(catalogued, column));
  return engine.run(async (connection, directory) => {
    const tables = new Map<string, ReadableTable>();
    let bytesRead = 0;
    for (const [ordinal, reference] of read.tables.entries()) {
      const name = reference.parts.join('/');
      const table = catalogued.get(name) as CatalogTable;
      const condition = conditionOn(read.query, reference);
      const allowance = cutoff === undefined ? undefined : cutoff - bytesRead;
      const place = { context, caller, connection, directory, allowance };
      const loaded = await loadTable(place, table, condition, ordinal);
      tables.set(name, loaded.table);
      bytesRead += loaded.bytesRead;
    }
    let aliases = 0;
    const compiler = new QueryCompiler({
      now: BigInt(context.clock.now()) * 1_000_000n,
      table: (database, name) => tables.get(`${database}/${name}`),
      hasDatabase: () => true,
      alias: (prefix) => `${prefix}${aliases++}`,
    });
    const compiled = asFailure(() => compiler.compile(read.query, undefined, new Map()));
    const columns = compiled.columns.map((column, index) => resultColumn(column, read.aliases[index], index));
    started(connection);
    const lines = [csvLine(columns.map(({ name }) => name))];
    const result = await connection.stream(compiled.sql);
    for (
      let chunk = await result.fetchChunk();
      chunk !== null && chunk.rowCount > 0;
      chunk = await result.fetchChunk()
    ) {
      for (const row of chunk.getRows()) {
        lines.push(csvLine(compiled.columns.map(({ type }, index) => resultText(row[index] ?? null, type))));
      }
    }
    return { columns, csv: lines.join(''), bytesRead };
  });
}

async function catalogTables(
  context: CloudContext,
  caller: Principal,
  read: ReadQuery,
): Promise<Map<string, CatalogTable>> {
  const found = new Map<string, CatalogTable>();
  for (const { at, parts } of read.tables) {
    const [database = '', name = ''] = parts;
    const table = await readCatalogTable(context, caller, database, name);
    if (table === undefined) {
      throw new QueryFailure(
        `TABLE_NOT_FOUND: line ${at.line}:${at.column}: Table 'awsdatacatalog.${database}.${name}' does not exist`,
      );
    }
    found.set(parts.join('/'), table);
  }
  return found;
}

function isDouble(tables: ReadonlyMap<string, CatalogTable>, column: string): boolean {
  const found = [...tables.values()].flatMap(({ columns, keys }) =>
    [...columns, ...keys].filter(({ name }) => name === column),
  );
  return found.length > 0 && found.every(({ type }) => type.kind === 'scalar' && type.name === 'double');
}

function resultColumn({ name, type }: QueryColumn, alias: string | undefined, index: number): ResultColumn {
  return { name: alias ?? name ?? `_col${index}`, type: resultType(type), precision: precisionOf(type) };
}

/** What the compiler of both query languages refuses ends a query of Athena. */
function asFailure<T>(compile: () => T): T {
  try {
    return compile();
  } catch (error) {
    if (!(error instanceof AwsError)) throw error;
    throw new QueryFailure(`${codeOf(error.message)}: ${error.message}`, 2, error);
  }
}

function codeOf(message: string): string {
  if (message.includes('not implemented')) return 'NOT_SUPPORTED';
  if (/Column '.*' (does not exist|cannot be resolved)/.test(message)) return 'COLUMN_NOT_FOUND';
  if (message.includes('ambiguous')) return 'AMBIGUOUS_NAME';
  return /type/i.test(message) ? 'TYPE_MISMATCH' : 'SYNTAX_ERROR';
}
