import type { DuckDBConnection } from '@duckdb/node-api';
import { storageName, transaction } from './engine.ts';

/** Types of stored values, as Timestream names them in DESCRIBE. */
export type StoredType = 'double' | 'bigint' | 'boolean' | 'varchar' | 'timestamp';

/** Type of a measure name: that of its single value, or `multi`. */
export type MeasureNameType = StoredType | 'multi';

/** DESCRIBE's "Timestream attribute type" of the columns that grow with the data. */
export type ColumnAttribute = 'DIMENSION' | 'MULTI' | 'MEASURE_VALUE';

export interface StoredColumn {
  /** The name queries use: `region`, `cpu`, `measure_value::double`. */
  readonly name: string;
  readonly attribute: ColumnAttribute;
  readonly type: StoredType;
  readonly ordinal: number;
}

/** Timestamps are kept as nanoseconds since the epoch: no engine type but an integer keeps them exact in every function. */
const ENGINE_TYPES: Record<StoredType, string> = {
  double: 'DOUBLE',
  bigint: 'BIGINT',
  boolean: 'BOOLEAN',
  varchar: 'VARCHAR',
  timestamp: 'BIGINT',
};

/**
 * Columns and measure names of one table, which grow with the data (developer guide, "Writes": no upfront schema).
 *
 * Engine columns: `time` (ns), `series` and `content` (128-bit digests), `version`, `measure_name`, then `c0`, `c1`, …:
 * names given by users never become identifiers of the engine, which would compare them without case.
 */
export class TableLayout {
  readonly columns: StoredColumn[] = [];
  readonly #dimensions = new Map<string, StoredColumn>();
  readonly #measures = new Map<string, StoredColumn>();
  readonly #measureNames = new Map<string, { type: MeasureNameType; dimensions: Set<string> }>();
  readonly #tableId: number;

  private constructor(tableId: number) {
    this.#tableId = tableId;
  }

  /** Reads the layout of a table; a table without data has none yet. */
  static async load(connection: DuckDBConnection, tableId: number): Promise<TableLayout> {
    const layout = new TableLayout(tableId);
    const columns = await connection.runAndReadAll(
      `SELECT name, attribute, type FROM stored_columns WHERE table_id = ${tableId} ORDER BY ordinal`,
    );
    for (const [name, attribute, type] of columns.getRows()) {
      layout.#addColumn(String(name), attribute as ColumnAttribute, type as StoredType);
    }
    const measures = await connection.runAndReadAll(
      `SELECT name, type, dimension FROM stored_measures WHERE table_id = ${tableId}`,
    );
    for (const [name, type, dimension] of measures.getRows()) {
      const entry = layout.#addMeasureName(String(name), type as MeasureNameType);
      if (dimension !== null) entry.dimensions.add(String(dimension));
    }
    return layout;
  }

  get dimensionCount(): number {
    return this.#dimensions.size;
  }

  get measureNameCount(): number {
    return this.#measureNames.size;
  }

  get multiMeasureCount(): number {
    return this.columns.filter((column) => column.attribute === 'MULTI').length;
  }

  dimension(name: string): StoredColumn | undefined {
    return this.#dimensions.get(name);
  }

  measure(name: string): StoredColumn | undefined {
    return this.#measures.get(name);
  }

  measureNameType(name: string): MeasureNameType | undefined {
    return this.#measureNames.get(name)?.type;
  }

  /** In order of name, with the dimensions each was written with. */
  measureNames(): { name: string; type: MeasureNameType; dimensions: string[] }[] {
    return [...this.#measureNames]
      .sort(([left], [right]) => (left < right ? -1 : 1))
      .map(([name, { type, dimensions }]) => ({ name, type, dimensions: [...dimensions] }));
  }

  /** Collects what a batch needs that is not there yet. */
  growth(): LayoutGrowth {
    return new LayoutGrowth(this);
  }

  hasMeasureDimension(measureName: string, dimension: string): boolean {
    return this.#measureNames.get(measureName)?.dimensions.has(dimension) ?? false;
  }

  /** Creates the table if need be and adds columns, durably; the layout changes once that is committed. */
  async grow(connection: DuckDBConnection, growth: LayoutGrowth): Promise<void> {
    const id = this.#tableId;
    const table = storageName(id);
    const first = this.columns.length;
    await transaction(connection, async () => {
      await connection.run(
        `CREATE TABLE IF NOT EXISTS ${table} (
           time BIGINT NOT NULL, series HUGEINT NOT NULL, content HUGEINT NOT NULL, version BIGINT NOT NULL, measure_name VARCHAR NOT NULL)`,
      );
      for (const [index, column] of growth.columns.entries()) {
        await connection.run(`ALTER TABLE ${table} ADD COLUMN c${first + index} ${ENGINE_TYPES[column.type]}`);
        await connection.run('INSERT INTO stored_columns VALUES ($1, $2, $3, $4, $5)', [
          id,
          first + index,
          column.attribute,
          column.name,
          column.type,
        ]);
      }
      for (const measure of growth.measureNames) {
        await connection.run('INSERT INTO stored_measures VALUES ($1, $2, $3, $4)', [
          id,
          measure.name,
          measure.type,
          measure.dimension ?? null,
        ]);
      }
    });
    for (const column of growth.columns) this.#addColumn(column.name, column.attribute, column.type);
    for (const measure of growth.measureNames) {
      const entry = this.#addMeasureName(measure.name, measure.type);
      if (measure.dimension !== undefined) entry.dimensions.add(measure.dimension);
    }
  }

  #addColumn(name: string, attribute: ColumnAttribute, type: StoredType): void {
    const column: StoredColumn = { name, attribute, type, ordinal: this.columns.length };
    this.columns.push(column);
    (attribute === 'DIMENSION' ? this.#dimensions : this.#measures).set(name, column);
  }

  #addMeasureName(name: string, type: MeasureNameType): { type: MeasureNameType; dimensions: Set<string> } {
    let entry = this.#measureNames.get(name);
    if (entry === undefined) {
      entry = { type, dimensions: new Set() };
      this.#measureNames.set(name, entry);
    }
    return entry;
  }
}

/** Additions to a layout, seen by the later records of the same batch. */
export class LayoutGrowth {
  readonly columns: { name: string; attribute: ColumnAttribute; type: StoredType }[] = [];
  readonly measureNames: { name: string; type: MeasureNameType; dimension?: string }[] = [];
  readonly #layout: TableLayout;
  readonly #dimensions = new Set<string>();
  readonly #measures = new Map<string, StoredType>();
  readonly #names = new Map<string, MeasureNameType>();
  readonly #nameDimensions = new Set<string>();

  constructor(layout: TableLayout) {
    this.#layout = layout;
  }

  get isEmpty(): boolean {
    return this.columns.length === 0 && this.measureNames.length === 0;
  }

  /** Counts with the additions. */
  get dimensionCount(): number {
    return this.#layout.dimensionCount + this.#dimensions.size;
  }

  get measureNameCount(): number {
    return this.#layout.measureNameCount + this.#names.size;
  }

  get multiMeasureCount(): number {
    return this.#layout.multiMeasureCount + this.columns.filter(({ attribute }) => attribute === 'MULTI').length;
  }

  hasDimension(name: string): boolean {
    return this.#dimensions.has(name) || this.#layout.dimension(name) !== undefined;
  }

  measureType(name: string): StoredType | undefined {
    return this.#layout.measure(name)?.type ?? this.#measures.get(name);
  }

  measureNameType(name: string): MeasureNameType | undefined {
    return this.#layout.measureNameType(name) ?? this.#names.get(name);
  }

  addDimension(name: string): void {
    if (this.hasDimension(name)) return;
    this.#dimensions.add(name);
    this.columns.push({ name, attribute: 'DIMENSION', type: 'varchar' });
  }

  addMeasure(name: string, attribute: 'MULTI' | 'MEASURE_VALUE', type: StoredType): void {
    if (this.measureType(name) !== undefined) return;
    this.#measures.set(name, type);
    this.columns.push({ name, attribute, type });
  }

  addMeasureName(name: string, type: MeasureNameType, dimensions: readonly string[]): void {
    if (this.measureNameType(name) === undefined) {
      this.#names.set(name, type);
      this.measureNames.push({ name, type });
    }
    for (const dimension of dimensions) {
      const key = `${name.length}:${name}${dimension}`;
      if (this.#layout.hasMeasureDimension(name, dimension) || this.#nameDimensions.has(key)) continue;
      this.#nameDimensions.add(key);
      this.measureNames.push({ name, type, dimension });
    }
  }
}
