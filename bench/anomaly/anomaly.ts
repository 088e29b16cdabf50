import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { fieldMessageSchema } from '../../contracts/src/edge-plant.ts';
import { configurationSchema } from '../../greengrass-components/anomaly-detector/src/configuration.ts';
import { FieldWatch } from '../../greengrass-components/anomaly-detector/src/field-watch.ts';
import { decodeState, encodeState } from '../../greengrass-components/anomaly-detector/src/state-codec.ts';
import { draws } from '../../greengrass-components/anomaly-detector/src/testing/synthetic-series.ts';
import type { BenchOptions } from '../bench-options.ts';
import { MovingMeans } from './moving-means.ts';

const SERIES = 10_000;
const VALUES_A_MESSAGE = 100;
/** Rounds of all series that are prepared; later ones repeat them. */
const PREPARED = 40;
/** Past its warm-up before anything is measured. */
const WARMING = 160;
const INTERVAL = 1_000;

interface Lane {
  readonly name: string;
  /** Takes a message in. */
  readonly take: (text: string) => void;
  values: number;
  seconds: number;
}

/**
 * Throughput and memory of the anomaly detector with 10,000 series, beside the parse of the same messages alone and a moving mean
 * of each series, in turn in the same process: `npm run bench -- anomaly [--seconds N] [--json]`.
 */
export async function run({ json, seconds = 12 }: BenchOptions): Promise<object> {
  const messages = prepare();
  // Strings that are first read change their shape in memory: that is none of the detector's.
  for (const text of messages.flat()) fieldMessageSchema.parse(JSON.parse(text));
  const empty = memory();
  const watch = new FieldWatch(configurationSchema.parse({ maxSeries: SERIES }), 0);
  let now = 0;
  const detect = (text: string): void => {
    watch.take(fieldMessageSchema.parse(JSON.parse(text)), ++now);
  };
  for (let round = 0; round < WARMING; round++) for (const text of messages[round % PREPARED] ?? []) detect(text);
  const used = memory() - empty;

  const means = new MovingMeans();
  const lanes: Lane[] = [
    { name: 'parse', take: (text) => void JSON.parse(text), values: 0, seconds: 0 },
    { name: 'parse, moving mean', take: (text) => means.take(JSON.parse(text)), values: 0, seconds: 0 },
    { name: 'parse, check', take: (text) => void fieldMessageSchema.parse(JSON.parse(text)), values: 0, seconds: 0 },
    { name: 'parse, check, detect', take: detect, values: 0, seconds: 0 },
  ];
  const end = performance.now() + seconds * 1_000;
  for (let round = 0; performance.now() < end; round++) {
    const texts = messages[round % PREPARED] ?? [];
    for (const lane of lanes) {
      const from = performance.now();
      for (const text of texts) lane.take(text);
      lane.seconds += (performance.now() - from) / 1_000;
      lane.values += SERIES;
    }
  }

  const encoding = performance.now();
  const bytes = encodeState(watch.snapshot());
  const encoded = performance.now();
  decodeState(bytes);
  const decoded = performance.now();

  const rates = lanes.map(({ name, seconds: spent, values }) => ({ name, valuesPerSecond: values / spent }));
  const [parse = 0, mean = 0, check = 0, whole = 0] = rates.map(({ valuesPerSecond }) => valuesPerSecond);
  const result = {
    series: SERIES,
    rates,
    ratioToParse: whole / parse,
    ratioToMovingMean: whole / mean,
    detectorMicroseconds: 1e6 / whole - 1e6 / check,
    stateBytesPerSeries: watch.bytes / watch.size,
    memoryBytesPerSeries: used / SERIES,
    stateFile: { bytes: bytes.length, writeMilliseconds: encoded - encoding, readMilliseconds: decoded - encoded },
    anomalies: watch.counts.anomalies,
  };
  if (!json) print(result);
  return result;
}

/** Rounds of messages with a value of each series. */
function prepare(): string[][] {
  const draw = draws(1);
  return Array.from({ length: PREPARED }, (_, round) =>
    Array.from({ length: SERIES / VALUES_A_MESSAGE }, (_unused, source) =>
      JSON.stringify({
        version: 1,
        source: `unit-${source}`,
        values: Array.from({ length: VALUES_A_MESSAGE }, (_value, point) => ({
          series: `unit_${source}_point_${point}`,
          time: Date.UTC(2026, 0, 5) + round * INTERVAL,
          value: Number((20 + point / 10 + 3 * draw()).toFixed(3)),
          quality: 'good',
        })),
      }),
    ),
  );
}

/** Bytes in use after a full collection, outside of the heap too. */
function memory(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc');
  for (let pass = 0; pass < 3; pass++) collect();
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function print(result: {
  readonly rates: readonly { readonly name: string; readonly valuesPerSecond: number }[];
  readonly ratioToParse: number;
  readonly ratioToMovingMean: number;
  readonly detectorMicroseconds: number;
  readonly stateBytesPerSeries: number;
  readonly memoryBytesPerSeries: number;
  readonly stateFile: { readonly bytes: number; readonly writeMilliseconds: number; readonly readMilliseconds: number };
}): void {
  const lines = [
    `${SERIES} series, ${VALUES_A_MESSAGE} values a message`,
    ...result.rates.map(({ name, valuesPerSecond }) => `  ${name.padEnd(24)}${Math.round(valuesPerSecond)} values/s`),
    `detection to parse alone ${result.ratioToParse.toFixed(3)}, to a moving mean ${result.ratioToMovingMean.toFixed(3)}`,
    `detector alone ${result.detectorMicroseconds.toFixed(2)} µs a value`,
    `${Math.round(result.stateBytesPerSeries)} bytes of state a series, ${Math.round(result.memoryBytesPerSeries)} with names and room to grow`,
    `state file ${(result.stateFile.bytes / 1e6).toFixed(1)} MB: ${result.stateFile.writeMilliseconds.toFixed(0)} ms to encode, ${result.stateFile.readMilliseconds.toFixed(0)} ms to read`,
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}
