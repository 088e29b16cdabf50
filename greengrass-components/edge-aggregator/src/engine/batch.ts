import { createHash } from 'node:crypto';
import {
  MAX_SAMPLES_PER_MESSAGE,
  MAX_VALUES_PER_SAMPLE,
  type Sample,
  type UploadMessage,
} from '@fleetwright/contracts';

/** Bytes of samples in a batch, estimated: an upload is one message of at most 7,000 bytes. */
const MAX_BATCH_BYTES = 6_500;
const BYTES_PER_SAMPLE = 40;
/** Of a value besides its name: a number in full, quotes, colon and comma. */
const BYTES_PER_VALUE = 24;

export type BatchPriority = Exclude<UploadMessage['priority'], 'alarm'>;

/** Samples that go to the cloud as one upload. */
export interface Batch {
  /** Grows by one per batch. */
  readonly number: number;
  readonly uploadId: string;
  readonly priority: BatchPriority;
  readonly samples: readonly Sample[];
}

/** @param run a random name of the run of the component whose batch it is */
export function uploadIdOf(run: string, number: number): string {
  return createHash('sha256').update(`${run}:${number}`).digest('hex').slice(0, 32);
}

/** Values of one time that are to reach the cloud. */
export interface Entry {
  readonly time: number;
  readonly values: Sample['values'];
}

/**
 * Puts values of the same time into the same sample, and samples into batches, within the bounds of the contract. A measure that
 * comes twice for one time gets a sample of its own.
 */
export function packSamples(entries: readonly Entry[]): Sample[][] {
  const open = new Map<number, Sample>();
  const samples: Sample[] = [];
  for (const { time, values } of entries) {
    const names = Object.keys(values);
    let sample = open.get(time);
    const fits =
      sample !== undefined &&
      Object.keys(sample.values).length + names.length <= MAX_VALUES_PER_SAMPLE &&
      names.every((name) => !Object.hasOwn(sample?.values ?? {}, name));
    if (sample === undefined || !fits) {
      sample = { time, values: {} };
      open.set(time, sample);
      samples.push(sample);
    }
    Object.assign(sample.values, values);
  }
  const batches: Sample[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const sample of samples) {
    const size = sizeOf(sample);
    const last = batches.at(-1);
    if (last === undefined || last.length >= MAX_SAMPLES_PER_MESSAGE || bytes + size > MAX_BATCH_BYTES) {
      batches.push([sample]);
      bytes = size;
    } else {
      last.push(sample);
      bytes += size;
    }
  }
  return batches;
}

function sizeOf({ values }: Sample): number {
  let size = BYTES_PER_SAMPLE;
  for (const name in values) size += name.length + BYTES_PER_VALUE;
  return size;
}
