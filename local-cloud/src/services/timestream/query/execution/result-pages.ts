import type { Row } from '@aws-sdk/client-timestream-query';
import { MAX_PAGE_BYTES } from '../../limits.ts';
import type { RowSource } from './row-source.ts';

export interface Page {
  readonly rows: readonly Row[];
  /** Nothing comes after it. */
  readonly last: boolean;
}

/** Bytes of a value's JSON besides its text: `{"ScalarValue":""},`. */
const DATUM_OVERHEAD = 20;

/** Cuts a result into pages by number of rows and by size. */
export class ResultPages {
  readonly #source: RowSource;
  #buffer: Row[] = [];
  #ended = false;

  constructor(source: RowSource) {
    this.#source = source;
  }

  get columns(): RowSource['columns'] {
    return this.#source.columns;
  }

  /** The next page: at most `maxRows` rows and 1 MB, but at least one row where one is left. */
  async next(maxRows: number): Promise<Page> {
    const rows: Row[] = [];
    let bytes = 0;
    while (rows.length < maxRows) {
      const row = await this.#peek();
      if (row === undefined) break;
      const size = rowBytes(row);
      if (rows.length > 0 && bytes + size > MAX_PAGE_BYTES) break;
      bytes += size;
      rows.push(row);
      this.#buffer.pop();
    }
    return { rows, last: (await this.#peek()) === undefined };
  }

  close(): void {
    this.#buffer = [];
    this.#ended = true;
    this.#source.close();
  }

  /** The buffer is kept in reverse, so that the next row is its last. */
  async #peek(): Promise<Row | undefined> {
    if (this.#buffer.length === 0 && !this.#ended) {
      this.#buffer = [...(await this.#source.read())].reverse();
      this.#ended = this.#buffer.length === 0;
    }
    return this.#buffer.at(-1);
  }
}

function rowBytes(row: Row): number {
  let bytes = 0;
  for (const { ScalarValue, ArrayValue, RowValue } of row.Data ?? []) {
    bytes += DATUM_OVERHEAD + (ScalarValue === undefined ? 0 : Buffer.byteLength(ScalarValue));
    if (ArrayValue !== undefined) bytes += rowBytes({ Data: ArrayValue });
    if (RowValue !== undefined) bytes += rowBytes(RowValue);
  }
  return bytes;
}
