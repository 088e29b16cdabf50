import { readFile, writeFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import type { DuckDBConnection } from '@duckdb/node-api';
import { quotedName, storedType } from '../../../core/sql/hive-type.ts';
import { parseDocument } from '../../../core/sql/json-documents.ts';
import { keyed, typedValue } from '../../../core/sql/typed-value.ts';
import { QueryFailure } from '../errors.ts';
import type { CatalogTable, TableColumn } from './catalog-table.ts';

/** How a table's objects are read. */
export type Format =
  | { readonly kind: 'parquet' }
  | {
      readonly kind: 'json';
      readonly ignoreCase: boolean;
      readonly ignoreMalformed: boolean;
      readonly keys: Readonly<Record<string, string>>;
    }
  | {
      readonly kind: 'csv';
      readonly delimiter: string;
      readonly quote: string;
      readonly escape: string;
      readonly skip: number;
      readonly strict: boolean;
    };

const LIBRARIES: Readonly<Record<string, 'parquet' | 'json' | 'delimited' | 'csv'>> = {
  'org.apache.hadoop.hive.ql.io.parquet.serde.parquethiveserde': 'parquet',
  'org.openx.data.jsonserde.jsonserde': 'json',
  'org.apache.hive.hcatalog.data.jsonserde': 'json',
  'org.apache.hadoop.hive.serde2.lazy.lazysimpleserde': 'delimited',
  'org.apache.hadoop.hive.serde2.opencsvserde': 'csv',
};

/** By the SerDe of the table (Athena user guide, "Choose a SerDe for your data"). @throws QueryFailure */
export function formatOf({ definition, name }: CatalogTable): Format {
  const serde = definition.StorageDescriptor?.SerdeInfo;
  const library = serde?.SerializationLibrary ?? '';
  const parameters = serde?.Parameters ?? {};
  const skip = Number(definition.Parameters?.['skip.header.line.count'] ?? parameters['skip.header.line.count'] ?? '0');
  switch (LIBRARIES[library.toLowerCase()]) {
    case 'parquet':
      return { kind: 'parquet' };
    case 'json': {
      const mappings = Object.entries(parameters).filter(([key]) => key.startsWith('mapping.'));
      return {
        kind: 'json',
        ignoreCase: parameters['case.insensitive'] !== 'false',
        ignoreMalformed: parameters['ignore.malformed.json'] === 'true',
        keys: Object.fromEntries(mappings.map(([key, value]) => [key.slice('mapping.'.length), value])),
      };
    }
    case 'delimited': {
      const delimiter = parameters['field.delim'] ?? parameters['serialization.format'] ?? '\u0001';
      return { kind: 'csv', delimiter, quote: '', escape: '', skip, strict: false };
    }
    case 'csv':
      return {
        kind: 'csv',
        delimiter: parameters.separatorChar ?? ',',
        quote: parameters.quoteChar ?? '"',
        escape: parameters.escapeChar ?? '\\',
        skip,
        strict: true,
      };
    default:
      throw new QueryFailure(
        `NOT_SUPPORTED: the SerDe '${library}' of table '${name}' is not implemented by the local cloud`,
      );
  }
}

/** A relation of the engine with a column `filename` and, under their names, the columns that the files have. */
export interface StoredRelation {
  readonly sql: string;
  /** Columns that the files have; a column of the table that none has is null. */
  readonly columns: ReadonlySet<string>;
  /** Values are text, to be converted: failing, or to null. */
  readonly text?: 'strict' | 'lenient';
}

/** @throws QueryFailure for files that do not fit the table */
export async function storedRelation(
  connection: DuckDBConnection,
  format: Format,
  columns: readonly TableColumn[],
  files: readonly string[],
): Promise<StoredRelation> {
  const list = `[${files.map(quote).join(', ')}]`;
  const all = new Set(columns.map(({ name }) => name));
  switch (format.kind) {
    case 'parquet': {
      const sql = `read_parquet(${list}, union_by_name = true, filename = true)`;
      const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${sql}`);
      const stored = new Map(described.getRows().map(([name, type]) => [String(name).toLowerCase(), String(type)]));
      for (const column of columns) checkStored(column, stored.get(column.name));
      return { sql, columns: new Set([...stored.keys()].filter((name) => all.has(name))) };
    }
    case 'json': {
      for (const file of files) await normalizeJson(file, format, columns);
      const types = columns.map(({ name, type }) => `${quotedName(name)}: ${quote(storedType(type))}`).join(', ');
      const sql = `read_json(${list}, format = 'newline_delimited', filename = true, columns = {${types}})`;
      return { sql, columns: all };
    }
    case 'csv': {
      for (const file of files) await inflate(file);
      const types = columns.map(({ name }) => `${quotedName(name)}: 'VARCHAR'`).join(', ');
      const options = [
        'auto_detect = false',
        'header = false',
        'filename = true',
        'null_padding = true',
        `skip = ${format.skip}`,
        `delim = ${quote(format.delimiter)}`,
        `quote = ${quote(format.quote)}`,
        `escape = ${quote(format.escape)}`,
        `nullstr = ${quote(format.strict ? '\u0001null\u0001' : '\\N')}`,
        `columns = {${types}}`,
      ];
      return {
        sql: `read_csv(${list}, ${options.join(', ')})`,
        columns: all,
        text: format.strict ? 'strict' : 'lenient',
      };
    }
  }
}

/** Integers may be stored shorter, times with any fraction; everything else must be as declared. */
function checkStored({ name, type }: TableColumn, stored: string | undefined): void {
  if (stored === undefined || stored === '"NULL"') return;
  const declared = storedType(type);
  const order = ['TINYINT', 'SMALLINT', 'INTEGER', 'BIGINT'];
  const widens = order.indexOf(stored) !== -1 && order.indexOf(stored) <= order.indexOf(declared);
  const isTime = declared.startsWith('TIMESTAMP') && stored.startsWith('TIMESTAMP');
  if (stored === declared || widens || isTime) return;
  throw new QueryFailure(
    `HIVE_BAD_DATA: Field ${name}'s type ${stored} in parquet file is incompatible with type ${declared} defined in table schema`,
  );
}

async function normalizeJson(
  file: string,
  format: Extract<Format, { kind: 'json' }>,
  columns: readonly TableColumn[],
): Promise<void> {
  const text = (await bytes(file)).toString('utf8');
  const rows: string[] = [];
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    try {
      const document = keyed(parseDocument(line), format.ignoreCase);
      const row = columns.map(({ name, type }) => {
        const key = format.keys[name] ?? name;
        return [name, typedValue(document.get(format.ignoreCase ? key.toLowerCase() : key), type, format.ignoreCase)];
      });
      rows.push(JSON.stringify(Object.fromEntries(row)));
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      if (!(cause instanceof SyntaxError))
        throw new QueryFailure(`HIVE_BAD_DATA: Error parsing field value: ${reason}`);
      if (!format.ignoreMalformed)
        throw new QueryFailure(`HIVE_CURSOR_ERROR: Row is not a valid JSON Object - JSONException: ${reason}`);
    }
  }
  await writeFile(file, rows.join('\n'));
}

async function inflate(file: string): Promise<void> {
  const read = await readFile(file);
  if (isGzip(read)) await writeFile(file, gunzipSync(read));
}

async function bytes(file: string): Promise<Buffer> {
  const read = await readFile(file);
  return isGzip(read) ? gunzipSync(read) : read;
}

function isGzip(read: Buffer): boolean {
  return read[0] === 0x1f && read[1] === 0x8b;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
