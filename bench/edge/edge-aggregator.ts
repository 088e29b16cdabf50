import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FieldMessage } from '../../contracts/src/index.ts';
import { aggregationSchema } from '../../greengrass-components/edge-aggregator/src/configuration.ts';
import type { Batch } from '../../greengrass-components/edge-aggregator/src/engine/batch.ts';
import { DurableAggregation } from '../../greengrass-components/edge-aggregator/src/state/durable-aggregation.ts';
import { readFieldMessage } from '../../greengrass-components/shared/src/read-field-message.ts';
import type { BenchOptions } from '../bench-options.ts';
import { collectGarbage, usedBytes } from './memory.ts';

const ROUNDS = 3;
const SERIES = 10_000;
const PER_MESSAGE = 500;
/** One value of each series a second: a minute, and what closes its windows. */
const SECONDS = 67;
const MIB = 1_048_576;
const BEGIN = Date.UTC(2026, 0, 1);

/** Messages of each second, as the local bus brings them. */
function makeMessages(): string[][] {
  return Array.from({ length: SECONDS }, (_, second) =>
    Array.from({ length: SERIES / PER_MESSAGE }, (_message, part): string => {
      const values = Array.from({ length: PER_MESSAGE }, (_value, index) => ({
        series: `plant_series_${part * PER_MESSAGE + index}`,
        time: BEGIN + second * 1_000,
        value: Math.round((20 + Math.sin(second + index) * 5) * 1_000) / 1_000,
        quality: 'good' as const,
      }));
      const message: FieldMessage = { version: 1, source: `unit-${part}`, values };
      return JSON.stringify(message);
    }),
  );
}

interface Run {
  readonly milliseconds: number;
  readonly usedMegabytes: number;
}

/** A mean of each series and nothing else: not on disk, not checked, never sent. */
function bare(messages: readonly string[][]): Run {
  const before = usedBytes();
  const began = performance.now();
  const means = new Map<string, { count: number; mean: number }>();
  for (const second of messages) {
    for (const text of second) {
      for (const { series, value } of (JSON.parse(text) as FieldMessage).values) {
        const known = means.get(series);
        if (known === undefined) means.set(series, { count: 1, mean: Number(value) });
        else known.mean += (Number(value) - known.mean) / ++known.count;
      }
    }
  }
  const milliseconds = performance.now() - began;
  const usedMegabytes = (usedBytes() - before) / MIB;
  if (means.size !== SERIES) throw new Error('series are missing');
  return { milliseconds, usedMegabytes };
}

interface AggregatorRun extends Run {
  readonly summaries: number;
  readonly uploadBytes: number;
  readonly restartMilliseconds: number;
  readonly estimatedMegabytes: number;
}

async function aggregator(messages: readonly string[][]): Promise<AggregatorRun> {
  const directory = mkdtempSync(join(tmpdir(), 'fleetwright-bench-aggregator-'));
  let summaries = 0;
  let uploadBytes = 0;
  const open = (now: number): Promise<DurableAggregation> =>
    DurableAggregation.open({
      directory,
      settings: aggregationSchema.parse({}),
      run: 'bench',
      now,
      sync: () => false,
      checkpointBytes: () => 32 * MIB,
      give: async ({ samples }: Batch) => {
        uploadBytes += JSON.stringify(samples).length;
        for (const { values } of samples) {
          for (const name in values) if (name.endsWith('_count')) summaries++;
        }
      },
      log: { debug: () => {}, info: () => {}, warn: console.error, error: console.error },
    });
  try {
    const before = usedBytes();
    const durable = await open(BEGIN);
    let milliseconds = 0;
    let used = 0;
    for (const [second, texts] of messages.entries()) {
      const began = performance.now();
      const now = BEGIN + second * 1_000 + 20;
      for (const text of texts) {
        const message = readFieldMessage(JSON.parse(text));
        if (message !== undefined) durable.values(message.values, now);
      }
      durable.tick(now);
      await durable.flush();
      milliseconds += performance.now() - began;
      // Windows are fullest just before they close.
      if (second === 59) used = usedBytes() - before;
    }
    const estimatedMegabytes = durable.aggregation.memory / MIB;
    const { values, valuesRefused } = durable.aggregation.counts;
    if (values !== SERIES * SECONDS || valuesRefused > 0) throw new Error('values are missing');
    await durable.close();
    const opening = performance.now();
    const again = await open(BEGIN + SECONDS * 1_000);
    const restartMilliseconds = performance.now() - opening;
    await again.close();
    return { milliseconds, usedMegabytes: used / MIB, summaries, uploadBytes, restartMilliseconds, estimatedMegabytes };
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[Math.floor(values.length / 2)] as number;
}

/** Values per second and memory of 10,000 series with all that the component does, beside a bare mean over the same messages. */
export async function run({ json }: BenchOptions): Promise<object> {
  const messages = makeMessages();
  const inputBytes = messages.flat().reduce((sum, text) => sum + text.length, 0);
  const peers: Run[] = [];
  const ours: AggregatorRun[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const steps = [() => void peers.push(bare(messages)), async () => void ours.push(await aggregator(messages))];
    if (round % 2 === 1) steps.reverse();
    for (const step of steps) {
      collectGarbage();
      await step();
    }
  }
  const values = SERIES * SECONDS;
  const of = (runs: readonly Run[]): number => median(runs.map(({ milliseconds }) => milliseconds));
  const last = ours.at(-1) as AggregatorRun;
  const result = {
    bench: 'edge-aggregator',
    rounds: ROUNDS,
    series: SERIES,
    values,
    valuesPerSecond: Math.round((values / of(ours)) * 1_000),
    valuesPerSecondBare: Math.round((values / of(peers)) * 1_000),
    /** Of the bare mean: what windows, percentiles, checks, journal and uploads leave of its speed. */
    ratioToBareMean: Number((of(peers) / of(ours)).toFixed(3)),
    /** With 60 values open in each series. */
    usedMegabytes: Number(median(ours.map(({ usedMegabytes }) => usedMegabytes)).toFixed(1)),
    bytesPerSeries: Math.round((median(ours.map(({ usedMegabytes }) => usedMegabytes)) * MIB) / SERIES),
    restartMilliseconds: Math.round(median(ours.map(({ restartMilliseconds }) => restartMilliseconds))),
    summaries: last.summaries,
    inputBytes,
    uploadBytes: last.uploadBytes,
    /** Bytes of field messages of the minute by bytes of its summaries. */
    reduction: Number(((inputBytes * 60) / SECONDS / last.uploadBytes).toFixed(1)),
  };
  if (!json) process.stdout.write(`${JSON.stringify(result, undefined, 2)}\n`);
  return result;
}
