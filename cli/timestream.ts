import { type ColumnInfo, type Datum, QueryCommand, TimestreamQueryClient } from '@aws-sdk/client-timestream-query';
import type { ResultTable } from './output/table.ts';
import type { AwsClientSettings } from './running-cloud.ts';

/** Queries Timestream, following all pages. */
export class TimestreamReader {
  readonly #client: TimestreamQueryClient;

  constructor(settings: AwsClientSettings) {
    this.#client = new TimestreamQueryClient(settings);
  }

  async query(sql: string): Promise<ResultTable> {
    let columns: readonly ColumnInfo[] = [];
    const rows: (string | null)[][] = [];
    let NextToken: string | undefined;
    do {
      const page = await this.#client.send(new QueryCommand({ QueryString: sql, NextToken }));
      columns = page.ColumnInfo ?? columns;
      for (const row of page.Rows ?? []) rows.push((row.Data ?? []).map(textOf));
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    return { columns: columns.map((column, at) => column.Name ?? `_col${at}`), rows };
  }

  /** The single number that a query answers. */
  async number(sql: string): Promise<number> {
    const { rows } = await this.query(sql);
    return Number(rows[0]?.[0] ?? Number.NaN);
  }

  close(): void {
    this.#client.destroy();
  }
}

function textOf(datum: Datum): string | null {
  if (datum.NullValue === true) return null;
  if (datum.ScalarValue !== undefined) return datum.ScalarValue;
  if (datum.ArrayValue !== undefined) return `[${datum.ArrayValue.map(textOf).join(', ')}]`;
  if (datum.RowValue !== undefined) return `(${(datum.RowValue.Data ?? []).map(textOf).join(', ')})`;
  if (datum.TimeSeriesValue !== undefined) {
    return `[${datum.TimeSeriesValue.map((point) => `${point.Time}: ${textOf(point.Value ?? {})}`).join(', ')}]`;
  }
  return null;
}
