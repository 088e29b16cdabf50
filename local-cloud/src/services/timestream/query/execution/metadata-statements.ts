import type { ColumnInfo, Datum, Row } from '@aws-sdk/client-timestream-query';
import type { TableLayout } from '../../storage/table-layout.ts';
import { knownRows, type RowSource } from './row-source.ts';

/** Answers of SHOW and DESCRIBE (developer guide, "SHOW statements" and "DESCRIBE statements"). */

export function showNames(column: 'Database' | 'Table', names: readonly string[], like: string | undefined): RowSource {
  const shown = names.filter((name) => matchesLike(name, like));
  return knownRows(
    [textColumn(column)],
    shown.map((name) => textRow(name)),
  );
}

/** The dimensions come as an array of rows, each with `dimension_name` and `data_type`. */
export function showMeasures(layout: TableLayout, like: string | undefined): RowSource {
  const rows = layout
    .measureNames()
    .filter(({ name }) => matchesLike(name, like))
    .map(({ name, type, dimensions }): Row => {
      const listed: Datum[] = dimensions.map((dimension) => ({ RowValue: textRow(dimension, 'varchar') }));
      return { Data: [{ ScalarValue: name }, { ScalarValue: type }, { ArrayValue: listed }] };
    });
  return knownRows(
    [textColumn('measure_name'), textColumn('data_type'), { Name: 'dimensions', Type: DIMENSIONS_TYPE }],
    rows,
  );
}

const DIMENSIONS_TYPE = {
  ArrayColumnInfo: { Type: { RowColumnInfo: [textColumn('dimension_name'), textColumn('data_type')] } },
};

export function describeTable(layout: TableLayout): RowSource {
  const dimensions = layout.columns.filter(({ attribute }) => attribute === 'DIMENSION');
  const measures = layout.columns.filter(({ attribute }) => attribute !== 'DIMENSION');
  return knownRows(['Column', 'Type', 'Timestream attribute type'].map(textColumn), [
    ...dimensions.map(({ name, type, attribute }) => textRow(name, type, attribute)),
    textRow('measure_name', 'varchar', 'MEASURE_NAME'),
    textRow('time', 'timestamp', 'TIMESTAMP'),
    ...measures.map(({ name, type, attribute }) => textRow(name, type, attribute)),
  ]);
}

function textColumn(Name: string): ColumnInfo {
  return { Name, Type: { ScalarType: 'VARCHAR' } };
}

function textRow(...values: readonly string[]): Row {
  return { Data: values.map((ScalarValue) => ({ ScalarValue })) };
}

/** `%` stands for any text, `_` for any character. */
export function matchesLike(name: string, pattern: string | undefined): boolean {
  if (pattern === undefined) return true;
  const source = pattern
    .replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
    .replaceAll('%', '[\\s\\S]*')
    .replaceAll('_', '[\\s\\S]');
  return new RegExp(`^${source}$`, 'u').test(name);
}
