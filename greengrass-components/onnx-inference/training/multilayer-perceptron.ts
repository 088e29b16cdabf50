import { type OnnxGraph, onnxModel } from './onnx-writer.ts';

/** Weights by input, then by unit: `weights[input * units + unit]`. */
export interface Layer {
  readonly inputs: number;
  readonly units: number;
  readonly weights: Float64Array;
  readonly biases: Float64Array;
}

/** ReLU between the layers, a sigmoid at the end. */
export type Perceptron = readonly Layer[];

export interface Examples {
  /** Scaled. */
  readonly rows: readonly (readonly number[])[];
  /** 0 or 1 */
  readonly labels: readonly number[];
}

export interface TrainingOptions {
  /** Units of the hidden layers. */
  readonly hidden: readonly number[];
  readonly epochs: number;
  readonly batch: number;
  readonly rate: number;
  /** Of the weights, towards 0 (decoupled weight decay). */
  readonly decay: number;
  /** Even draws in [0, 1): they decide about weights and order. */
  readonly random: () => number;
}

const [BETA_1, BETA_2, EPSILON] = [0.9, 0.999, 1e-8];

/**
 * Logistic loss by Adam (Kingma and Ba 2015), the rate falling to nothing as half a cosine. Of the epochs that one is kept whose
 * loss on the examples of validation is least. Deterministic: the same examples and draws give the same weights.
 */
export function trainPerceptron(train: Examples, validation: Examples, options: TrainingOptions): Perceptron {
  const { batch, decay, epochs, hidden, random, rate } = options;
  const layers = firstLayers((train.rows[0] ?? []).length, hidden, random);
  const state = layers.map((layer) => ({
    gradient: emptyLike(layer),
    mean: emptyLike(layer),
    square: emptyLike(layer),
  }));
  const order = train.rows.map((_, at) => at);
  const steps = epochs * Math.ceil(order.length / batch);
  let step = 0;
  let best = { layers: copyOf(layers), loss: Number.POSITIVE_INFINITY };
  for (let epoch = 0; epoch < epochs; epoch++) {
    shuffle(order, random);
    for (let begin = 0; begin < order.length; begin += batch) {
      const part = order.slice(begin, begin + batch);
      for (const { gradient } of state) clear(gradient);
      for (const at of part) {
        propagate(
          layers,
          state.map(({ gradient }) => gradient),
          train.rows[at] as readonly number[],
          train.labels[at] as number,
        );
      }
      step++;
      const pace = (rate / 2) * (1 + Math.cos((Math.PI * step) / steps));
      layers.forEach((layer, at) => {
        const { gradient, mean, square } = state[at] as (typeof state)[number];
        for (const kind of ['weights', 'biases'] as const) {
          const values = layer[kind];
          for (let index = 0; index < values.length; index++) {
            const slope = (gradient[kind][index] as number) / part.length;
            const first = BETA_1 * (mean[kind][index] as number) + (1 - BETA_1) * slope;
            const second = BETA_2 * (square[kind][index] as number) + (1 - BETA_2) * slope * slope;
            mean[kind][index] = first;
            square[kind][index] = second;
            const move = first / (1 - BETA_1 ** step) / (Math.sqrt(second / (1 - BETA_2 ** step)) + EPSILON);
            const value = values[index] as number;
            values[index] = value - pace * (move + (kind === 'weights' ? decay * value : 0));
          }
        }
      });
    }
    const loss = lossOf(layers, validation);
    if (loss < best.loss) best = { layers: copyOf(layers), loss };
  }
  return best.layers;
}

/** Probability of the label 1. */
export function predict(layers: Perceptron, row: readonly number[]): number {
  const activations = forward(layers, row);
  return (activations[activations.length - 1] as Float64Array)[0] as number;
}

export function lossOf(layers: Perceptron, { labels, rows }: Examples): number {
  let sum = 0;
  rows.forEach((row, at) => {
    const chance = Math.min(1 - 1e-12, Math.max(1e-12, predict(layers, row)));
    sum -= labels[at] === 1 ? Math.log(chance) : Math.log(1 - chance);
  });
  return sum / rows.length;
}

/** As float32, which is what the model runs with. */
export function perceptronToOnnx(layers: Perceptron, input: string, output: string): Buffer {
  const last = layers.length - 1;
  const graph: OnnxGraph = {
    name: 'perceptron',
    nodes: layers.flatMap((_, at) => [
      {
        operator: 'Gemm',
        inputs: [at === 0 ? input : `hidden_${at}`, `weights_${at}`, `biases_${at}`],
        outputs: [`sum_${at}`],
      },
      {
        operator: at === last ? 'Sigmoid' : 'Relu',
        inputs: [`sum_${at}`],
        outputs: [at === last ? output : `hidden_${at + 1}`],
      },
    ]),
    constants: layers.flatMap(({ biases, inputs, units, weights }, at) => [
      { name: `weights_${at}`, dims: [inputs, units], values: Float32Array.from(weights) },
      { name: `biases_${at}`, dims: [units], values: Float32Array.from(biases) },
    ]),
    inputs: [{ name: input, dims: ['rows', (layers[0] as Layer).inputs] }],
    outputs: [{ name: output, dims: ['rows', (layers[last] as Layer).units] }],
  };
  return onnxModel(graph, 'fleetwright');
}

/** Activations of each layer, the row itself first. */
function forward(layers: Perceptron, row: readonly number[]): Float64Array[] {
  const activations = [Float64Array.from(row)];
  layers.forEach(({ biases, inputs, units, weights }, at) => {
    const before = activations[at] as Float64Array;
    const sums = Float64Array.from(biases);
    for (let input = 0; input < inputs; input++) {
      const value = before[input] as number;
      if (value === 0) continue;
      const from = input * units;
      for (let unit = 0; unit < units; unit++) {
        sums[unit] = (sums[unit] as number) + value * (weights[from + unit] as number);
      }
    }
    const last = at === layers.length - 1;
    activations.push(sums.map((sum) => (last ? 1 / (1 + Math.exp(-sum)) : Math.max(0, sum))));
  });
  return activations;
}

/** Adds the gradient of one example. */
function propagate(layers: Perceptron, gradients: readonly Layer[], row: readonly number[], label: number): void {
  const activations = forward(layers, row);
  let errors = Float64Array.of(((activations[layers.length] as Float64Array)[0] as number) - label);
  for (let at = layers.length - 1; at >= 0; at--) {
    const { inputs, units, weights } = layers[at] as Layer;
    const gradient = gradients[at] as Layer;
    const before = activations[at] as Float64Array;
    const earlier = new Float64Array(inputs);
    for (let unit = 0; unit < units; unit++) {
      gradient.biases[unit] = (gradient.biases[unit] as number) + (errors[unit] as number);
    }
    for (let input = 0; input < inputs; input++) {
      const value = before[input] as number;
      // Of a unit that gave nothing, nothing flows back. The row itself needs no error.
      if (value === 0) continue;
      const from = input * units;
      let error = 0;
      for (let unit = 0; unit < units; unit++) {
        const own = errors[unit] as number;
        gradient.weights[from + unit] = (gradient.weights[from + unit] as number) + value * own;
        error += own * (weights[from + unit] as number);
      }
      earlier[input] = error;
    }
    errors = earlier;
  }
}

/** Weights as He et al. (2015) draw them for ReLU. */
function firstLayers(inputs: number, hidden: readonly number[], random: () => number): Layer[] {
  const sizes = [inputs, ...hidden, 1];
  return sizes.slice(1).map((units, at) => {
    const before = sizes[at] as number;
    const spread = Math.sqrt(2 / before);
    const weights = Float64Array.from({ length: before * units }, () => spread * normal(random));
    return { inputs: before, units, weights, biases: new Float64Array(units) };
  });
}

function normal(random: () => number): number {
  const radius = Math.sqrt(-2 * Math.log(1 - random()));
  return radius * Math.cos(2 * Math.PI * random());
}

function shuffle(order: number[], random: () => number): void {
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(random() * (at + 1));
    const kept = order[at] as number;
    order[at] = order[other] as number;
    order[other] = kept;
  }
}

function emptyLike({ biases, inputs, units, weights }: Layer): Layer {
  return { inputs, units, weights: new Float64Array(weights.length), biases: new Float64Array(biases.length) };
}

function clear({ biases, weights }: Layer): void {
  weights.fill(0);
  biases.fill(0);
}

function copyOf(layers: Perceptron): Layer[] {
  return layers.map(({ biases, weights, ...rest }) => ({ ...rest, weights: weights.slice(), biases: biases.slice() }));
}
