import type { CloudContext } from '../../core/plugin.ts';
import { parseDocument, splitDocuments } from '../../core/sql/json-documents.ts';
import type { ScratchEngine } from '../../core/sql/scratch-engine.ts';
import { keyed, typedValue } from '../../core/sql/typed-value.ts';
import type { Destination } from './destination.ts';
import { compileKeyQueries, type KeyQuery } from './metadata-extraction.ts';
import type { ErrorType } from './object-prefix.ts';
import { writeParquet } from './parquet-writer.ts';
import { NO_PROCESSING } from './processing.ts';
import { recordsOf } from './record-block.ts';
import type { Chunk } from './record-buffer.ts';
import type { Conversion } from './record-format.ts';
import type { SchemaColumn, TableSchema } from './table-schema.ts';

/** One object that a chunk of records becomes. */
export interface StructuredObject {
  readonly body: Buffer;
  readonly keys: Readonly<Record<string, string>>;
  readonly errorType?: ErrorType;
  readonly extension: string;
  readonly records: number;
}

/** The event loop gets a turn after so many documents: one record may hold thousands. */
const DOCUMENTS_PER_TURN = 500;

/** Records of a chunk that share their partitioning keys. */
interface Group {
  readonly keys: Readonly<Record<string, string>>;
  readonly pieces: Buffer[];
  readonly rows: string[];
  records: number;
}

interface Failure {
  readonly arrival: number;
  readonly raw: Buffer;
  readonly code: string;
  readonly reason: string;
}

/**
 * Turns a chunk into objects: records are taken apart, grouped by their partitioning keys and converted to Parquet, in
 * this order. A record that fails is put into an object of errors, and delays no other.
 */
export class StructuredDelivery {
  readonly #context: CloudContext;
  readonly #engine: ScratchEngine;
  readonly #destination: Destination;
  readonly #schema: TableSchema | undefined;
  readonly #queries: readonly KeyQuery[];
  readonly #groups = new Map<string, Group>();
  readonly #failures: Record<ErrorType, Failure[]> = { 'processing-failed': [], 'format-conversion-failed': [] };

  #seen = 0;

  /** `schema` when records are converted. */
  constructor(context: CloudContext, engine: ScratchEngine, destination: Destination, schema: TableSchema | undefined) {
    this.#context = context;
    this.#engine = engine;
    this.#destination = destination;
    this.#schema = schema;
    const { keyQuery } = destination.processing ?? NO_PROCESSING;
    this.#queries = destination.partitioned === true && keyQuery !== undefined ? compileKeyQueries(keyQuery) : [];
  }

  async objects(chunk: Chunk): Promise<StructuredObject[]> {
    for (const block of chunk.blocks) {
      for (const record of recordsOf(block)) {
        await this.#record(record, block.arrival);
      }
    }
    const objects: StructuredObject[] = [];
    for (const group of this.#groups.values()) objects.push(await this.#object(group));
    for (const [errorType, failures] of Object.entries(this.#failures) as [ErrorType, Failure[]][]) {
      if (failures.length === 0) continue;
      const lines = failures.map((failure) => JSON.stringify(this.#errorDocument(errorType, failure)));
      const body = Buffer.from(`${lines.join('\n')}\n`);
      objects.push({ body, keys: {}, errorType, extension: '', records: failures.length });
    }
    return objects;
  }

  async #record(record: Buffer, arrival: number): Promise<void> {
    const { conversion, partitioned, processing } = this.#destination;
    // Without partitioning, documents behind each other are taken apart by the conversion's own reader.
    const splits = partitioned === true ? processing?.splitsJson === true : true;
    let documents: { text: string; document: Record<string, unknown> }[];
    try {
      const source = record.toString('utf8');
      const texts = splits ? splitDocuments(source) : [source];
      documents = texts.map((text) => ({ text, document: parseDocument(text) }));
    } catch (error) {
      const code =
        partitioned === true ? 'DynamicPartitioning.MetadataExtractionFailed' : 'DataFormatConversion.ParseError';
      this.#fail(partitioned === true ? 'processing-failed' : 'format-conversion-failed', arrival, record, code, error);
      return;
    }
    for (const { text, document } of documents) {
      if (++this.#seen % DOCUMENTS_PER_TURN === 0) await new Promise(setImmediate);
      const raw = documents.length === 1 ? record : Buffer.from(text);
      const keys = this.#keysOf(document);
      if (keys === undefined) {
        const reason = new Error('partitionKeys values must not be null or empty');
        this.#fail('processing-failed', arrival, raw, 'DynamicPartitioning.MetadataExtractionFailed', reason);
        continue;
      }
      if (conversion === undefined) {
        const group = this.#group(keys);
        group.pieces.push(raw, ...delimiterOf(this.#destination));
        group.records++;
        continue;
      }
      try {
        const row = JSON.stringify(rowOf(document, this.#columns(), conversion));
        const group = this.#group(keys);
        group.rows.push(row);
        group.records++;
      } catch (error) {
        this.#fail('format-conversion-failed', arrival, raw, 'DataFormatConversion.InvalidTypeMapping', error);
      }
    }
  }

  #columns(): readonly SchemaColumn[] {
    return this.#schema?.columns ?? [];
  }

  #keysOf(document: unknown): Record<string, string> | undefined {
    const keys: Record<string, string> = {};
    for (const { extract, key } of this.#queries) {
      const value = extract(document);
      if (value === undefined) return undefined;
      keys[key] = value;
    }
    return keys;
  }

  #group(keys: Record<string, string>): Group {
    const name = JSON.stringify(keys);
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = { keys, pieces: [], rows: [], records: 0 };
      this.#groups.set(name, group);
    }
    return group;
  }

  async #object({ keys, pieces, records, rows }: Group): Promise<StructuredObject> {
    const { conversion } = this.#destination;
    if (conversion === undefined) return { body: Buffer.concat(pieces), keys, extension: '', records };
    const body = await writeParquet(this.#engine, rows, this.#columns(), conversion.compression);
    return { body, keys, extension: '.parquet', records };
  }

  #fail(errorType: ErrorType, arrival: number, raw: Buffer, code: string, error: unknown): void {
    // Errors of JSON.parse quote the text; they belong to the record's owner, as the record itself does.
    const reason = error instanceof Error ? error.message : String(error);
    this.#failures[errorType].push({ arrival, raw: Buffer.from(raw), code, reason });
  }

  /** Developer guide, "Handle errors for data format conversion" and "Troubleshoot dynamic partitioning errors". */
  #errorDocument(errorType: ErrorType, { arrival, code, raw, reason }: Failure): object {
    const attemptEndingTimestamp = this.#context.clock.now();
    const rawData = raw.toString('base64');
    const { conversion } = this.#destination;
    if (errorType === 'processing-failed' || conversion === undefined) {
      const common = { attemptsMade: 1, arrivalTimestamp: arrival, errorCode: code, errorMessage: reason };
      return { ...common, attemptEndingTimestamp, rawData };
    }
    const { catalogId, database, region, table } = conversion.schema;
    const { account } = this.#context;
    return {
      attemptsMade: 1,
      arrivalTimestamp: arrival,
      lastErrorCode: code,
      lastErrorMessage: reason,
      attemptEndingTimestamp,
      rawData,
      sequenceNumber: null,
      subSequenceNumber: null,
      dataCatalogTable: {
        catalogId: catalogId ?? account.accountId,
        databaseName: database,
        tableName: table,
        region: region ?? account.region,
        versionId: this.#schema?.versionId ?? 'LATEST',
        catalogArn: null,
      },
    };
  }
}

function delimiterOf({ processing }: Destination): Buffer[] {
  return processing?.delimiter === undefined ? [] : [Buffer.from(processing.delimiter)];
}

/** @throws ValueError */
function rowOf(document: Record<string, unknown>, columns: readonly SchemaColumn[], conversion: Conversion) {
  const { dotsToUnderscores, ignoreCase, keys } = conversion;
  const named = dotsToUnderscores
    ? Object.fromEntries(Object.entries(document).map(([key, value]) => [key.replaceAll('.', '_'), value]))
    : document;
  const members = keyed(named, ignoreCase);
  return Object.fromEntries(
    columns.map(({ name, type }) => {
      const key = keys[name] ?? name;
      return [name, typedValue(members.get(ignoreCase ? key.toLowerCase() : key), type, ignoreCase)];
    }),
  );
}
