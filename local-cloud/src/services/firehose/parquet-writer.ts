import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { quotedName, storedType } from '../../core/sql/hive-type.ts';
import type { ScratchEngine } from '../../core/sql/scratch-engine.ts';
import type { Conversion } from './record-format.ts';
import type { SchemaColumn } from './table-schema.ts';

/** Largest JSON of one row. bytes */
const MAX_ROW_BYTES = 16 * 1024 * 1024;

/**
 * Writes rows as one Parquet file. `rows` are JSON objects whose members are the columns, with values that the engine's
 * reader takes for their types.
 */
export function writeParquet(
  engine: ScratchEngine,
  rows: readonly string[],
  columns: readonly SchemaColumn[],
  compression: Conversion['compression'],
): Promise<Buffer> {
  return engine.run(async (connection, directory) => {
    const source = join(directory, 'rows.json');
    const target = join(directory, 'rows.parquet');
    await writeFile(source, rows.join('\n'));
    const types = columns.map(({ name, type }) => `${quotedName(name)}: ${text(storedType(type))}`).join(', ');
    const reader = `read_json(${text(source)}, format = 'newline_delimited', maximum_object_size = ${MAX_ROW_BYTES}, columns = {${types}})`;
    await connection.run(
      `COPY (SELECT * FROM ${reader}) TO ${text(target)} (FORMAT parquet, COMPRESSION ${text(compression.toLowerCase())})`,
    );
    return readFile(target);
  });
}

function text(value: string): string {
  return `'${value.replaceAll("'", "''")}'`;
}
