import { type MeasureSchemas, measureColumns, storeTimeText } from '@fleetwright/contracts';
import type { SampleFilter } from './build-records.ts';
import type { Received } from './model.ts';

/** Rows that travel as one record of a delivery stream: JSON documents behind each other. */
export interface RowPack {
  readonly text: string;
  readonly rows: number;
  /** Messages that have a row in it. */
  readonly messageIds: ReadonlySet<string>;
}

/**
 * A record may have 1,000 KiB (Firehose quotas) and is billed in steps of 5 KB, so full ones cost least. Several JSON
 * documents in one are taken apart where records are converted (Firehose developer guide, "Convert input data format").
 */
const PACK_BYTES = 500_000;

type ColumnType = 'number' | 'boolean' | 'string';

/** Columns of measures, by their names in samples. */
export type RowColumns = ReadonlyMap<string, { readonly key: string; readonly type: ColumnType }>;

export function rowColumns(schemas: MeasureSchemas): RowColumns {
  return new Map(
    measureColumns(schemas).map(({ name, type }) => [
      name,
      { key: JSON.stringify(name.toLowerCase()), type: type === 'double' ? 'number' : type },
    ]),
  );
}

/** Makes rows of the lake's telemetry table. A measure without a column, or not of its type, goes to `other`. */
export function buildRows(messages: readonly Received[], isWanted: SampleFilter, columns: RowColumns): RowPack[] {
  const packs: RowPack[] = [];
  let pack = emptyPack();
  let bytes = 0;
  for (const received of messages) {
    const head = headOf(received);
    for (let sample = 0; sample < received.message.samples.length; sample++) {
      if (!isWanted(received, sample)) continue;
      const row = rowOf(received, sample, head, columns);
      const size = Buffer.byteLength(row);
      if (bytes + size > PACK_BYTES && pack.rows > 0) {
        packs.push(pack);
        pack = emptyPack();
        bytes = 0;
      }
      pack.text += row;
      pack.rows++;
      pack.messageIds.add(received.messageId);
      bytes += size;
    }
  }
  if (pack.rows > 0) packs.push(pack);
  return packs;
}

function emptyPack() {
  return { text: '', rows: 0, messageIds: new Set<string>() };
}

/** What all rows of a message share. */
function headOf({ address, channel, envelope, message }: Received): string {
  const shared = {
    measure_name: channel,
    thing_name: address.thingName,
    site: address.site,
    device_type: address.deviceType,
    boot_id: message.bootId,
    sequence: message.sequence,
    received_at: envelope.receivedAt,
  };
  return JSON.stringify(shared).slice(1, -1);
}

function rowOf({ message }: Received, index: number, head: string, columns: RowColumns): string {
  const sample = message.samples[index] as (typeof message.samples)[number];
  // Epoch milliseconds are a timestamp, and a bigint may be text (Firehose developer guide, OpenX JSON SerDe).
  let text = `{"time":${sample.time},"time_ns":"${storeTimeText(sample, message.sequence, index)}",${head}`;
  let other: Record<string, unknown> | undefined;
  for (const name in sample.values) {
    const value = sample.values[name];
    const column = columns.get(name);
    if (column === undefined || typeof value !== column.type) {
      other ??= {};
      other[name] = value;
    } else {
      text += `,${column.key}:${typeof value === 'string' ? JSON.stringify(value) : value}`;
    }
  }
  if (other !== undefined) text += `,"other":${JSON.stringify(JSON.stringify(other))}`;
  return `${text}}\n`;
}
