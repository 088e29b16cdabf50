import type { Dimension, MeasureValue, _Record as StoreRecord } from '@aws-sdk/client-timestream-write';
import { storeTimeText } from '@fleetwright/contracts';
import type { Received } from './model.ts';

/** Records of one request (Timestream quotas, "Records per WriteRecords API request"). */
export const MAX_RECORDS_PER_WRITE = 100;

/** Where a record comes from. */
export interface RecordOrigin {
  readonly received: Received;
  readonly sample: number;
}

export interface RecordBatch {
  readonly common: StoreRecord;
  readonly records: readonly StoreRecord[];
  /** Same order as `records`. */
  readonly origins: readonly RecordOrigin[];
}

/** Which samples go to the store; the others have been rejected already. */
export type SampleFilter = (received: Received, sample: number) => boolean;

/**
 * Makes multi-measure records and gathers them in full batches, neighbours by channel, site, type and thing, so that as
 * many dimensions as possible are stated once for a batch: what is shared is neither sent nor metered again.
 */
export function buildBatches(messages: readonly Received[], isWanted: SampleFilter): RecordBatch[] {
  const byChannel = new Map<string, RecordOrigin[]>();
  for (const received of [...messages].sort(byPlace)) {
    const { channel } = received;
    let origins = byChannel.get(channel);
    if (origins === undefined) {
      origins = [];
      byChannel.set(channel, origins);
    }
    for (let sample = 0; sample < received.message.samples.length; sample++) {
      if (isWanted(received, sample)) origins.push({ received, sample });
    }
  }
  const batches: RecordBatch[] = [];
  for (const [channel, origins] of byChannel) {
    for (let start = 0; start < origins.length; start += MAX_RECORDS_PER_WRITE) {
      batches.push(toBatch(channel, origins.slice(start, start + MAX_RECORDS_PER_WRITE)));
    }
  }
  return batches;
}

/** Splits a batch in two, with the same common attributes. */
export function halves(batch: RecordBatch): [RecordBatch, RecordBatch] {
  const middle = batch.records.length >> 1;
  const part = (from: number, to?: number): RecordBatch => ({
    common: batch.common,
    records: batch.records.slice(from, to),
    origins: batch.origins.slice(from, to),
  });
  return [part(0, middle), part(middle)];
}

const DIMENSIONS = [
  ['site', 'site'],
  ['device_type', 'deviceType'],
  ['thing_name', 'thingName'],
] as const;

function toBatch(channel: string, origins: readonly RecordOrigin[]): RecordBatch {
  const first = (origins[0] as RecordOrigin).received.address;
  const shared: Dimension[] = [];
  const own: (typeof DIMENSIONS)[number][] = [];
  for (const dimension of DIMENSIONS) {
    const [name, key] = dimension;
    if (origins.every(({ received }) => received.address[key] === first[key])) {
      shared.push({ Name: name, Value: first[key] });
    } else {
      own.push(dimension);
    }
  }
  return {
    common: { MeasureName: channel, MeasureValueType: 'MULTI', TimeUnit: 'NANOSECONDS', Dimensions: shared },
    records: origins.map((origin) => toRecord(origin, own)),
    origins,
  };
}

function toRecord({ received, sample: index }: RecordOrigin, own: readonly (typeof DIMENSIONS)[number][]): StoreRecord {
  const { bootId, sequence, samples } = received.message;
  const sample = samples[index] as (typeof samples)[number];
  const measures: MeasureValue[] = [
    { Name: 'boot_id', Value: String(bootId), Type: 'BIGINT' },
    { Name: 'sequence', Value: String(sequence), Type: 'BIGINT' },
  ];
  for (const name in sample.values) measures.push(toMeasure(name, sample.values[name] as number | boolean | string));
  const record: StoreRecord = { Time: storeTimeText(sample, sequence, index), MeasureValues: measures };
  if (own.length > 0) {
    record.Dimensions = own.map(([name, key]) => ({ Name: name, Value: received.address[key] }));
  }
  return record;
}

/** A number is a double always: 10 and 10.5 of one sensor must share a column. */
function toMeasure(name: string, value: number | boolean | string): MeasureValue {
  if (typeof value === 'number') return { Name: name, Value: String(value), Type: 'DOUBLE' };
  if (typeof value === 'boolean') return { Name: name, Value: value ? 'true' : 'false', Type: 'BOOLEAN' };
  return { Name: name, Value: value, Type: 'VARCHAR' };
}

function byPlace(left: Received, right: Received): number {
  const a = left.address;
  const b = right.address;
  return compare(a.site, b.site) || compare(a.deviceType, b.deviceType) || compare(a.thingName, b.thingName);
}

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
