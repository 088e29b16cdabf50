import type { ModelManifest } from '../../contracts/src/index.ts';
import { ModelRunner } from '../../greengrass-components/onnx-inference/src/model-runner.ts';
import { buildProgram } from '../../greengrass-components/onnx-inference/src/testing/build-program.ts';
import { sha256 } from '../../greengrass-components/onnx-inference/src/verify-model.ts';
import { readWindow, scaled } from '../../greengrass-components/onnx-inference/src/window-features.ts';
import {
  type Perceptron,
  perceptronToOnnx,
  predict,
} from '../../greengrass-components/onnx-inference/training/multilayer-perceptron.ts';
import {
  PUMP_FEATURES,
  PUMP_INPUTS,
  PUMP_WINDOW,
} from '../../greengrass-components/onnx-inference/training/pump-model.ts';
import { systemClock } from '../../greengrass-components/shared/src/system-clock.ts';
import { createRandomSource } from '../../greengrass-components/simulated-plant/src/random-source.ts';
import type { BenchOptions } from '../bench-options.ts';

const ROUNDS = 3;
const DEFAULT_SECONDS = 1;
/** Windows in one run: of one subject, of a plant, and as many as the component ever gives at once. */
const BATCHES = [1, 8, 64] as const;
/** Samples of each series in a window: ten minutes, one a second. */
const SAMPLES = 600;
const SIZES = [PUMP_FEATURES.length, 16, 8, 1];

const random = createRandomSource(1);

/** As the pump's model is, with weights by chance. */
function makePerceptron(): Perceptron {
  return SIZES.slice(1).map((units, at) => {
    const inputs = SIZES[at] as number;
    const draw = () => Math.fround(random.normal() / Math.sqrt(inputs));
    return {
      inputs,
      units,
      weights: Float64Array.from({ length: inputs * units }, draw),
      biases: Float64Array.from({ length: units }, draw),
    };
  });
}

function makeManifest(layers: Perceptron, bytes: Buffer): ModelManifest {
  const features = PUMP_FEATURES.map((feature) => ({ ...feature, offset: 0, scale: 1 }));
  const row = features.map(() => random.normal());
  return {
    format: 1,
    name: 'bench',
    version: '1.0.0',
    description: 'for measuring',
    issuedAt: 0,
    file: { name: 'bench.onnx', size: bytes.length, sha256: sha256(bytes) },
    window: PUMP_WINDOW,
    inputs: PUMP_INPUTS,
    features,
    tensors: { input: 'features', output: 'probabilities', batch: true },
    outputs: [{ name: 'level', meaning: 'nothing' }],
    test: { tolerance: 1e-5, vectors: [{ features: row, outputs: [predict(layers, row)] }] },
  };
}

/** @returns steps a second, and the milliseconds of each */
async function measure(seconds: number, step: () => unknown): Promise<{ rate: number; times: number[] }> {
  const times: number[] = [];
  const began = performance.now();
  let now = began;
  while (now - began < seconds * 1_000) {
    await step();
    const after = performance.now();
    times.push(after - now);
    now = after;
  }
  return { rate: (times.length / (now - began)) * 1_000, times };
}

function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((left, right) => left - right);
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] as number;
}

/**
 * Windows per second through the model's thread, beside the same perceptron in plain JavaScript on the thread that asks; what it costs
 * to make the features of a window; and how long a model takes to be ready.
 */
export async function run({ json, seconds = DEFAULT_SECONDS }: BenchOptions): Promise<object> {
  const layers = makePerceptron();
  const bytes = perceptronToOnnx(layers, 'features', 'probabilities');
  const manifest = makeManifest(layers, bytes);
  const programs = await buildProgram();
  try {
    const began = performance.now();
    const runner = await ModelRunner.start(manifest, bytes, { ...programs, clock: systemClock, loadTimeout: 60_000 });
    const readyMilliseconds = performance.now() - began;
    const rows = Array.from({ length: 64 }, () => manifest.features.map(() => random.normal()));
    let checksum = 0;
    const plain = (size: number) => () => {
      for (let at = 0; at < size; at++) checksum += predict(layers, scaled(manifest.features, rows[at] as number[]));
    };
    const results = [];
    for (const size of BATCHES) {
      const rates = { thread: [] as number[], plain: [] as number[] };
      const times: number[] = [];
      const batch = rows.slice(0, size);
      for (let warmUp = 0; warmUp < 500; warmUp++) await runner.run(batch, 10_000);
      for (let round = 0; round < ROUNDS; round++) {
        const threaded = await measure(seconds / 2, () => runner.run(batch, 10_000));
        rates.thread.push(threaded.rate * size);
        times.push(...threaded.times);
        rates.plain.push((await measure(seconds / 2, plain(size))).rate * size);
      }
      const [windowsPerSecond, plainPerSecond] = [median(rates.thread), median(rates.plain)];
      results.push({
        batch: size,
        windowsPerSecond: Math.round(windowsPerSecond),
        plainPerSecond: Math.round(plainPerSecond),
        ratio: Number((windowsPerSecond / plainPerSecond).toFixed(3)),
        medianMilliseconds: Number(median(times).toFixed(3)),
        p99Milliseconds: Number(quantile(times, 0.99).toFixed(3)),
      });
    }
    const samples = Object.fromEntries(Object.keys(PUMP_INPUTS).map((role) => [role, makeSamples()]));
    const features = await measure(seconds, () => {
      if (readWindow(manifest, samples, 0).kind === 'missing') throw new Error('samples are missing');
    });
    await runner.close();
    if (!Number.isFinite(checksum)) throw new Error('the perceptron gives no numbers');
    const outcome = {
      results,
      featuresPerSecond: Math.round(features.rate),
      readyMilliseconds: Math.round(readyMilliseconds),
    };
    if (!json) print(outcome);
    return outcome;
  } finally {
    programs.remove();
  }
}

function makeSamples() {
  const times = Array.from({ length: SAMPLES }, (_, at) => (at * PUMP_WINDOW.length) / SAMPLES);
  return { times, values: times.map(() => random.normal()) };
}

function print(outcome: {
  readonly results: readonly {
    readonly batch: number;
    readonly windowsPerSecond: number;
    readonly plainPerSecond: number;
    readonly ratio: number;
    readonly medianMilliseconds: number;
    readonly p99Milliseconds: number;
  }[];
  readonly featuresPerSecond: number;
  readonly readyMilliseconds: number;
}): void {
  console.log('windows in a run   in its thread /s   plain JS /s   ratio   median ms   p99 ms');
  for (const one of outcome.results) {
    const cells = [
      String(one.batch).padStart(16),
      String(one.windowsPerSecond).padStart(16),
      String(one.plainPerSecond).padStart(11),
      one.ratio.toFixed(3).padStart(5),
      one.medianMilliseconds.toFixed(2).padStart(9),
      one.p99Milliseconds.toFixed(2).padStart(6),
    ];
    console.log(cells.join('   '));
  }
  console.log(`features of ${outcome.featuresPerSecond} windows a second, each of 6 series with ${SAMPLES} samples`);
  console.log(`a model is ready after ${outcome.readyMilliseconds} ms`);
}
